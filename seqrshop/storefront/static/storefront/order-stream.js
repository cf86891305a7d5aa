// Follows one order until its state is final: by an event stream, or by polling where none works.

import { readEvents } from "../streaming/read-events.js";
import { ApiUnavailable } from "./api-client.js";

const POLL_MS = 1000;
const SLOW_POLL_MS = 5000; // while the page is hidden, and while staff have to resolve the order
const CHECKING_NOTICE_MS = 700; // a page that wakes shows the notice unless it is answered by then

const FIRST_EVENT_TIMEOUT_MS = 3000; // a proxy that buffers delivers nothing by then
const SILENCE_TIMEOUT_MS = 10000; // the server sends something every four seconds
const STEADY_STREAM_MS = 10000; // a stream that lasted this long is reopened at once
const STREAM_RETRY_MS = 20000; // after a shorter one, or later where the shop asks for it
const MAX_REOPEN_DELAY_MS = 1000; // many pages reopen at the same time
const NEVER = Infinity; // until the page wakes

const OPEN_STATES = ["created", "sending", "awaiting_payment", "cancel_pending", "needs_attention"];

/** @param {string} state */
export const isFinal = (state) => !OPEN_STATES.includes(state);

/** @template {{ state: OrderState }} T what the API returns of an order */
export class OrderStream {
  #handlers;
  #url = "";
  #eventsUrl = "";
  #state = "";
  #notice = "";
  #isPollerStalled = false;
  #timer = 0;
  #round = 0; // results of an earlier round are ignored
  #updates = 0; // a result that was requested before the latest update is outdated
  #stream = new AbortController();
  #nextStreamAt = 0;

  /**
   * `fetchOrder` throws what ApiClient.request throws; `onNotice` gets the name of a text, or "";
   * `onError` gets the error that ends the following.
   * @param {object} handlers
   * @param {(url: string) => Promise<T>} handlers.fetchOrder
   * @param {(url: string, signal: AbortSignal) => Promise<Response>} handlers.openStream
   * @param {(order: T) => void} handlers.onOrder
   * @param {(reason: string) => void} handlers.onNotice
   * @param {(error: unknown) => void} handlers.onError
   */
  constructor(handlers) {
    this.#handlers = handlers;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#wake();
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.#wake();
    });
    window.addEventListener("pagehide", () => this.#startRound());
    window.addEventListener("online", () => this.#wake());
    window.addEventListener("offline", () => this.#wake());
  }

  /**
   * Follows an order, whose state is known, instead of another.
   * @param {string} url
   * @param {string} eventsUrl
   * @param {string} state
   */
  follow(url, eventsUrl, state) {
    this.#url = url;
    this.#eventsUrl = eventsUrl;
    this.#state = state;
    this.#notice = "";
    this.#isPollerStalled = false;
    this.#nextStreamAt = 0;
    this.#startRound();
    this.#continue();
  }

  stop() {
    this.#url = "";
    this.#startRound();
  }

  /** Starts over: a request from before the phone slept may never be answered. */
  #wake() {
    if (!this.#url) return;
    this.#nextStreamAt = 0;
    this.#poll();
    const round = this.#round;
    setTimeout(() => {
      if (round === this.#round && !isFinal(this.#state)) this.#showNotice("checking");
    }, CHECKING_NOTICE_MS);
  }

  #startRound() {
    clearTimeout(this.#timer);
    this.#stream.abort();
    this.#isPollerStalled = false;
    return ++this.#round;
  }

  /** Waits for the next change: by a stream if one may be opened now, else by the next poll. */
  #continue() {
    if (isFinal(this.#state)) return;
    if (!document.hidden && Date.now() >= this.#nextStreamAt) {
      this.#readStream();
      return;
    }
    const slow = document.hidden || this.#state === "needs_attention";
    this.#timer = setTimeout(() => this.#poll(), slow ? SLOW_POLL_MS : POLL_MS);
  }

  async #poll() {
    const round = this.#startRound();
    try {
      const order = await this.#handlers.fetchOrder(this.#url);
      if (round !== this.#round) return;
      this.#startRound();
      this.#update(order);
    } catch (error) {
      if (round !== this.#round) return;
      if (!(error instanceof ApiUnavailable)) {
        this.stop();
        this.#handlers.onError(error);
        return;
      }
      this.#startRound();
      this.#showNotice(error.reason);
    }
    if (this.#url) this.#continue();
  }

  /** Reads a stream to its end, and polls once it is lost. */
  async #readStream() {
    const round = this.#startRound();
    const stream = new AbortController();
    this.#stream = stream;
    const startedAt = Date.now();
    let retryMs = STREAM_RETRY_MS;
    const onLost = () => {
      if (round !== this.#round) return;
      const now = Date.now();
      this.#nextStreamAt = now - startedAt > STEADY_STREAM_MS ? now : now + retryMs;
      this.#poll();
    };
    this.#timer = setTimeout(onLost, FIRST_EVENT_TIMEOUT_MS);
    try {
      const response = await this.#handlers.openStream(this.#eventsUrl, stream.signal);
      retryMs = Math.max(STREAM_RETRY_MS, 1000 * Number(response.headers.get("Retry-After")));
      for await (const { kind, data } of readEvents(response)) {
        if (round !== this.#round) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(onLost, SILENCE_TIMEOUT_MS);
        if (kind === "end") return this.#onEnd(JSON.parse(data).reason);
        if (kind === "order") this.#update(JSON.parse(data));
        if (kind === "poller") this.#onPoller(JSON.parse(data).stalled);
      }
    } catch {
      // No connection, or no event stream: the next poll finds out.
    }
    onLost();
  }

  /** @param {string} reason */
  #onEnd(reason) {
    if (reason === "final") {
      this.#startRound();
      return;
    }
    clearTimeout(this.#timer);
    if (reason === "replaced") this.#nextStreamAt = NEVER; // by a page that the customer looks at
    this.#timer = setTimeout(() => this.#continue(), Math.random() * MAX_REOPEN_DELAY_MS);
  }

  /**
   * While the shop's poller is stalled, requesting the order makes the shop poll SEQR.
   * @param {boolean} isStalled
   */
  async #onPoller(isStalled) {
    this.#isPollerStalled = isStalled;
    this.#showNotice(isStalled ? "checking" : "");
    if (!isStalled) return;
    const [round, updates] = [this.#round, this.#updates];
    try {
      const order = await this.#handlers.fetchOrder(this.#url);
      if (round === this.#round && updates === this.#updates) this.#update(order);
    } catch {
      // The stream continues, or its timeout finds it lost.
    }
  }

  /** @param {T} order */
  #update(order) {
    this.#updates += 1;
    this.#state = order.state;
    this.#showNotice(this.#isPollerStalled && !isFinal(order.state) ? "checking" : "");
    this.#handlers.onOrder(order);
  }

  /**
   * Reports a notice once, and so leaves alone what others have shown meanwhile.
   * @param {string} reason
   */
  #showNotice(reason) {
    if (reason !== this.#notice) this.#handlers.onNotice(reason);
    this.#notice = reason;
  }
}
