// The rows of the basket on the screen. What keeps a row from being ordered stands in it.

import { copyTemplate, find, setText } from "./dom.js";
import { formatMoney } from "./money.js";
import { translate } from "./page.js";
import { namesOfOptions } from "./pricing.js";
import { activateStepper } from "./stepper.js";

/** @typedef {import("./basket.js").Basket} Basket */

export class BasketRows {
  #root = find(document, "#basket");
  #list = find(this.#root, "[data-rows]");
  #basket;
  #changeRow;
  /** @type {Map<BasketRow, HTMLElement>} */
  #elements = new Map();
  /** @type {Map<BasketRow, string>} what the shop has said of rows in an order */
  #rejections = new Map();

  /**
   * @param {Basket} basket
   * @param {(row: BasketRow) => void} changeRow
   */
  constructor(basket, changeRow) {
    this.#basket = basket;
    this.#changeRow = changeRow;
  }

  /** Shows the rows as they are now. Elements are kept, and so is the focus in them. */
  update() {
    const { rows } = this.#basket;
    for (const row of this.#elements.keys()) {
      if (!rows.includes(row)) this.#remove(row);
    }
    rows.forEach((row, index) => {
      const element = this.#elements.get(row) ?? this.#create(row);
      this.#show(row, element);
      const { children } = this.#list;
      if (children[index] !== element) this.#list.insertBefore(element, children[index] ?? null);
    });
  }

  /**
   * Shows in a row why the shop rejected it. Returns false if the row is no longer there.
   * @param {BasketRow} row
   * @param {string} message
   */
  reject(row, message) {
    if (!this.#basket.rows.includes(row)) return false;
    this.#rejections.set(row, message);
    this.update();
    return true;
  }

  clearRejections() {
    this.#rejections.clear();
    this.update();
  }

  scrollToProblem() {
    const problem = this.#list.querySelector(".form-error:not(:empty)");
    problem?.closest("li")?.scrollIntoView({ block: "nearest" });
  }

  /** @param {BasketRow} row */
  #create(row) {
    const element = find(copyTemplate(this.#root, "[data-basket-row]"), "li");
    find(element, "[data-change]").addEventListener("click", () => this.#changeRow(row));
    find(element, "[data-remove]").addEventListener("click", () => {
      this.#basket.setQuantity(row, 0);
    });
    const error = find(element, "[data-problem]");
    error.id = `problem-${++created}`;
    for (const button of element.querySelectorAll("button")) {
      button.setAttribute("aria-describedby", error.id);
    }
    this.#elements.set(row, element);
    return element;
  }

  /**
   * @param {BasketRow} row
   * @param {HTMLElement} element
   */
  #show(row, element) {
    const product = this.#basket.productOf(row);
    const isBlocked = this.#basket.isBlocked(row);
    const options = product ? namesOfOptions(product, row.options) : [];
    const name = product?.name ?? row.name;
    const fullName = [name, ...options].join(", ");
    element.toggleAttribute("data-blocked", isBlocked);
    setText(find(element, "[data-name]"), name);
    setText(find(element, "[data-options]"), options.join(", "));
    setText(find(element, "[data-row-note]"), row.note);
    const amount = isBlocked ? "" : formatMoney(this.#basket.priceOf(row), this.#basket.currency);
    setText(find(element, "[data-amount]"), amount);
    const rejection = isBlocked ? undefined : this.#rejections.get(row); // the menu knows more
    setText(find(element, "[data-problem]"), rejection ?? this.#problem(row));
    const change = find(element, "[data-change]");
    change.hidden = !product || product.sold_out;
    change.setAttribute("aria-label", translate("change", fullName));
    find(element, "[data-remove]").setAttribute("aria-label", translate("remove", fullName));
    const stepper = find(element, "[data-stepper]");
    stepper.hidden = isBlocked;
    const setQuantity = (/** @type {number} */ by) => {
      this.#rejections.delete(row);
      this.#basket.setQuantity(row, row.quantity + by);
    };
    activateStepper(stepper, fullName, setQuantity, 1)(row.quantity);
  }

  /** @param {BasketRow} row */
  #problem(row) {
    const problem = this.#basket.problemOf(row);
    if (!problem) return "";
    if (problem.kind === "optionSoldOut") return translate(problem.kind, problem.option);
    if (problem.kind !== "priceWas") return translate(problem.kind);
    return translate("priceWas", formatMoney(problem.price, this.#basket.currency));
  }

  /** @param {BasketRow} row one that the basket no longer has */
  #remove(row) {
    const element = this.#elements.get(row);
    const hadFocus = element?.contains(document.activeElement);
    const next = element?.nextElementSibling ?? element?.previousElementSibling;
    element?.remove();
    this.#elements.delete(row);
    this.#rejections.delete(row);
    const target = next?.querySelector("[data-remove]") ?? this.#root.querySelector("h2");
    if (hadFocus && target instanceof HTMLElement) target.focus();
  }
}

let created = 0;
