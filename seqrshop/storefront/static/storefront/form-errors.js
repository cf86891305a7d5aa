// Shows why an order is rejected, beside the product or the button that it is about.

import { find } from "./dom.js";
import { formatMoney, toMinorUnits } from "./money.js";
import { translate } from "./page.js";

const ROW_FIELD = /^rows\[(\d+)\]/;

export class FormErrors {
  #root = find(document, "#menu");
  #general = find(this.#root, "[data-form-error]");

  constructor() {
    this.#root.addEventListener("click", ({ target }) => {
      const row = target instanceof Element && target.closest("[data-stepper]")?.closest("li");
      if (!row) return;
      this.#general.textContent = ""; // it was about another choice
      this.#clearRow(row);
    });
  }

  clear() {
    this.#general.textContent = "";
    for (const row of this.#root.querySelectorAll("li")) this.#clearRow(row);
  }

  /**
   * Shows an error of the whole order, beside the button that submits it.
   * @param {string} text
   */
  showGeneral(text) {
    this.#general.textContent = text;
  }

  /**
   * Shows why the shop rejected an order, and each price that has changed since.
   * @param {ErrorBody} body
   * @param {OrderRequest} order
   * @param {Map<number, ShownPrice>} shownPrices the products' prices when it was submitted
   */
  showRejection({ field = "", message, products = [] }, order, shownPrices) {
    const [, index] = ROW_FIELD.exec(field) ?? [];
    const row = index && this.#rowOf(order.rows[Number(index)].product);
    if (row) this.#showInRow(row, message);
    else this.showGeneral(message);
    for (const { id, price } of products) this.#showOldPrice(id, price, shownPrices.get(id));
    const first = this.#root.querySelector("li .form-error");
    first?.parentElement?.scrollIntoView({ block: "center" });
  }

  /**
   * @param {number} id
   * @param {string} price
   * @param {ShownPrice | undefined} shown
   */
  #showOldPrice(id, price, shown) {
    const row = this.#rowOf(id);
    if (!row || !shown || shown.price === price) return;
    const oldPrice = formatMoney(toMinorUnits(shown.price), shown.currency);
    this.#showInRow(row, translate("priceWas", oldPrice));
  }

  /**
   * @param {HTMLLIElement} row
   * @param {string} text
   */
  #showInRow(row, text) {
    this.#clearRow(row);
    const error = document.createElement("p");
    error.className = "form-error";
    error.id = `form-error-${row.dataset.id}`;
    error.setAttribute("role", "alert");
    error.textContent = text;
    row.append(error);
    for (const button of row.querySelectorAll("button")) {
      button.setAttribute("aria-describedby", error.id);
    }
  }

  /** @param {HTMLLIElement} row */
  #clearRow(row) {
    row.querySelector(".form-error")?.remove();
    for (const button of row.querySelectorAll("button")) button.removeAttribute("aria-describedby");
  }

  /**
   * @param {number} id
   * @returns {HTMLLIElement | null}
   */
  #rowOf(id) {
    return this.#root.querySelector(`li[data-id="${id}"]`);
  }
}
