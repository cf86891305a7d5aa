// The sheet of one product: what it is made of, its options, a note, and how many to order.

import { find, setText, showPicture } from "./dom.js";
import { FoodFacts } from "./food-facts.js";
import { formatMoney } from "./money.js";
import { NoteField } from "./note-field.js";
import { OptionGroups } from "./option-groups.js";
import { translate } from "./page.js";
import { unitPrice } from "./pricing.js";
import { activateStepper } from "./stepper.js";

/** @typedef {import("./basket.js").Basket} Basket */
/** @typedef {import("./sheets.js").Sheets} Sheets */

export class ProductSheet {
  #dialog = find(document, "#product-sheet", HTMLDialogElement);
  #facts = new FoodFacts();
  #groups = new OptionGroups(() => this.#showChosen());
  #note = new NoteField(find(this.#dialog, "[data-note]"));
  #basket;
  /** @type {Product | null} */
  #product = null;
  /** @type {BasketRow | undefined} the row of the basket that is changed */
  #row;
  #quantity = 1;
  #showQuantity = (/** @type {number} */ _quantity) => {};

  /**
   * @param {Basket} basket
   * @param {Sheets} sheets
   */
  constructor(basket, sheets) {
    this.#basket = basket;
    this.sheets = sheets;
    find(this.#dialog, "form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /**
   * Opens the sheet of a product, or of a row of the basket, to change it.
   * @param {Product} product
   * @param {object} how
   * @param {BasketRow} [how.row]
   * @param {boolean} how.canOrder
   */
  open(product, { row, canOrder }) {
    this.#product = product;
    this.#row = row;
    this.#describe(product);
    this.#groups.render(product, row?.options ?? [], this.#basket.currency);
    this.#note.value = row?.note ?? "";
    this.#dialog.toggleAttribute("data-read-only", !canOrder || product.sold_out);
    find(this.#dialog, "[data-sold-out]").hidden = !product.sold_out;
    this.#showQuantity = activateStepper(
      find(this.#dialog, "[data-stepper]"),
      product.name,
      (by) => this.#setQuantity(this.#quantity + by),
      1,
    );
    this.#setQuantity(row?.quantity ?? 1);
    find(this.#dialog, "[data-scroll]").scrollTop = 0;
    return this.sheets.open(this.#dialog);
  }

  /** @param {Product} product */
  #describe(product) {
    const { name, description } = product;
    const picture = product.large_picture ?? product.picture;
    showPicture(find(this.#dialog, "[data-picture]", HTMLImageElement), picture);
    this.#set("[data-name]", name);
    this.#set("[data-description]", description);
    this.#facts.render(product);
  }

  /**
   * Shows a text, or hides its place where there is none.
   * @param {string} selector
   * @param {string} text
   */
  #set(selector, text) {
    const place = find(this.#dialog, selector);
    setText(place, text);
    place.hidden = !text;
  }

  /** @param {number} quantity */
  #setQuantity(quantity) {
    this.#quantity = quantity;
    this.#showQuantity(quantity);
    this.#showChosen();
  }

  #showChosen() {
    if (!this.#product) return;
    const { currency } = this.#basket;
    const { chosen } = this.#groups;
    const unit = unitPrice(this.#product, chosen);
    this.#facts.showChosen(this.#product, chosen);
    this.#set("[data-price]", formatMoney(unit, currency));
    this.#set("[data-action]", translate(this.#row ? "saveRow" : "addRow"));
    this.#set("[data-amount]", formatMoney(this.#quantity * unit, currency));
  }

  #submit() {
    if (!this.#product || !this.#groups.validate()) return;
    const request = {
      product: this.#product.id,
      quantity: this.#quantity,
      options: this.#groups.chosen,
      note: this.#note.value,
    };
    this.#dialog.close();
    this.#basket.put(request, this.#row);
  }
}
