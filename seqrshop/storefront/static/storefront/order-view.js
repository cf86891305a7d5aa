// One order, as it stands: shown, followed until it is settled, paid, cancelled.

import { holdFocus } from "./focus.js";
import { HandOver } from "./app-handover.js";
import { Live, isSettled } from "./order-stream.js";
import { hundredths, money } from "./money.js";
import { Refused } from "./api-client.js";
import { notice, say, show } from "./session.js";

const CAN_BE_CANCELLED = ["created", "sending", "awaiting_payment"];
const CAN_BE_PAID_AGAIN = ["canceled", "failed", "expired"];

export class Panel {
  #root = document.querySelector("#order");
  #order = null;
  #handOver;
  #opensApp = false;
  #live;

  /** `toMenu` is called with the order's state when the customer is done with it. */
  constructor(visit, toMenu) {
    this.visit = visit;
    this.#handOver = new HandOver(visit);
    this.#live = new Live({
      ask: (url) => visit.shop.ask("GET", url),
      open: (url, signal) => visit.shop.open(url, signal),
      changed: (order) => this.#render(order),
      away: notice,
      refused: (error) => this.#refused(error),
    });
    this.#on("[data-menu]", (event) => {
      event.preventDefault();
      const { state } = this.#order;
      this.stop();
      toMenu(state);
    });
    this.#on("[data-cancel]", () => this.#change("cancel"));
    this.#on("[data-pay]", () => this.#change("pay"));
  }

  /** Shows an order and follows it. `opensApp`: once, as soon as it can be paid there. */
  follow(order, { opensApp = false } = {}) {
    this.#opensApp = opensApp;
    this.#render(order);
    show("order");
    this.#live.follow(order.url, `${order.url}/events`, order.state);
  }

  /** The reference of the order that is shown, where there is one. */
  get reference() {
    return this.#order?.invoice_reference;
  }

  stop() {
    this.#live.stop();
    this.#order = null;
  }

  #refused(error) {
    if (!(error instanceof Refused)) throw error;
    if (!this.#root.hidden) this.visit.ended(); // else another scan is under way already
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
    const giveBack = holdFocus(this.#root);
    this.#order = order;
    this.#root.dataset.state = state;
    this.#text("[data-heading]", say(state));
    this.#text("[data-message]", order.message ?? "");
    this.#text("[data-number]", order.number);
    this.#find("[data-number]").toggleAttribute("data-long", order.number.length > 4);
    this.#text("[data-total]", money(hundredths(order.total.value), order.total.currency));
    this.#text("[data-place]", whereAndWhen(order));
    if (order.rows) this.#renderRows(order);
    this.#handOver.show(order);
    this.#link("[data-receipt]", order.receipt_url);
    this.#link("[data-receipt-pdf]", order.receipt_url && `${order.receipt_url}.pdf`);
    this.#find("[data-cancel]").hidden = !CAN_BE_CANCELLED.includes(state);
    this.#find("[data-pay]").hidden = !CAN_BE_PAID_AGAIN.includes(state);
    this.#find("[data-menu]").hidden = !isSettled(state);
    giveBack();
    if (this.#opensApp && order.app_url) {
      this.#opensApp = false;
      this.#handOver.open();
    }
    // Whoever was on what has gone goes on from the heading.
    if (document.activeElement?.hidden) this.#find("h1").focus({ preventScroll: true });
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

/** Returns the table and the shop's time of day, as far as they are known: "Table 4 · 13:04". */
function whereAndWhen({ parameters, ordered_at: orderedAt }) {
  const table = parameters?.TABLE && say("table", parameters.TABLE);
  return [table, orderedAt?.slice(11, 16)].filter(Boolean).join(" · ");
}
