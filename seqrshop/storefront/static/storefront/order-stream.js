// Follows one order until it changes no more: by an event stream, or by polling where none works.

import { readEvents } from "../streaming/read-events.js";
import { ApiUnavailable } from "./api-client.js";

const POLL_MS = 1000;
const SLOW_POLL_MS = 5000; // while the page is hidden, or people have to act: the kitchen, or staff
const RARE_POLL_MS = 30000; // once it is served, or has been paid for long: a step may be undone
const CHECKING_NOTICE_MS = 700; // a page that wakes shows the notice unless it is answered by then

const FIRST_EVENT_TIMEOUT_MS = 3000; // a proxy that buffers delivers nothing by then
const SILENCE_TIMEOUT_MS = 10000; // the server sends something every four seconds
const PAID_SILENCE_TIMEOUT_MS = 25000; // and every ten seconds once the order is paid
const STEADY_STREAM_MS = 10000; // a stream that lasted this long is reopened at once
const STREAM_RETRY_MS = 20000; // after a shorter one, or later where the shop asks for it
const MAX_REOPEN_DELAY_MS = 1000; // many pages reopen at the same time
const MAX_PAID_REOPEN_DELAY_MS = 5000; // many more of them, which are in no hurry
const NEVER = Infinity; // until the page wakes

const OPEN_STATES = ["created", "sending", "awaiting_payment", "cancel_pending", "needs_attention"];

/** @typedef {import("./api-client.js").ApiClient} ApiClient */
/** @typedef {{ state: string, progress?: string | null }} FollowedOrder */

/**
 * Whether the payment is still to be made or confirmed.
 * @param {FollowedOrder} order
 */
export const awaitsPayment = ({ state }) => OPEN_STATES.includes(state);

/**
 * Whether the order is paid and the customer waits for it.
 * @param {FollowedOrder} order
 */
export const awaitsKitchen = ({ progress }) => Boolean(progress) && progress !== "served";

/** @param {FollowedOrder} order */
const isFinal = (order) => !awaitsPayment(order) && !order.progress;

/** @template {FollowedOrder} T what the API returns of an order */
export class OrderStream {
  #api;
  #handlers;
  #url = "";
  #eventsUrl = "";
  /** @type {FollowedOrder} */
  #order = { state: "" };
  #isRare = false; // the server streams the order no more
  #notice = "";
  #isPollerStalled = false;
  #timer = 0;
  #round = 0; // results of an earlier round are ignored
  #updates = 0; // a result that was requested before the latest update is outdated
  #stream = new AbortController();
  #nextStreamAt = 0;

  /**
   * `onNotice` gets the name of a text, or ""; `onError` gets the error that ends the following.
   * @param {ApiClient} api
   * @param {object} handlers
   * @param {(order: T) => void} handlers.onOrder
   * @param {(reason: string) => void} handlers.onNotice
   * @param {(error: unknown) => void} handlers.onError
   */
  constructor(api, handlers) {
    this.#api = api;
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
   * Follows an order, as it is now, instead of another.
   * @param {string} url
   * @param {string} eventsUrl
   * @param {FollowedOrder} order
   */
  follow(url, eventsUrl, order) {
    this.#url = url;
    this.#eventsUrl = eventsUrl;
    this.#order = order;
    this.#isRare = false;
    this.#notice = "";
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
      if (round === this.#round && awaitsPayment(this.#order)) this.#showNotice("checking");
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
    if (isFinal(this.#order) || (this.#isRare && document.hidden)) return;
    // A hidden page of a paid order streams too: its title shows the state in the list of tabs.
    const mayStream = !this.#isRare && (!document.hidden || !awaitsPayment(this.#order));
    if (mayStream && Date.now() >= this.#nextStreamAt) {
      this.#readStream();
      return;
    }
    this.#timer = setTimeout(() => this.#poll(), this.#pollDelay());
  }

  #pollDelay() {
    if (this.#isRare || this.#order.progress === "served") return RARE_POLL_MS;
    const isSlow = document.hidden || this.#order.state === "needs_attention";
    return isSlow || awaitsKitchen(this.#order) ? SLOW_POLL_MS : POLL_MS;
  }

  async #poll() {
    const round = this.#startRound();
    try {
      const order = await this.#api.request("GET", this.#url);
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
      const response = await this.#api.openStream(this.#eventsUrl, stream.signal);
      retryMs = Math.max(STREAM_RETRY_MS, 1000 * Number(response.headers.get("Retry-After")));
      for await (const { kind, data } of readEvents(response)) {
        if (round !== this.#round) return;
        clearTimeout(this.#timer);
        if (kind === "end") return this.#onEnd(JSON.parse(data).reason);
        if (kind === "order") this.#update(JSON.parse(data));
        this.#timer = setTimeout(onLost, this.#silenceTimeout());
        if (kind === "poller") this.#onPoller(JSON.parse(data).stalled);
      }
    } catch {
      // No connection, or no event stream: the next poll finds out.
    }
    onLost();
  }

  #silenceTimeout() {
    return awaitsPayment(this.#order) ? SILENCE_TIMEOUT_MS : PAID_SILENCE_TIMEOUT_MS;
  }

  /** @param {string} reason */
  #onEnd(reason) {
    this.#startRound();
    if (reason === "final") return;
    if (reason === "slow") this.#isRare = true;
    if (reason === "replaced") this.#nextStreamAt = NEVER; // by a page that the customer looks at
    const maxDelay = awaitsPayment(this.#order) ? MAX_REOPEN_DELAY_MS : MAX_PAID_REOPEN_DELAY_MS;
    this.#timer = setTimeout(() => this.#continue(), Math.random() * maxDelay);
  }

  /**
   * While the shop's poller is stalled, requesting the order makes the shop poll SEQR.
   * @param {boolean} isStalled
   */
  async #onPoller(isStalled) {
    this.#isPollerStalled = isStalled;
    this.#showNotice(isStalled && awaitsPayment(this.#order) ? "checking" : "");
    if (!isStalled) return;
    const [round, updates] = [this.#round, this.#updates];
    try {
      const order = await this.#api.request("GET", this.#url);
      if (round === this.#round && updates === this.#updates) this.#update(order);
    } catch {
      // The stream continues, or its timeout finds it lost.
    }
  }

  /** @param {T} order */
  #update(order) {
    this.#updates += 1;
    if (order.progress !== this.#order.progress) this.#isRare = false;
    this.#order = order;
    this.#showNotice(this.#isPollerStalled && awaitsPayment(order) ? "checking" : "");
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
