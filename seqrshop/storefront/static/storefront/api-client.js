// Talks JSON to the shop. The token is kept here, in memory, and nowhere else.

const ANSWER_MS = 15000;
const TRY_AGAIN_MS = 2000;

/** No answer, or one that says to try again. `reason` is what to tell the customer. */
export class Unreachable extends Error {
  constructor(reason, afterMs = TRY_AGAIN_MS) {
    super(reason);
    this.reason = reason;
    this.afterMs = afterMs;
  }
}

/** The shop said no: `status`, and `body` with its code and a sentence for the customer. */
export class Refused extends Error {
  constructor(status, body) {
    super(body.error);
    this.status = status;
    this.body = body;
  }
}

export class Shop {
  token = null;

  /** Returns the JSON of a good answer; throws Unreachable or Refused. */
  async ask(method, url, body) {
    const response = await this.#fetch(method, url, body);
    let answer;
    try {
      answer = await response.json();
    } catch {
      throw new Unreachable("noConnection"); // a network's sign-in page, say, answers too
    }
    if (response.ok) return answer;
    if (answer.error === "closed") throw new Refused(response.status, answer);
    if (response.status >= 500 || response.status === 429) {
      const seconds = Number(response.headers.get("Retry-After")) || 0;
      throw new Unreachable(reasonOf(response, answer), Math.max(seconds * 1000, TRY_AGAIN_MS));
    }
    throw new Refused(response.status, answer);
  }

  /** Asks until there is an answer, telling `notice` each time that there was none. */
  async askUntilAnswered(method, url, body, notice) {
    for (;;) {
      try {
        const answer = await this.ask(method, url, body);
        notice("");
        return answer;
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        notice(error.reason);
        await new Promise((resolve) => setTimeout(resolve, error.afterMs));
      }
    }
  }

  /** Asks for a stream; returns the response, whatever it is. */
  open(url, signal) {
    const headers = this.#headers("text/event-stream");
    return fetch(url, { headers, cache: "no-store", redirect: "error", signal });
  }

  #headers(accept) {
    const headers = { Accept: accept, "Accept-Language": document.documentElement.lang };
    // The token works where cookies do not. Once it is gone, after a reload, the cookie stands in.
    if (this.token) headers["X-SEQR-Token"] = this.token;
    else headers["X-CSRFToken"] = cookie("csrftoken");
    return headers;
  }

  async #fetch(method, url, body) {
    const headers = this.#headers("application/json");
    if (body) headers["Content-Type"] = "application/json";
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), ANSWER_MS);
    try {
      return await fetch(url, {
        method,
        headers,
        body: body && JSON.stringify(body),
        cache: "no-store",
        redirect: "error",
        signal: patience.signal,
      });
    } catch {
      throw new Unreachable("noConnection");
    } finally {
      clearTimeout(timer);
    }
  }
}

function reasonOf(response, answer) {
  if (response.status === 429) return answer.message;
  return answer.error === "seqr_unavailable" ? "noSeqr" : "noConnection";
}

function cookie(name) {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? found.slice(name.length + 1) : "";
}
