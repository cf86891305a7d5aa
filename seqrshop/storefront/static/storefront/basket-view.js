// The basket on the screen: its rows, the choices that the shop asks for, and the total.

import { BasketRows } from "./basket-rows.js";
import { markChoice, showChoices } from "./choices.js";
import { countedItems } from "./counted-items.js";
import { find, setText } from "./dom.js";
import { FormErrors } from "./form-errors.js";
import { formatMoney } from "./money.js";
import { NoteField } from "./note-field.js";
import { translate } from "./page.js";
import { TipChoice } from "./tip-choice.js";

/** @typedef {import("./basket.js").Basket} Basket */

const ROW_FIELD = /^rows\[(\d+)\]/;

export class BasketView {
  #root = find(document, "#basket");
  #submitButton = find(this.#root, "[type=submit]", HTMLButtonElement);
  #dining = find(this.#root, "[data-dining]");
  #errors = new FormErrors(this.#root);
  #basket;
  #rows;
  #tip;
  #note;
  #isClosed = false;
  #isBusy = false;

  /**
   * @param {Basket} basket
   * @param {(row: BasketRow) => void} changeRow called when the customer wants to change a row
   */
  constructor(basket, changeRow) {
    this.#basket = basket;
    this.#rows = new BasketRows(basket, changeRow);
    this.#tip = new TipChoice(basket);
    this.#note = new NoteField(find(this.#root, "[data-note]"), (note) => basket.choose({ note }));
    this.#dining.addEventListener("change", ({ target }) => {
      if (target instanceof HTMLInputElement) basket.choose({ dining: target.value });
    });
    basket.addEventListener("change", () => {
      this.#errors.clear(); // they were about other choices
      this.update();
    });
  }

  /**
   * Shows a basket, and the choices of a session's shop.
   * @param {SessionDetails} details
   */
  render({ shop, unavailable_message: unavailableMessage }) {
    this.#isClosed = Boolean(unavailableMessage);
    setText(find(this.#root, "[data-closed]"), unavailableMessage ?? "");
    showChoices(this.#dining, "dining", shop.dining);
    this.#tip.render(shop.tip_percentages);
    this.#note.value = this.#basket.content.note;
    this.update();
  }

  /** Shows the basket as it is now. */
  update() {
    const { rows, count, currency, dining, total } = this.#basket;
    this.#root.toggleAttribute("data-filled", rows.length > 0);
    this.#rows.update();
    markChoice(this.#dining, dining);
    this.#tip.update();
    setText(find(this.#root, "[data-count]"), countedItems(count));
    setText(find(this.#root, "[data-total]"), formatMoney(total, currency));
    this.#submitButton.disabled = this.#isBusy || this.#isClosed;
  }

  /**
   * Disables the button while an order is being submitted.
   * @param {boolean} isBusy
   */
  setBusy(isBusy) {
    this.#isBusy = isBusy;
    this.update();
  }

  /** Whether the basket can be ordered; if not, shows why not. */
  validate() {
    this.#errors.clear();
    this.#rows.clearRejections();
    const { rows, dining } = this.#basket;
    if (rows.length === 0) {
      this.#errors.show("order", translate("chooseFirst"));
      return false;
    }
    if (rows.some((row) => this.#basket.isBlocked(row))) {
      this.#errors.show("order", translate("changeMarked"));
      this.#rows.scrollToProblem();
      return false;
    }
    if (!this.#dining.hidden && !dining) {
      this.#errors.show("dining", translate("chooseOne"));
      find(this.#dining, "input").focus();
      return false;
    }
    if (this.#tip.isInvalid) {
      this.#errors.show("tip", translate("noAmount"));
      this.#tip.focus();
      return false;
    }
    return true;
  }

  /**
   * Shows why the shop rejected an order, beside what it is about.
   * @param {ErrorBody} body
   * @param {BasketRow[]} rows those of the order
   */
  showRejection({ field = "", message }, rows) {
    const [, index] = ROW_FIELD.exec(field) ?? [];
    const row = index === undefined ? undefined : rows[Number(index)];
    if (!row || !this.#rows.reject(row, message)) this.#errors.show(field, message);
    this.#rows.scrollToProblem();
  }
}
