// From the basket to the paid order: shows the basket, submits it, and follows the order.

import { ApiError } from "./api-client.js";
import { BasketView } from "./basket-view.js";
import { find } from "./dom.js";
import { preserveFocus } from "./focus.js";
import { OrderView } from "./order-view.js";
import { showNotice } from "./page.js";

/** @typedef {import("./basket.js").Basket} Basket */
/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./sheets.js").Sheets} Sheets */

/**
 * What the order page gives its checkout.
 * @typedef {object} OrderPage
 * @property {Session} session
 * @property {Basket} basket
 * @property {Sheets} sheets
 * @property {() => void} save stores the basket
 * @property {() => Promise<void>} reload shows the menu and its prices as they are now
 * @property {() => void} leaveMenu called when an order is shown in place of the menu
 * @property {(state: OrderState) => void} returnToMenu
 * @property {(product: Product, row: BasketRow) => void} openProduct
 */

export class Checkout {
  #form = find(document, "#basket");
  #sheet = find(document, "#basket-sheet", HTMLDialogElement);
  #page;
  #isSubmitting = false;

  /** @param {OrderPage} page */
  constructor(page) {
    this.#page = page;
    this.view = new BasketView(page.basket, (row) => {
      const product = page.basket.productOf(row);
      if (product) page.openProduct(product, row);
    });
    this.orderView = new OrderView(page.session, page.returnToMenu);
    find(document, "[data-beside]").hidden = false; // its styles are there now
  }

  get isSubmitting() {
    return this.#isSubmitting;
  }

  openBasket() {
    return this.#page.sheets.open(this.#sheet);
  }

  /**
   * Shows an order in place of the menu.
   * @param {Order} order
   * @param {{ opensApp?: boolean }} [options]
   */
  follow(order, options) {
    this.#page.leaveMenu();
    this.#page.sheets.closeAll();
    this.orderView.follow(order, options);
  }

  async submit() {
    if (this.#isSubmitting || !this.view.validate()) return;
    const { basket, save, session } = this.#page;
    const { ordersUrl = "" } = find(document, "#main").dataset;
    const rows = [...basket.rows];
    const request = basket.request();
    const restoreFocus = preserveFocus(this.#form);
    this.#isSubmitting = true;
    this.view.setBusy(true);
    const { order: earlierOrder } = basket.content;
    basket.setOrder("");
    save();
    try {
      await session.guard(async () => {
        const order = await session.request("POST", ordersUrl, request);
        basket.setOrder(order.id);
        save();
        this.follow(order, { opensApp: true });
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      basket.setOrder(earlierOrder);
      save();
      await this.#showRejection(error.body, rows);
    } finally {
      this.#isSubmitting = false;
      this.view.setBusy(false);
      restoreFocus();
    }
  }

  /**
   * Shows why there is no new order: another is open, the menu has changed, or the shop is closed.
   * @param {ErrorBody} body
   * @param {BasketRow[]} rows
   */
  async #showRejection(body, rows) {
    if (body.order) {
      this.follow(body.order);
      showNotice(body.message);
      return;
    }
    await this.#page.reload();
    if (body.error === "shop_unavailable") return; // the menu and the basket show why
    this.view.showRejection(body, rows);
  }
}
