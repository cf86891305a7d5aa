// The menu: the products, the basket, and its total.

import { CategoryNav } from "./category-nav.js";
import { copyTemplate, find } from "./dom.js";
import { preserveFocus } from "./focus.js";
import { formatMoney, toMinorUnits } from "./money.js";
import { translate } from "./page.js";

const MAX_QUANTITY = 999; // of one product, as the API allows

export class Menu {
  #root = find(document, "#menu");
  #retryButton = find(this.#root, "[data-retry]", HTMLButtonElement);
  #submitButton = find(this.#root, ".bar [type=submit]", HTMLButtonElement);
  #categoryNav = new CategoryNav();
  /** @type {Map<number, Product>} */
  #products = new Map();
  /** @type {Map<number, number>} quantities by the products' ids */
  #basket = new Map();
  #currency = "";
  /** @type {string | null} */
  #nonce = null;
  #isClosed = false;

  /**
   * @param {(request: OrderRequest) => void} submit
   * @param {() => Promise<void>} refresh called to find out whether a closed shop takes orders again
   */
  constructor(submit, refresh) {
    find(this.#root, "form").addEventListener("submit", (event) => {
      event.preventDefault();
      submit(this.#orderRequest());
    });
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
   * Shows a session's products. The basket keeps what is still for sale.
   * @param {SessionDetails} details
   */
  render({ products, categories, parameters, shop, unavailable_message: unavailableMessage }) {
    const restoreFocus = preserveFocus(this.#root);
    this.#currency = shop.currency;
    this.#products = new Map(products.map((product) => [product.id, product]));
    for (const id of this.#basket.keys()) {
      if (this.#products.get(id)?.sold_out ?? true) this.#setQuantity(id, 0);
    }
    this.#renderGroups(products, categories);
    this.#find("[data-empty]").hidden = products.length > 0;
    this.#find(".bar").hidden = products.length === 0 && !unavailableMessage;
    const table = this.#find("[data-table]");
    table.hidden = !parameters.TABLE;
    table.textContent = translate("table", parameters.TABLE);
    this.#isClosed = Boolean(unavailableMessage);
    this.#find("[data-closed]").textContent = unavailableMessage ?? "";
    this.#retryButton.hidden = !unavailableMessage;
    this.#renderBasket();
    restoreFocus();
  }

  /** The price of each product on the page, by its id. */
  get shownPrices() {
    const currency = this.#currency;
    return new Map([...this.#products].map(([id, { price }]) => [id, { price, currency }]));
  }

  /** @returns {BasketItem[]} */
  get basket() {
    return [...this.#basket];
  }

  set basket(items) {
    this.#nonce = null;
    this.#basket = new Map(items.filter(([, quantity]) => quantity > 0));
  }

  /** Empties the basket after an order. */
  clear() {
    this.#basket.clear();
    this.#nonce = null;
  }

  /** Forgets the nonce, so that the same basket makes another order. */
  resetNonce() {
    this.#nonce = null;
  }

  /**
   * Disables the button while an order is being submitted.
   * @param {boolean} isBusy
   */
  setBusy(isBusy) {
    this.#submitButton.disabled = isBusy || this.#isClosed;
  }

  /** @returns {OrderRequest} */
  #orderRequest() {
    // Kept until the basket changes: a double tap, or a retry after a lost answer, is one order.
    this.#nonce ??= randomNonce();
    const rows = [...this.#basket].map(([product, quantity]) => ({ product, quantity }));
    return { nonce: this.#nonce, rows, total: (this.#total() / 100).toFixed(2) };
  }

  /**
   * @param {Product[]} products
   * @param {Category[]} categories
   */
  #renderGroups(products, categories) {
    const rest = { id: null, name: categories.length > 0 ? translate("other") : "" };
    const groups = this.#find("[data-groups]");
    groups.replaceChildren(...[...categories, rest].map((each) => this.#group(each, products)));
    /** @type {NodeListOf<HTMLElement>} */
    const headings = groups.querySelectorAll(":scope > section:not([hidden]) > h2:not([hidden])");
    this.#categoryNav.render([...headings]);
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
    find(element, "section").hidden = rows.length === 0;
    return element;
  }

  /** @param {Product} product */
  #row(product) {
    const element = copyTemplate(this.#root, "[data-product]");
    find(element, "li").dataset.id = String(product.id);
    find(element, "[data-name]").textContent = product.name;
    find(element, "[data-price]").textContent = this.#money(toMinorUnits(product.price));
    showPicture(find(element, "[data-picture]", HTMLImageElement), product.picture);
    find(element, "[data-sold-out]").hidden = !product.sold_out;
    if (product.sold_out) find(element, "[data-stepper]").remove();
    else this.#activateStepper(element, product);
    return element;
  }

  /**
   * @param {DocumentFragment} element
   * @param {Product} product
   */
  #activateStepper(element, product) {
    const [less, more] = ["less", "more"].map((name) => {
      const button = find(element, `[data-${name}]`, HTMLButtonElement);
      button.setAttribute("aria-label", translate(name, product.name));
      return button;
    });
    const output = find(element, "[data-quantity]");
    const change = (/** @type {number} */ by) => {
      const quantity = (this.#basket.get(product.id) ?? 0) + by;
      if (quantity < 0 || quantity > MAX_QUANTITY) return;
      if (by) this.#setQuantity(product.id, quantity);
      output.textContent = String(quantity);
      less.disabled = quantity === 0;
      more.disabled = quantity === MAX_QUANTITY;
      if (by && less.disabled) more.focus();
      this.#renderBasket();
    };
    less.addEventListener("click", () => change(-1));
    more.addEventListener("click", () => change(1));
    change(0);
  }

  /**
   * @param {number} id
   * @param {number} quantity
   */
  #setQuantity(id, quantity) {
    this.#nonce = null;
    if (quantity > 0) this.#basket.set(id, quantity);
    else this.#basket.delete(id);
  }

  /**
   * @param {number} id
   * @param {number} quantity
   */
  #rowTotal(id, quantity) {
    return quantity * toMinorUnits(this.#products.get(id)?.price ?? "");
  }

  #total() {
    return [...this.#basket].reduce((sum, [id, quantity]) => sum + this.#rowTotal(id, quantity), 0);
  }

  #renderBasket() {
    this.#find("[data-count]").textContent = this.#count();
    this.#find("[data-total]").textContent = this.#money(this.#total());
    this.#find("[data-basket]").replaceChildren(...this.#basketRows());
    this.setBusy(false);
  }

  #count() {
    const count = [...this.#basket.values()].reduce((sum, quantity) => sum + quantity, 0);
    if (count === 0) return translate("emptyBasket");
    const form = new Intl.PluralRules(document.documentElement.lang).select(count);
    return translate(`items-${form}`, count) || translate("items-other", count);
  }

  /** Returns the basket's rows in the menu's order; only a wide window shows them. */
  #basketRows() {
    const chosen = [...this.#products.values()].filter(({ id }) => this.#basket.has(id));
    return chosen.map(({ id, name }) => {
      const element = copyTemplate(this.#root, "[data-basket-row]");
      const quantity = this.#basket.get(id) ?? 0;
      find(element, "[data-name]").textContent = `${quantity} × ${name}`;
      find(element, "[data-amount]").textContent = this.#money(this.#rowTotal(id, quantity));
      return element;
    });
  }

  /** @param {number} minorUnits */
  #money(minorUnits) {
    return formatMoney(minorUnits, this.#currency);
  }

  /** @param {string} selector */
  #find(selector) {
    return find(this.#root, selector);
  }
}

/**
 * @param {HTMLImageElement} image
 * @param {Picture | null} picture
 */
function showPicture(image, picture) {
  if (!picture) {
    image.remove();
    return;
  }
  image.src = picture.url;
  image.alt = picture.alt;
  image.width = picture.width;
  image.height = picture.height;
}

/** Returns a unique nonce; crypto.randomUUID is missing on pages served over plain HTTP. */
function randomNonce() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
