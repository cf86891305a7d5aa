// The menu: the products by category, each with its price, its stepper and its sheet.

import { CategoryNav } from "./category-nav.js";
import { copyTemplate, find, showPicture } from "./dom.js";
import { preserveFocus } from "./focus.js";
import { MenuSearch } from "./menu-search.js";
import { formatMoney } from "./money.js";
import { translate } from "./page.js";
import { lowestPrice, mustBeChosen } from "./pricing.js";
import { activateStepper } from "./stepper.js";

/** @typedef {import("./basket.js").Basket} Basket */

export class Menu {
  #root = find(document, "#menu");
  #retryButton = find(this.#root, "[data-retry]", HTMLButtonElement);
  #categoryNav = new CategoryNav();
  #search = new MenuSearch((headings) => this.#categoryNav.render(headings));
  #basket;
  #openProduct;
  #isClosed = false;
  /** @type {(() => void)[]} one for each stepper */
  #updates = [];

  /**
   * @param {Basket} basket
   * @param {object} handlers
   * @param {(product: Product) => void} handlers.openProduct
   * @param {() => Promise<void>} handlers.refresh called to find out whether a closed shop takes orders again
   */
  constructor(basket, { openProduct, refresh }) {
    this.#basket = basket;
    this.#openProduct = openProduct;
    this.#retryButton.addEventListener("click", async () => {
      const restoreFocus = preserveFocus(this.#root);
      this.#retryButton.disabled = true;
      await refresh().finally(() => {
        this.#retryButton.disabled = false;
        restoreFocus();
      });
    });
  }

  /**
   * Shows a session's products.
   * @param {SessionDetails} details
   */
  render({ products, categories, unavailable_message: unavailableMessage }) {
    const restoreFocus = preserveFocus(this.#root);
    this.#isClosed = Boolean(unavailableMessage);
    this.#updates = [];
    this.#find("[data-closed]").textContent = unavailableMessage ?? "";
    this.#retryButton.hidden = !unavailableMessage;
    this.#find("[data-empty]").hidden = products.length > 0;
    const rest = { id: null, name: categories.length > 0 ? translate("other") : "" };
    const groups = [...categories, rest].map((each) => this.#group(each, products));
    this.#find("[data-groups]").replaceChildren(...groups);
    this.update();
    this.#search.render(products);
    restoreFocus();
  }

  /** Shows the quantities that are in the basket. */
  update() {
    for (const update of this.#updates) update();
  }

  /**
   * Returns the products of one category, below its name.
   * @param {{ id: number | null, name: string }} category
   * @param {Product[]} products
   */
  #group({ id, name }, products) {
    const element = copyTemplate(this.#root, "[data-group]");
    const heading = find(element, "[data-name]");
    heading.textContent = name;
    heading.hidden = !name;
    const own = products.filter((product) => product.category === id);
    const rows = own.map((product) => this.#row(product));
    find(element, "[data-products]").replaceChildren(...rows);
    return element;
  }

  /** @param {Product} product */
  #row(product) {
    const element = copyTemplate(this.#root, "[data-product]");
    find(element, "li").dataset.id = String(product.id);
    find(element, "[data-name]").textContent = product.name;
    find(element, "[data-open]").addEventListener("click", () => this.#openProduct(product));
    const price = formatMoney(lowestPrice(product), this.#basket.currency);
    const hasDearer = mustBeChosen(product);
    find(element, "[data-price]").textContent = hasDearer ? translate("from", price) : price;
    // No names of options: "milk" among the diet marks would be read as an allergen.
    find(element, "[data-marks]").textContent = product.diet.map(({ name }) => name).join(" · ");
    showPicture(find(element, "[data-picture]", HTMLImageElement), product.picture);
    find(element, "[data-sold-out]").hidden = !product.sold_out;
    const stepper = find(element, "[data-stepper]");
    if (product.sold_out || this.#isClosed) stepper.remove();
    else this.#activateStepper(stepper, product);
    return element;
  }

  /**
   * @param {HTMLElement} stepper
   * @param {Product} product
   */
  #activateStepper(stepper, product) {
    const { id } = product;
    const basket = this.#basket;
    const show = activateStepper(stepper, product.name, (by) => {
      if (by < 0) basket.takeOne(id);
      else if (mustBeChosen(product)) this.#openProduct(product);
      else basket.put({ product: id, quantity: 1, options: [], note: "" });
    });
    this.#updates.push(() => show(basket.quantityOf(id)));
  }

  /** @param {string} selector */
  #find(selector) {
    return find(this.#root, selector);
  }
}
