// The search of a long menu: it leaves the products whose texts have every word that is searched for.

import { find, setText } from "./dom.js";
import { translate } from "./page.js";

const MIN_PRODUCTS = 20;

export class MenuSearch {
  #root = find(document, "#menu");
  #field = find(this.#root, "[data-search]");
  #input = find(this.#field, "input", HTMLInputElement);
  #onHeadings;
  /** @type {Map<string, string>} what is searched, by the product's id */
  #texts = new Map();

  /** @param {(headings: HTMLElement[]) => void} onHeadings called with those that have products */
  constructor(onHeadings) {
    this.#onHeadings = onHeadings;
    this.#input.addEventListener("input", () => this.#filter());
  }

  /**
   * Shows the field if there are enough products, and filters a menu that has just been shown.
   * @param {Product[]} products
   */
  render(products) {
    this.#field.hidden = products.length < MIN_PRODUCTS;
    if (this.#field.hidden) this.#input.value = "";
    this.#texts = new Map(
      products.map(({ id, name, description, ingredients, diet }) => {
        const marks = diet.map((mark) => mark.name);
        return [String(id), plain([name, description, ingredients, ...marks].join(" "))];
      }),
    );
    this.#filter();
  }

  #filter() {
    const words = plain(this.#input.value).split(/\s+/);
    let found = 0;
    /** @type {HTMLElement[]} */
    const headings = [];
    for (const group of this.#root.querySelectorAll("[data-groups] > section")) {
      let isEmpty = true;
      for (const row of group.querySelectorAll("li")) {
        const text = this.#texts.get(row.dataset.id ?? "") ?? "";
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) found += 1;
        isEmpty &&= row.hidden;
      }
      group.toggleAttribute("hidden", isEmpty);
      const heading = find(group, "h2");
      if (!isEmpty && !heading.hidden) headings.push(heading);
    }
    this.#onHeadings(headings);
    const count = found > 0 ? translate("found", found) : translate("foundNone");
    setText(find(this.#root, "[data-found]"), this.#input.value ? count : "");
  }
}

/**
 * Returns a text in small letters without accents, so that "creme" finds "Crème".
 * @param {string} text
 */
const plain = (text) =>
  text
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "");
