// The basket: its rows and choices, what they cost on the current menu, and the order made of them.

import { MAX_QUANTITY } from "./basket-store.js";
import { inMajorUnits } from "./money.js";
import { problemOf, unitPrice } from "./pricing.js";

const AT_THE_TABLE = "eat_here";

/** Dispatches "change" whenever the customer has changed it. */
export class Basket extends EventTarget {
  #content = emptyBasket();
  /** @type {Map<number, Product>} */
  #products = new Map();
  /** @type {ShopDetails} */
  #shop = { currency: "", dining: [], tip_percentages: [] };
  /** @type {string | null} */
  #nonce = null;

  /**
   * Takes over a menu and its prices. The rows stay, whatever has become of their products.
   * @param {SessionDetails} details
   */
  setMenu({ products, shop, parameters }) {
    this.#products = new Map(products.map((product) => [product.id, product]));
    this.#shop = shop;
    // Who has scanned the code on a table most likely stays there.
    if (parameters.TABLE) this.#content.dining ||= AT_THE_TABLE;
  }

  /** What the browser keeps. */
  get content() {
    return this.#content;
  }

  /**
   * Takes over what the browser has kept; nothing empties the basket.
   * @param {StoredBasket | null | undefined} content
   */
  restore(content) {
    this.#content = content ?? emptyBasket();
    this.#nonce = null;
  }

  get rows() {
    return this.#content.rows;
  }

  get currency() {
    return this.#shop.currency;
  }

  /** The rows that can be ordered. */
  get orderableRows() {
    return this.rows.filter((row) => !this.isBlocked(row));
  }

  /** The number of units that can be ordered. */
  get count() {
    return this.orderableRows.reduce((sum, { quantity }) => sum + quantity, 0);
  }

  /** @param {BasketRow} row */
  productOf(row) {
    return this.#products.get(row.product);
  }

  /** @param {BasketRow} row */
  problemOf(row) {
    return problemOf(row, this.productOf(row));
  }

  /**
   * Whether a row cannot be ordered as it is.
   * @param {BasketRow} row
   */
  isBlocked(row) {
    return ![undefined, "priceWas"].includes(this.problemOf(row)?.kind);
  }

  /** @param {number} product */
  quantityOf(product) {
    const rows = this.rows.filter((row) => row.product === product);
    return rows.reduce((sum, { quantity }) => sum + quantity, 0);
  }

  /**
   * Adds units of a product; those with the same options and note are one row.
   * @param {RowRequest} request
   * @param {BasketRow} [replaced] the row whose place it takes
   */
  put(request, replaced) {
    const { rows } = this.#content;
    const index = replaced ? rows.indexOf(replaced) : -1;
    if (index >= 0) rows.splice(index, 1);
    const same = rows.find((row) => isSame(row, request));
    if (same) same.quantity = Math.min(same.quantity + request.quantity, MAX_QUANTITY);
    else rows.splice(index >= 0 ? index : rows.length, 0, { ...request, name: "", price: 0 });
    this.#change();
  }

  /**
   * Takes one unit from the row of this product that was added last.
   * @param {number} product
   */
  takeOne(product) {
    const row = this.rows.filter((each) => each.product === product).pop();
    if (row) this.setQuantity(row, row.quantity - 1);
  }

  /**
   * @param {BasketRow} row
   * @param {number} quantity 0 removes the row
   */
  setQuantity(row, quantity) {
    row.quantity = quantity;
    if (quantity === 0) this.rows.splice(this.rows.indexOf(row), 1);
    this.#change();
  }

  /** @param {{ note?: string, dining?: string, tip?: string }} choice */
  choose(choice) {
    Object.assign(this.#content, choice);
    this.#change();
  }

  /** The chosen way to dine, "" without one. */
  get dining() {
    const { dining } = this.#content;
    return this.#shop.dining.some(({ key }) => key === dining) ? dining : "";
  }

  /** @param {BasketRow} row */
  priceOf(row) {
    const product = this.productOf(row);
    return product ? row.quantity * unitPrice(product, row.options) : 0;
  }

  /** The tip in minor units. */
  get tip() {
    const { tip } = this.#content;
    if (this.#shop.tip_percentages.length === 0 || this.count === 0) return 0;
    return tip.endsWith("%") ? this.tipOf(tip.slice(0, -1)) : Math.round(Number(tip) * 100);
  }

  /** @param {string} percentage */
  tipOf(percentage) {
    return Math.round((this.#rowsTotal * Number(percentage)) / 100);
  }

  /** The price of what can be ordered, and the tip, in minor units. */
  get total() {
    return this.#rowsTotal + this.tip;
  }

  get #rowsTotal() {
    return this.orderableRows.reduce((sum, row) => sum + this.priceOf(row), 0);
  }

  /**
   * Returns the order to make of the basket. The customer has seen its current prices.
   * @returns {OrderRequest}
   */
  request() {
    this.#seePrices(this.rows);
    // Kept until the basket changes: a double tap, or a retry after a lost answer, is one order.
    this.#nonce ??= randomNonce();
    return {
      nonce: this.#nonce,
      rows: this.rows.map(({ product, quantity, options, note }) => ({
        product,
        quantity,
        options,
        note,
      })),
      note: this.#content.note,
      ...(this.dining && { dining: this.dining }),
      ...(this.tip > 0 && { tip: inMajorUnits(this.tip) }),
      total: inMajorUnits(this.total),
    };
  }

  /**
   * Remembers which order was made of the basket.
   * @param {string | null} order "" while the answer is unknown
   */
  setOrder(order) {
    this.#content.order = order;
    if (order) this.#nonce = null; // the same basket makes another order
  }

  #change() {
    this.#nonce = null;
    this.#seePrices(this.rows.filter((row) => row.price === 0));
    this.dispatchEvent(new Event("change"));
  }

  /** @param {BasketRow[]} rows */
  #seePrices(rows) {
    for (const row of rows) {
      const product = this.productOf(row);
      if (product) row.price = unitPrice(product, row.options);
      if (product) row.name = product.name;
    }
  }
}

/**
 * Returns a note as the shop stores it: on one line, without control characters; emoji are kept.
 * @param {string} text
 */
export function cleanNote(text) {
  const line = text.replace(/\s+/g, " ");
  return line.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/gu, "").trim();
}

/** @returns {StoredBasket} */
function emptyBasket() {
  return { rows: [], note: "", dining: "", tip: "", order: null };
}

/**
 * @param {RowRequest} a
 * @param {RowRequest} b
 */
const isSame = (a, b) =>
  a.product === b.product && a.note === b.note && `${a.options}` === `${b.options}`;

/** Returns a unique nonce; crypto.randomUUID is missing on pages served over plain HTTP. */
function randomNonce() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
