// What a product is made of, and what it contains with the options that are chosen.

import { find, setText } from "./dom.js";
import { translate } from "./page.js";
import { chosenOptions, optionsOf } from "./pricing.js";

export class FoodFacts {
  #root = find(document, "#product-sheet");

  /**
   * Shows a product's own facts.
   * @param {Product} product
   */
  render(product) {
    const { ingredients, allergens } = product;
    const isFree = !factsOf([product]);
    const isByChoice = isFree && optionsOf(product).some(matters);
    this.#set("[data-ingredients]", ingredients);
    this.#set("[data-contains]", namesOf(allergens.contains));
    this.#set("[data-may-contain]", namesOf(allergens.may_contain));
    this.#show("[data-none-declared]", isFree && !isByChoice);
    this.#show("[data-by-choice]", isByChoice);
    this.#show("[data-ask-staff]", !allergens.declared);
  }

  /**
   * Shows what is true with the chosen options: the diets that are left, and the sum of all allergens.
   * @param {Product} product
   * @param {number[]} options
   */
  showChosen(product, options) {
    const chosen = chosenOptions(product, options);
    const isLost = (/** @type {Named} */ { key }) =>
      chosen.some((option) => option.unsuitable_for.includes(key));
    const lost = namesOf(product.diet.filter(isLost));
    const facts = [factsOf([product, ...chosen]), lost && translate("noLonger", lost)];
    const sum = facts.filter(Boolean).join("\n") || translate("noneDeclared");
    const isNeeded = chosen.length > 0 && optionsOf(product).some(matters);
    this.#set("[data-diet]", namesOf(product.diet.filter((diet) => !isLost(diet))));
    setText(find(this.#root, "[data-sum]"), isNeeded ? `${translate("withChoices")}\n${sum}` : "");
  }

  /**
   * Shows a text, or hides its place, and the heading in it, where there is none.
   * @param {string} selector
   * @param {string} text
   */
  #set(selector, text) {
    const place = find(this.#root, selector);
    setText(place.querySelector("[data-text]") ?? place, text);
    place.hidden = !text;
  }

  /**
   * @param {string} selector
   * @param {boolean} isShown
   */
  #show(selector, isShown) {
    find(this.#root, selector).hidden = !isShown;
  }
}

/**
 * Returns what several things together are declared to contain; of one that is not declared, whom to ask.
 * @param {(Product | ProductOption)[]} foods
 */
export function factsOf(foods) {
  const contains = keyed("contains");
  const mayContain = keyed("may_contain");
  for (const key of contains.keys()) mayContain.delete(key);
  const unknown = foods.filter(({ allergens }) => !allergens.declared).map(({ name }) => name);
  return Object.entries({
    contains: [...contains.values()],
    mayContain: [...mayContain.values()],
    [foods.length > 1 ? "askStaffAbout" : "askStaff"]: unknown,
  })
    .filter(([, names]) => names.length > 0)
    .map(([text, names]) => translate(text, names.join(", ")))
    .join("\n");

  /** @param {"contains" | "may_contain"} kind */
  function keyed(kind) {
    return new Map(
      foods.flatMap((food) => food.allergens[kind].map(({ key, name }) => [key, name])),
    );
  }
}

/** @param {ProductOption} option whether it may change what a product contains, or is suitable for */
const matters = (option) => factsOf([option]) !== "" || option.unsuitable_for.length > 0;

/** @param {Named[]} named */
const namesOf = (named) => named.map(({ name }) => name).join(", ");
