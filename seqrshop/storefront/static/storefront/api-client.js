// Calls the storefront's JSON API. The token is kept here, in memory, and nowhere else.

const TIMEOUT_MS = 15000;
const RETRY_MS = 2000;

/** The API gave no answer, or one that says to retry. `reason` is the notice to show meanwhile. */
export class ApiUnavailable extends Error {
  /**
   * @param {string} reason
   * @param {number} [retryAfterMs]
   */
  constructor(reason, retryAfterMs = RETRY_MS) {
    super(reason);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The API refused the request; `body` has its error code and a message for the customer. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {ErrorBody} body
   */
  constructor(status, body) {
    super(body.error);
    this.status = status;
    this.body = body;
  }
}

export class ApiClient {
  /** @type {string | null} */
  token = null;

  /**
   * Returns the JSON of a successful answer; throws ApiUnavailable or ApiError.
   * @param {string} method
   * @param {string} url
   * @param {object} [body]
   */
  async request(method, url, body) {
    const response = await this.#fetch(method, url, body);
    let answer;
    try {
      answer = await response.json();
    } catch {
      throw new ApiUnavailable("noConnection"); // a network's sign-in page answers in HTML
    }
    if (response.ok) return answer;
    if (answer.error === "shop_unavailable") throw new ApiError(response.status, answer);
    if (response.status >= 500 || response.status === 429) {
      const seconds = Number(response.headers.get("Retry-After")) || 0;
      throw new ApiUnavailable(reasonOf(response, answer), Math.max(seconds * 1000, RETRY_MS));
    }
    throw new ApiError(response.status, answer);
  }

  /**
   * Requests an event stream and returns the response, whatever its type.
   * @param {string} url
   * @param {AbortSignal} signal
   */
  openStream(url, signal) {
    const headers = this.#headers("text/event-stream");
    return fetch(url, { headers, cache: "no-store", redirect: "error", signal });
  }

  /** @param {string} accept */
  #headers(accept) {
    /** @type {Record<string, string>} */
    const headers = { Accept: accept, "Accept-Language": document.documentElement.lang };
    // The token works where cookies do not. After a reload it is gone, and the cookie is used.
    if (this.token) headers["X-SEQR-Token"] = this.token;
    else headers["X-CSRFToken"] = cookie("csrftoken");
    return headers;
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {object} [body]
   */
  async #fetch(method, url, body) {
    const headers = this.#headers("application/json");
    if (body) headers["Content-Type"] = "application/json";
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
    try {
      return await fetch(url, {
        method,
        headers,
        body: body && JSON.stringify(body),
        cache: "no-store",
        redirect: "error",
        signal: controller.signal,
      });
    } catch {
      throw new ApiUnavailable("noConnection");
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * @param {Response} response
 * @param {ErrorBody} answer
 */
function reasonOf(response, answer) {
  if (response.status === 429 || answer.error === "payments_paused") return answer.message;
  return answer.error === "seqr_unavailable" ? "noSeqr" : "noConnection";
}

/** @param {string} name */
function cookie(name) {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? found.slice(name.length + 1) : "";
}
