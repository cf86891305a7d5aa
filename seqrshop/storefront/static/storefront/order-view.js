// The view of one order: shows it, follows it until it is served, pays and cancels it.

import { ApiError } from "./api-client.js";
import { AppHandover } from "./app-handover.js";
import { copyTemplate, find, setText } from "./dom.js";
import { preserveFocus } from "./focus.js";
import { formatMoney, toMinorUnits } from "./money.js";
import { awaitsKitchen, awaitsPayment, OrderStream } from "./order-stream.js";
import { showNotice, showView, translate } from "./page.js";
import { Tracker } from "./tracker.js";

/** @typedef {import("./session.js").Session} Session */

const CANCELLABLE_STATES = ["created", "sending", "awaiting_payment"];
const PAYABLE_AGAIN_STATES = ["canceled", "failed", "expired"];
const LONG_NUMBER_LENGTH = 4;

export class OrderView {
  #root = find(document, "#order");
  #session;
  #handover;
  #stream;
  #tracker = new Tracker(this.#root);
  /** @type {Order | null} */
  #order = null;
  #opensApp = false;

  /**
   * @param {Session} session
   * @param {(state: OrderState) => void} goToMenu called when the customer leaves an order
   */
  constructor(session, goToMenu) {
    this.#session = session;
    this.#handover = new AppHandover(session.api);
    /** @type {OrderStream<Order>} */
    this.#stream = new OrderStream(session.api, {
      onOrder: (order) => this.#render(order),
      onNotice: showNotice,
      onError: (error) => this.#onError(error),
    });
    this.#onClick("[data-to-menu]", (order, event) => {
      event.preventDefault();
      this.stop();
      goToMenu(order.state);
    });
    this.#onClick("[data-cancel]", (order) => this.#change(order, "cancel"));
    this.#onClick("[data-pay]", (order) => this.#change(order, "pay"));
  }

  /**
   * Shows an order and follows it. With `opensApp`, opens the app once, when it can be paid.
   * @param {Order} order
   */
  follow(order, { opensApp = false } = {}) {
    this.#opensApp = opensApp;
    this.#render(order);
    showView("order");
    this.#stream.follow(order.url, `${order.url}/events`, order);
  }

  get isShown() {
    return this.#order !== null;
  }

  /** The invoice reference of the order that is shown, if any. */
  get reference() {
    return this.#order?.invoice_reference;
  }

  stop() {
    this.#stream.stop();
    this.#tracker.stop();
    this.#order = null;
  }

  /** @param {unknown} error */
  #onError(error) {
    if (!(error instanceof ApiError)) throw error;
    if (this.#root.hidden) return; // another scan is already being opened
    // Until a paid order is served, its customer needs its number on the screen.
    if (this.#order && awaitsKitchen(this.#order)) showNotice("noUpdates");
    else this.#session.end();
  }

  /**
   * @param {Order} order
   * @param {"cancel" | "pay"} action
   */
  async #change({ url }, action) {
    this.#setBusy(true);
    try {
      await this.#session.guard(async () => {
        const order = await this.#session.request("POST", `${url}/${action}`);
        this.follow(order, { opensApp: action === "pay" });
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#showRejection(error.body, action);
    } finally {
      this.#setBusy(false);
    }
  }

  /**
   * Shows the order as it is now, with the reason why it was not changed.
   * @param {ErrorBody} body
   * @param {"cancel" | "pay"} action
   */
  #showRejection({ order, message }, action) {
    const isShown = order?.id === this.#order?.id;
    if (order && isShown && action === "pay" && CANCELLABLE_STATES.includes(order.state)) {
      this.follow(order, { opensApp: true }); // an earlier request succeeded
      return;
    }
    if (order) this.follow(order);
    showNotice(message);
  }

  /** @param {Order} order */
  #render(order) {
    const { state, total } = order;
    const restoreFocus = preserveFocus(this.#root);
    this.#order = order;
    this.#session.orderShown(order);
    this.#root.dataset.state = state;
    this.#setText("[data-heading]", order.heading ?? translate("created"));
    this.#setText("[data-message]", order.message ?? "");
    this.#setText("[data-number]", order.number);
    const isLong = order.number.length > LONG_NUMBER_LENGTH;
    this.#find("[data-number]").toggleAttribute("data-long", isLong);
    this.#setText("[data-total]", formatMoney(toMinorUnits(total.value), total.currency));
    this.#setText("[data-place]", placeAndTime(order));
    if (order.rows) this.#renderRows(order.rows, order, total.currency);
    this.#setText("[data-note]", order.note ?? "");
    const { refunded } = order;
    this.#find("[data-refund]").hidden = !refunded;
    const reduction = refunded ? formatMoney(-toMinorUnits(refunded), total.currency) : "";
    this.#setText("[data-refunded]", reduction);
    this.#tracker.show(order);
    this.#handover.show(order);
    this.#setLink("[data-receipt-page]", order.receipt_url);
    this.#setLink("[data-receipt-pdf]", order.receipt_url && `${order.receipt_url}.pdf`);
    this.#find("[data-cancel]").hidden = !CANCELLABLE_STATES.includes(state);
    this.#find("[data-pay]").hidden = !PAYABLE_AGAIN_STATES.includes(state);
    this.#find("[data-to-menu]").hidden = awaitsPayment(order);
    restoreFocus();
    if (this.#opensApp && order.app_url) {
      this.#opensApp = false;
      this.#handover.openApp(order.app_url);
    }
  }

  /**
   * Shows each product with its options and its note below it, then the tip and the discounts.
   * @param {OrderRow[]} rows
   * @param {Pick<Order, "tip" | "discounts">} order
   * @param {string} currency
   */
  #renderRows(rows, { tip, discounts = [] }, currency) {
    const products = rows.flatMap((row) => {
      const element = this.#row("[data-row]", row, currency);
      find(element, "[data-quantity]").textContent = String(row.quantity);
      setText(find(element, "[data-row-note]"), row.note);
      const refunded = row.refunded ? translate("refundedUnits", row.refunded) : "";
      setText(find(element, "[data-row-refunded]"), refunded);
      const options = row.options.map((each) => this.#row("[data-option]", each, currency));
      return [element, ...options];
    });
    const tips = (tip ? [tip] : []).map((each) => this.#row("[data-tip]", each, currency));
    const reductions = discounts.map((each) => this.#row("[data-discount]", each, currency));
    this.#find("[data-rows]").replaceChildren(...products, ...tips, ...reductions);
  }

  /**
   * @param {string} template
   * @param {Discount} row
   * @param {string} currency
   */
  #row(template, { name, total }, currency) {
    const element = copyTemplate(this.#root, template);
    find(element, "[data-name]").textContent = name;
    const amount = toMinorUnits(total); // an option may be free
    find(element, "[data-amount]").textContent = amount ? formatMoney(amount, currency) : "";
    return element;
  }

  /** @param {boolean} isBusy */
  #setBusy(isBusy) {
    for (const button of this.#root.querySelectorAll("button")) button.disabled = isBusy;
  }

  /**
   * @param {string} selector
   * @param {string | null | undefined} url nothing hides the link
   */
  #setLink(selector, url) {
    const link = find(this.#root, selector, HTMLAnchorElement);
    if (url) link.href = url;
    link.hidden = !url;
  }

  /**
   * @param {string} selector
   * @param {string} text
   */
  #setText(selector, text) {
    setText(this.#find(selector), text);
  }

  /** @param {string} selector */
  #find(selector) {
    return find(this.#root, selector);
  }

  /**
   * @param {string} selector
   * @param {(order: Order, event: Event) => void} act
   */
  #onClick(selector, act) {
    this.#find(selector).addEventListener("click", (event) => {
      if (this.#order) act(this.#order, event);
    });
  }
}

/**
 * Returns where and when, as far as they are known: "Take away · Table 4 · 13:04".
 * @param {Order} order
 */
function placeAndTime({ dining, parameters, ordered_at: orderedAt }) {
  const table = parameters?.TABLE && translate("table", parameters.TABLE);
  return [dining?.name, table, orderedAt?.slice(11, 16)].filter(Boolean).join(" · ");
}
