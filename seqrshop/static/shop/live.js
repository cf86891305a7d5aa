// Follows one order until it is settled, and asks at once when its page wakes.

import { Unreachable } from "./shop.js";

const ASK_MS = 1000;
const SELDOM_MS = 5000; // while nobody looks, and where a person has to mend it

const UNSETTLED = [
  "created",
  "sending",
  "awaiting_payment",
  "cancel_pending",
  "needs_attention",
];

export const isSettled = (state) => !UNSETTLED.includes(state);

export class Live {
  #tell;
  #url = "";
  #state = "";
  #reason = "";
  #timer = 0;
  #turn = 0; // what was asked in an earlier turn is told no more

  /**
   * `tell.ask(url)` returns how the order stands, or throws what a Shop does. `tell.changed` is
   * called with each answer, `tell.away` with the reason why there is none, "" once there is, and
   * `tell.refused` with the refusal that ends the following.
   */
  constructor(tell) {
    this.#tell = tell;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#wake();
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.#wake();
    });
    window.addEventListener("online", () => this.#wake());
  }

  /** Follows the order at this address, which is known to stand so, in place of another. */
  follow(url, state, firstMs = ASK_MS) {
    this.#url = url;
    this.#state = state;
    this.#reason = "";
    this.#turn += 1;
    this.#schedule(firstMs);
  }

  stop() {
    this.#url = "";
    this.#turn += 1;
    clearTimeout(this.#timer);
  }

  #schedule(soonest = ASK_MS) {
    clearTimeout(this.#timer);
    if (isSettled(this.#state)) return;
    const seldom = document.hidden || this.#state === "needs_attention";
    this.#timer = setTimeout(() => this.#ask(), seldom ? SELDOM_MS : soonest);
  }

  /** What was asked before the phone slept may never be answered. */
  #wake() {
    if (this.#url) this.#ask();
  }

  async #ask() {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    try {
      const order = await this.#tell.ask(this.#url);
      if (turn !== this.#turn) return;
      this.#state = order.state;
      this.#away("");
      this.#tell.changed(order);
    } catch (error) {
      if (turn !== this.#turn) return;
      if (!(error instanceof Unreachable)) {
        this.stop();
        this.#tell.refused(error);
        return;
      }
      this.#away(error.reason);
    }
    if (this.#url) this.#schedule();
  }

  /** Tells it once, and leaves alone what others have told the customer meanwhile. */
  #away(reason) {
    if (reason !== this.#reason) this.#tell.away(reason);
    this.#reason = reason;
  }
}
