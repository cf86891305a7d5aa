// Follows one order until it is settled: by a stream of events, or by asking where there is none.

import { Unreachable } from "./api-client.js";

const ASK_MS = 1000;
const SELDOM_MS = 5000; // while nobody looks, and where a person has to mend it
const CHECKING_MS = 700; // a page that wakes says that it asks, unless there is an answer by then

const FIRST_MS = 3000; // a proxy that gathers what it hands on lets nothing through by then
const SILENCE_MS = 10000; // the server says something every four seconds
const STEADY_MS = 10000; // a stream that has lasted so long is opened again at once
const STREAM_AGAIN_MS = 20000; // another one is not
const REOPEN_MS = 1000; // at the most: many pages reopen at the same time
const NEVER = Infinity; // until the page wakes

const UNSETTLED = ["created", "sending", "awaiting_payment", "cancel_pending", "needs_attention"];

export const isSettled = (state) => !UNSETTLED.includes(state);

export class Live {
  #tell;
  #url = "";
  #eventsUrl = "";
  #state = "";
  #reason = "";
  #asleep = false; // the shop's poller
  #timer = 0;
  #turn = 0; // what began in an earlier turn is told no more
  #told = 0; // what was asked before something was told is too old
  #stream = new AbortController();
  #streamAt = 0; // when one is to be tried

  /**
   * `tell.ask(url)` returns how the order stands, or throws what a Shop does; `tell.open(url,
   * signal)` returns a response that may be a stream. `tell.changed` is called with each answer,
   * `tell.away` with a word for why the page does not know just now, "" once it does, and
   * `tell.refused` with what ends the following.
   */
  constructor(tell) {
    this.#tell = tell;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#wake();
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.#wake();
    });
    window.addEventListener("pagehide", () => this.#beginTurn());
    window.addEventListener("online", () => this.#wake());
    window.addEventListener("offline", () => this.#wake());
  }

  /** Follows an order, which is known to stand so, in place of another. */
  follow(url, eventsUrl, state) {
    this.#url = url;
    this.#eventsUrl = eventsUrl;
    this.#state = state;
    this.#reason = "";
    this.#asleep = false;
    this.#streamAt = 0;
    this.#beginTurn();
    this.#goOn();
  }

  stop() {
    this.#url = "";
    this.#beginTurn();
  }

  /** Nothing that began before the phone slept may ever be answered: everything begins anew. */
  #wake() {
    if (!this.#url) return;
    this.#streamAt = 0;
    this.#ask();
    const turn = this.#turn;
    setTimeout(() => {
      if (turn === this.#turn && !isSettled(this.#state)) this.#away("checking");
    }, CHECKING_MS);
  }

  #beginTurn() {
    clearTimeout(this.#timer);
    this.#stream.abort();
    this.#asleep = false;
    return ++this.#turn;
  }

  /** Waits for the next change, as well as can be done just now. */
  #goOn() {
    if (isSettled(this.#state)) return;
    if (!document.hidden && Date.now() >= this.#streamAt) {
      this.#listen();
      return;
    }
    const seldom = document.hidden || this.#state === "needs_attention";
    this.#timer = setTimeout(() => this.#ask(), seldom ? SELDOM_MS : ASK_MS);
  }

  async #ask() {
    const turn = this.#beginTurn();
    try {
      const order = await this.#tell.ask(this.#url);
      if (turn !== this.#turn) return;
      this.#beginTurn();
      this.#take(order);
    } catch (error) {
      if (turn !== this.#turn) return;
      if (!(error instanceof Unreachable)) {
        this.stop();
        this.#tell.refused(error);
        return;
      }
      this.#beginTurn();
      this.#away(error.reason);
    }
    if (this.#url) this.#goOn();
  }

  /** Reads the stream to its end, and asks once it is lost. */
  async #listen() {
    const turn = this.#beginTurn();
    const stream = new AbortController();
    this.#stream = stream;
    const began = Date.now();
    const lost = () => {
      if (turn !== this.#turn) return;
      const now = Date.now();
      this.#streamAt = now - began > STEADY_MS ? now : now + STREAM_AGAIN_MS;
      this.#ask();
    };
    this.#timer = setTimeout(lost, FIRST_MS);
    try {
      const response = await this.#tell.open(this.#eventsUrl, stream.signal);
      for await (const { kind, data } of eventsIn(response)) {
        if (turn !== this.#turn) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(lost, SILENCE_MS);
        if (kind === "end") return this.#ended(data.reason);
        if (kind === "order") this.#take(data);
        if (kind === "poller") this.#heed(data.asleep);
      }
    } catch {
      // No connection, or a stream that is none: what is asked next tells.
    }
    lost();
  }

  #ended(reason) {
    if (reason === "settled") {
      this.#beginTurn();
      return;
    }
    clearTimeout(this.#timer);
    if (reason === "replaced") this.#streamAt = NEVER; // by a page that is looked at
    this.#timer = setTimeout(() => this.#goOn(), Math.random() * REOPEN_MS);
  }

  /** While the shop's poller sleeps, asking has the shop ask SEQR. */
  async #heed(asleep) {
    this.#asleep = asleep;
    this.#away(asleep ? "checking" : "");
    if (!asleep) return;
    const [turn, told] = [this.#turn, this.#told];
    try {
      const order = await this.#tell.ask(this.#url);
      if (turn === this.#turn && told === this.#told) this.#take(order);
    } catch {
      // The stream goes on, or is found lost.
    }
  }

  #take(order) {
    this.#told += 1;
    this.#state = order.state;
    this.#away(this.#asleep && !isSettled(order.state) ? "checking" : "");
    this.#tell.changed(order);
  }

  /** Tells it once, and leaves alone what others have told the customer meanwhile. */
  #away(reason) {
    if (reason !== this.#reason) this.#tell.away(reason);
    this.#reason = reason;
  }
}

/** Yields the events of a response, and one without a kind for a mere sign of life. */
async function* eventsIn(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (!response.ok || !type.startsWith("text/event-stream")) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const [, kind, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      yield { kind, data: data && JSON.parse(data) };
    }
  }
}
