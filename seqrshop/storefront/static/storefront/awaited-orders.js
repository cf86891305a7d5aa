// The customer's orders that the kitchen has yet to serve, above the menu. Loaded if there are any.

import { find } from "./dom.js";
import { awaitsKitchen, OrderStream } from "./order-stream.js";
import { translate } from "./page.js";

/** @typedef {import("./session.js").Session} Session */

export class AwaitedOrders {
  #list = find(document, "[data-awaited]");
  #stream;
  #open;
  /** @type {AwaitedOrder[]} */
  #orders = [];
  #followed = "";

  /**
   * @param {Session} session
   * @param {(url: string) => void} open called with the address of the order to show
   */
  constructor({ api }, open) {
    this.#open = open;
    /** @type {OrderStream<AwaitedOrder>} */
    this.#stream = new OrderStream(api, {
      onOrder: (order) => this.#update(order),
      onNotice: () => {}, // the menu can be used meanwhile
      onError: () => {}, // the menu's next request finds out
    });
  }

  /**
   * Shows the orders, and follows the latest; a stream for each would cost the shop as much again.
   * @param {AwaitedOrder[]} orders the latest first
   */
  show(orders) {
    this.#orders = orders;
    this.#render();
    const [latest] = orders;
    if (latest?.url === this.#followed) return;
    this.stop();
    if (!latest) return;
    this.#followed = latest.url;
    this.#stream.follow(latest.url, `${latest.url}/events`, latest);
  }

  stop() {
    this.#followed = "";
    this.#stream.stop();
  }

  /** @param {AwaitedOrder} changed */
  #update(changed) {
    this.#orders = this.#orders
      .map((order) => (order.url === changed.url ? changed : order))
      .filter(awaitsKitchen);
    this.#render();
  }

  /** Replaces the buttons only if one has changed, so that none loses the focus otherwise. */
  #render() {
    const buttons = this.#orders.map((order) => this.#button(order));
    const text = buttons.map(({ textContent }) => textContent).join("");
    this.#list.hidden = buttons.length === 0;
    if (this.#list.textContent?.trim() !== text) this.#list.replaceChildren(...buttons);
  }

  /** @param {AwaitedOrder} order */
  #button({ number, short_state: state, progress, url }) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.progress = progress ?? "";
    button.textContent = `${translate("yourOrder", number)} · ${state.toLowerCase()}`;
    button.addEventListener("click", () => this.#open(url));
    return button;
  }
}
