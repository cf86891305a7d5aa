// The products, how many of each, and what they come to.

import { Categories } from "./category-nav.js";
import { holdFocus } from "./focus.js";
import { hundredths, money } from "./money.js";
import { say } from "./session.js";

const MOST = 999; // as many of one product as the shop takes

export class Menu {
  #root = document.querySelector("#menu");
  #products = new Map();
  #quantities = new Map();
  #categories = new Categories();
  #currency = "";
  #nonce = null;
  #closed = false;

  /** `submit` is called with the body of the order, `askAgain` to see whether orders are taken. */
  constructor(submit, askAgain) {
    this.#find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      submit(this.#order());
    });
    const again = this.#find("[data-again]");
    again.addEventListener("click", async () => {
      const giveBack = holdFocus(this.#root);
      again.disabled = true;
      await askAgain().finally(() => {
        again.disabled = false;
        giveBack();
      });
    });
  }

  /** Shows the products of a session. What was chosen before stays, as far as it is to be had. */
  fill({ products, categories, parameters, service, closed }) {
    const giveBack = holdFocus(this.#root);
    this.#currency = service.currency;
    this.#products = new Map(products.map((product) => [product.id, product]));
    for (const id of this.#quantities.keys()) {
      if (this.#products.get(id)?.sold_out ?? true) this.#choose(id, 0);
    }
    const rest = { id: null, name: categories.length > 0 ? say("other") : "" };
    const groups = [...categories, rest].map((each) => this.#group(each, products));
    this.#find("[data-groups]").replaceChildren(...groups);
    const headings = this.#find("[data-groups]").querySelectorAll(
      ":scope > section:not([hidden]) > h2:not([hidden])",
    );
    this.#categories.fill([...headings]);
    this.#find("[data-none]").hidden = products.length > 0;
    this.#find(".bar").hidden = products.length === 0 && !closed;
    const table = this.#find("[data-table]");
    table.hidden = !parameters.TABLE;
    table.textContent = say("table", parameters.TABLE);
    this.#closed = Boolean(closed);
    this.#find("[data-closed]").textContent = closed ?? "";
    this.#find("[data-again]").hidden = !closed;
    this.#reckon();
    giveBack();
  }

  /** What each product costs on the page, by its id. */
  get prices() {
    const currency = this.#currency;
    return new Map([...this.#products].map(([id, { price }]) => [id, { price, currency }]));
  }

  /** What is chosen: pairs of a product's id and how many of it. */
  get chosen() {
    return [...this.#quantities];
  }

  set chosen(pairs) {
    this.#nonce = null;
    this.#quantities = new Map(pairs.filter(([, quantity]) => quantity > 0));
  }

  /** Starts anew after an order. */
  clear() {
    this.#quantities.clear();
    this.#nonce = null;
  }

  /** Forgets the nonce, so that the same choice makes another order. */
  renewNonce() {
    this.#nonce = null;
  }

  /** Holds the button while an order is on its way. */
  set busy(busy) {
    this.#find(".bar [type=submit]").disabled = busy || this.#closed;
  }

  #order() {
    // Kept until the rows change: a second tap, or a repeat after a lost answer, is one order.
    this.#nonce ??= randomName();
    const rows = [...this.#quantities].map(([product, quantity]) => ({ product, quantity }));
    return { nonce: this.#nonce, rows, total: (this.#total() / 100).toFixed(2) };
  }

  /** Returns those of the products that are of one category, under its name. */
  #group({ id, name }, products) {
    const element = this.#find("[data-group]").content.cloneNode(true);
    const heading = element.querySelector("[data-name]");
    heading.textContent = name;
    heading.hidden = !name;
    const own = products.filter((product) => product.category === id);
    const rows = own.map((product) => this.#row(product));
    element.querySelector("[data-products]").replaceChildren(...rows);
    element.querySelector("section").hidden = rows.length === 0;
    return element;
  }

  #row(product) {
    const element = this.#find("[data-product]").content.cloneNode(true);
    element.querySelector("li").dataset.id = product.id;
    element.querySelector("[data-name]").textContent = product.name;
    const price = money(hundredths(product.price), this.#currency);
    element.querySelector("[data-price]").textContent = price;
    this.#showPicture(element.querySelector("[data-picture]"), product.picture);
    element.querySelector("[data-sold-out]").hidden = !product.sold_out;
    if (product.sold_out) element.querySelector("[data-stepper]").remove();
    else this.#step(element, product);
    return element;
  }

  #showPicture(image, picture) {
    if (!picture) {
      image.remove();
      return;
    }
    image.src = picture.url;
    image.alt = picture.alt;
    image.width = picture.width;
    image.height = picture.height;
  }

  #step(element, product) {
    const [less, more] = ["less", "more"].map((which) => {
      const button = element.querySelector(`[data-${which}]`);
      button.setAttribute("aria-label", say(which, product.name));
      return button;
    });
    const output = element.querySelector("[data-quantity]");
    const change = (by) => {
      const quantity = (this.#quantities.get(product.id) ?? 0) + by;
      if (quantity < 0 || quantity > MOST) return;
      if (by) this.#choose(product.id, quantity);
      output.textContent = quantity;
      less.disabled = quantity === 0;
      more.disabled = quantity === MOST;
      if (by && less.disabled) more.focus();
      this.#reckon();
    };
    less.addEventListener("click", () => change(-1));
    more.addEventListener("click", () => change(1));
    change(0);
  }

  #choose(id, quantity) {
    this.#nonce = null;
    if (quantity > 0) this.#quantities.set(id, quantity);
    else this.#quantities.delete(id);
  }

  #total() {
    let total = 0;
    for (const [id, quantity] of this.#quantities) {
      total += quantity * hundredths(this.#products.get(id).price);
    }
    return total;
  }

  #reckon() {
    const total = this.#total();
    this.#find("[data-count]").textContent = this.#count();
    this.#find("[data-total]").textContent = money(total, this.#currency);
    this.#find("[data-chosen]").replaceChildren(...this.#lines());
    this.busy = false;
  }

  #count() {
    const count = [...this.#quantities.values()].reduce((sum, each) => sum + each, 0);
    if (count === 0) return say("nothing");
    const form = new Intl.PluralRules(document.documentElement.lang).select(count);
    return say(`items-${form}`, count) || say("items-other", count);
  }

  /** Returns what was chosen, as the menu has it; a wide window has room for it. */
  #lines() {
    const chosen = [...this.#products.values()].filter(({ id }) => this.#quantities.has(id));
    return chosen.map(({ id, name, price }) => {
      const element = this.#find("[data-line]").content.cloneNode(true);
      const quantity = this.#quantities.get(id);
      element.querySelector("[data-name]").textContent = `${quantity} × ${name}`;
      const amount = money(quantity * hundredths(price), this.#currency);
      element.querySelector("[data-amount]").textContent = amount;
      return element;
    });
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }
}

/** Returns a name that no other order has, also where the page came over plain http. */
function randomName() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
