// One order, as it stands: shown, followed until it is settled, paid, cancelled.

import { hundredths, money } from "./money.js";
import { Refused, Unreachable } from "./shop.js";
import { notice, say, show } from "./visit.js";

const CAN_BE_CANCELLED = ["created", "sending", "awaiting_payment"];
const CAN_BE_PAID_AGAIN = ["canceled", "failed", "expired"];
const UNSETTLED = [...CAN_BE_CANCELLED, "cancel_pending", "needs_attention"];

const FIRST_MS = 400; // a new order's invoice is at SEQR by then, mostly
const POLL_MS = 1000;
const SELDOM_MS = 5000; // while nobody looks, and where a person has to mend it

export class Panel {
  #root = document.querySelector("#order");
  #order = null;
  #opensApp = false;
  #timer = 0;
  #asking = false;

  /** `toMenu` is called with the order's state when the customer is done with it. */
  constructor(visit, toMenu) {
    this.visit = visit;
    this.#on("[data-menu]", (event) => {
      event.preventDefault();
      const { state } = this.#order;
      this.stop();
      toMenu(state);
    });
    this.#on("[data-cancel]", () => this.#change("cancel"));
    this.#on("[data-pay]", () => this.#change("pay"));
    document.addEventListener("visibilitychange", () => {
      if (!this.#root.hidden && this.#order && document.visibilityState === "visible") this.#poll();
    });
  }

  /** Shows an order and follows it. `opensApp`: once, as soon as it can be paid there. */
  follow(order, { opensApp = false } = {}) {
    this.#opensApp = opensApp;
    this.#render(order);
    show("order");
    this.#schedule(FIRST_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#order = null;
  }

  #schedule(soonest = POLL_MS) {
    clearTimeout(this.#timer);
    if (this.#root.hidden || !UNSETTLED.includes(this.#order?.state)) return;
    const seldom = document.hidden || this.#order.state === "needs_attention";
    this.#timer = setTimeout(() => this.#poll(), seldom ? SELDOM_MS : soonest);
  }

  async #poll() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const order = await this.visit.shop.ask("GET", this.#order.url);
      if (this.#order?.id === order.id) {
        notice("");
        this.#render(order);
      }
    } catch (error) {
      if (error instanceof Unreachable) notice(error.reason);
      else if (error instanceof Refused) this.visit.ended();
      else throw error;
    } finally {
      this.#asking = false;
      this.#schedule();
    }
  }

  async #change(what) {
    const followed = this.#order;
    this.#busy(true);
    try {
      await this.visit.guard(async () => {
        const url = `${followed.url}/${what}`;
        const order = await this.visit.shop.askUntilAnswered("POST", url, undefined, notice);
        this.follow(order, { opensApp: what === "pay" });
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#explain(error.body, what);
    } finally {
      this.#busy(false);
    }
  }

  /** Shows the order as it is instead, with the reason. */
  #explain({ order, message }, what) {
    const isBeingPaid = order?.id === this.#order?.id && CAN_BE_CANCELLED.includes(order?.state);
    if (what === "pay" && isBeingPaid) {
      this.follow(order, { opensApp: true }); // an earlier try of ours has got through
      return;
    }
    if (order) this.follow(order);
    notice(message);
  }

  #render(order) {
    const { state } = order;
    this.#order = order;
    this.#root.dataset.state = state;
    this.#text("[data-heading]", say(state));
    this.#text("[data-message]", order.message ?? "");
    this.#text("[data-number]", order.number);
    this.#text("[data-total]", money(hundredths(order.total.value), order.total.currency));
    this.#text("[data-table]", order.parameters?.TABLE ? say("table", order.parameters.TABLE) : "");
    if (order.rows) this.#renderRows(order);
    this.#link("[data-open]", order.app_url);
    this.#link("[data-receipt]", order.receipt_url);
    this.#link("[data-receipt-pdf]", order.receipt_url && `${order.receipt_url}.pdf`);
    this.#find("[data-cancel]").hidden = !CAN_BE_CANCELLED.includes(state);
    this.#find("[data-pay]").hidden = !CAN_BE_PAID_AGAIN.includes(state);
    this.#find("[data-menu]").hidden = UNSETTLED.includes(state);
    if (this.#opensApp && order.app_url) {
      this.#opensApp = false;
      location.assign(order.app_url);
    }
  }

  #renderRows(order) {
    const rows = order.rows.map((row) => {
      const element = this.#row("[data-row]", row, order.total.currency);
      element.querySelector("[data-quantity]").textContent = row.quantity;
      return element;
    });
    const discounts = order.discounts.map((discount) =>
      this.#row("[data-discount]", discount, order.total.currency),
    );
    this.#find("[data-rows]").replaceChildren(...rows, ...discounts);
  }

  #row(template, { name, total }, currency) {
    const element = this.#find(template).content.cloneNode(true);
    element.querySelector("[data-name]").textContent = name;
    element.querySelector("[data-amount]").textContent = money(hundredths(total), currency);
    return element;
  }

  #busy(busy) {
    for (const button of this.#root.querySelectorAll("button")) button.disabled = busy;
  }

  /** Leads a link to where it goes, or hides it where there is nothing to go to. */
  #link(selector, url) {
    const link = this.#find(selector);
    if (url) link.href = url;
    link.hidden = !url;
  }

  /** Writes only what is new, so that a screen reader says it once. */
  #text(selector, text) {
    const element = this.#find(selector);
    if (element.textContent !== text) element.textContent = text;
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  #on(selector, act) {
    this.#find(selector).addEventListener("click", act);
  }
}
