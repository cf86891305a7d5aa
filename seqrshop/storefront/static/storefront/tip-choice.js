// The tip: none, a percentage of the order, or an amount of the customer's own.

import { markChoice, showChoices } from "./choices.js";
import { find, setText } from "./dom.js";
import { formatMoney, formatPercentage, inMajorUnits, parseAmount } from "./money.js";
import { translate } from "./page.js";

/** @typedef {import("./basket.js").Basket} Basket */

const OWN = "own";

export class TipChoice {
  #root = find(document, "#basket [data-tip]");
  #own = find(this.#root, "[data-own]");
  #amount = find(this.#own, "input", HTMLInputElement);
  #basket;
  #isOwn = false;
  /** @type {string[]} */
  #percentages = [];

  /** @param {Basket} basket */
  constructor(basket) {
    this.#basket = basket;
    this.#root.addEventListener("change", ({ target }) => {
      if (target instanceof HTMLInputElement && target.type === "radio") this.#choose(target.value);
    });
    this.#amount.addEventListener("input", () => this.#takeAmount());
  }

  /** @param {string[]} percentages those that the shop offers; none means no tip at all */
  render(percentages) {
    const choices = percentages.map((each) => ({ key: `${each}%`, name: "" }));
    const none = { key: "", name: translate("noTip") };
    const own = { key: OWN, name: translate("ownTip") };
    showChoices(this.#root, "tip", choices.length > 0 ? [none, ...choices, own] : []);
    this.#percentages = percentages;
    const { tip } = this.#basket.content;
    this.#isOwn = Boolean(tip) && !tip.endsWith("%");
    if (this.#isOwn) this.#amount.value = tip;
  }

  /** Shows what is chosen, and what each percentage is of the order as it is now. */
  update() {
    const { content, currency } = this.#basket;
    this.#percentages.forEach((percentage, index) => {
      const amount = formatMoney(this.#basket.tipOf(percentage), currency);
      const name = this.#root.querySelectorAll("[data-name]")[index + 1];
      setText(name, `${formatPercentage(percentage)} · ${amount}`);
    });
    markChoice(this.#root, this.#isOwn ? OWN : content.tip);
    this.#own.hidden = !this.#isOwn;
  }

  /** Whether an amount is to be entered, and what is entered is none. */
  get isInvalid() {
    return !this.#root.hidden && this.#isOwn && Number.isNaN(parseAmount(this.#amount.value));
  }

  focus() {
    this.#amount.focus();
  }

  /** @param {string} key */
  #choose(key) {
    this.#isOwn = key === OWN;
    if (!this.#isOwn) {
      this.#basket.choose({ tip: key });
      return;
    }
    this.#takeAmount();
    this.focus();
  }

  #takeAmount() {
    const amount = parseAmount(this.#amount.value);
    this.#basket.choose({ tip: amount > 0 ? inMajorUnits(amount) : "" });
  }
}
