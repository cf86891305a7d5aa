// The options of a product: a fieldset for each group, of which so many are chosen as it asks for.

import { copyTemplate, find, setText } from "./dom.js";
import { factsOf } from "./food-facts.js";
import { formatMoney, toMinorUnits } from "./money.js";
import { translate } from "./page.js";

export class OptionGroups {
  #root = find(document, "#product-sheet");
  #list = find(this.#root, "[data-option-groups]");
  /** @type {{ group: OptionGroup, fieldset: HTMLElement }[]} */
  #groups = [];

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.#list.addEventListener("change", ({ target }) => {
      for (const { group, fieldset } of this.#groups) {
        if (!(target instanceof HTMLInputElement && fieldset.contains(target))) continue;
        if (group.max === 1 && target.checked) this.#uncheckOthers(fieldset, target);
        this.#limit(group, fieldset);
        setText(find(fieldset, "[data-error]"), "");
      }
      onChange();
    });
  }

  /**
   * @param {Product} product
   * @param {number[]} chosen
   * @param {string} currency
   */
  render(product, chosen, currency) {
    this.#groups = product.option_groups.map((group) => {
      const fieldset = find(copyTemplate(this.#root, "[data-option-group]"), "fieldset");
      find(fieldset, "[data-name]").textContent = group.name;
      find(fieldset, "[data-rule]").textContent = ruleOf(group);
      const error = find(fieldset, "[data-error]");
      error.id = `group-error-${group.id}`;
      fieldset.setAttribute("aria-describedby", error.id);
      const options = group.options.map((option) => this.#option(group, option, chosen, currency));
      find(fieldset, "[data-options]").replaceChildren(...options);
      this.#limit(group, fieldset);
      return { group, fieldset };
    });
    this.#list.replaceChildren(...this.#groups.map(({ fieldset }) => fieldset));
  }

  /** The ids of the chosen options, in ascending order. */
  get chosen() {
    return this.#groups
      .flatMap(({ fieldset }) => inputsOf(fieldset).filter(({ checked }) => checked))
      .map(({ value }) => Number(value))
      .sort((a, b) => a - b);
  }

  /** Whether enough is chosen in each group; if not, says so in the first that lacks something. */
  validate() {
    for (const { group, fieldset } of this.#groups) {
      const inputs = inputsOf(fieldset);
      if (inputs.filter(({ checked }) => checked).length >= group.min) continue;
      setText(find(fieldset, "[data-error]"), missingFrom(group));
      (inputs.find(({ disabled }) => !disabled) ?? fieldset).focus();
      fieldset.scrollIntoView({ block: "nearest" });
      return false;
    }
    return true;
  }

  /**
   * @param {OptionGroup} group
   * @param {ProductOption} option
   * @param {number[]} chosen
   * @param {string} currency
   */
  #option(group, option, chosen, currency) {
    const element = copyTemplate(this.#root, "[data-option]");
    const input = find(element, "input", HTMLInputElement);
    input.type = group.min === 1 && group.max === 1 ? "radio" : "checkbox";
    input.name = `group-${group.id}`;
    input.value = String(option.id);
    input.checked = chosen.includes(option.id) && !option.sold_out;
    input.toggleAttribute("data-sold-out", option.sold_out);
    input.disabled = option.sold_out;
    find(element, "[data-name]").textContent = option.name;
    find(element, "[data-allergens]").textContent = factsOf([option]);
    const price = toMinorUnits(option.price);
    const added = price === 0 ? "" : `+ ${formatMoney(price, currency)}`;
    find(element, "[data-price]").textContent = option.sold_out ? translate("soldOutMark") : added;
    return element;
  }

  /**
   * @param {HTMLElement} fieldset
   * @param {HTMLInputElement} chosen
   */
  #uncheckOthers(fieldset, chosen) {
    for (const input of inputsOf(fieldset)) {
      if (input !== chosen) input.checked = false;
    }
  }

  /**
   * Lets no more be chosen once the group has as many as it may.
   * @param {OptionGroup} group
   * @param {HTMLElement} fieldset
   */
  #limit({ max }, fieldset) {
    const inputs = inputsOf(fieldset);
    const isFull = max > 1 && inputs.filter(({ checked }) => checked).length >= max;
    for (const input of inputs) {
      input.disabled = input.hasAttribute("data-sold-out") || (isFull && !input.checked);
    }
  }
}

/** @param {HTMLElement} fieldset */
const inputsOf = (fieldset) => [...fieldset.querySelectorAll("input")];

/** @param {OptionGroup} group */
function ruleOf({ min, max, options }) {
  if (min === 1 && max === 1) return translate("chooseOne");
  if (min > 0) return translate("choose", min === max ? min : `${min}–${max}`);
  return max < options.length ? translate("chooseUpTo", max) : translate("chooseAny");
}

/** @param {OptionGroup} group */
const missingFrom = ({ min }) =>
  min === 1 ? translate("chooseOneFirst") : translate("chooseAtLeast", min);
