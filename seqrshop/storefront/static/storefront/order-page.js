// The order page: choose products, order, wait, pay.

import { Basket } from "./basket.js";
import { activateBar, isBeside, placeBasket } from "./basket-bar.js";
import { forgetPaidBasket, loadBasket, saveBasket, storageName } from "./basket-store.js";
import { find } from "./dom.js";
import { keepStateAcrossLanguages } from "./language-links.js";
import { loadScript } from "./lazy.js";
import { Menu } from "./menu.js";
import { keepMenuFresh } from "./menu-refresh.js";
import { showNotice, showView, translate } from "./page.js";
import { rememberScroll, restoreScroll } from "./scroll-memory.js";
import { Session } from "./session.js";
import { Sheets } from "./sheets.js";

/** @typedef {import("./awaited-orders.js").AwaitedOrders} AwaitedOrders */
/** @typedef {import("./checkout.js").Checkout} Checkout */
/** @typedef {import("./product-sheet.js").ProductSheet} ProductSheet */

const UNPAID_FINAL_STATES = ["canceled", "failed", "expired"];

const menuView = find(document, "#menu");
const session = new Session();
const basket = new Basket();
const sheets = new Sheets();
const menu = new Menu(basket, { openProduct, refresh });
const updateBar = activateBar(basket, openBasket);
/** @type {SessionDetails} */
let details;
/** @type {Promise<Checkout> | undefined} */
let checkoutLoading;
/** @type {Checkout | undefined} */
let checkout;
/** @type {Promise<ProductSheet> | undefined} */
let productSheetLoading;
/** @type {AwaitedOrders | undefined} */
let awaitedOrders;

placeBasket();
rememberScroll(() => !menuView.hidden);
keepStateAcrossLanguages(() => ({
  token: session.api.token,
  reference: checkout?.orderView.reference,
  basket: details && loadBasket(details.basket_key),
}));
basket.addEventListener("change", () => {
  save();
  showBasket();
});
find(document, "#basket").addEventListener("submit", async (event) => {
  event.preventDefault();
  (await loadCheckout()).submit();
});
window.addEventListener("storage", ({ key }) => {
  if (!details || key !== storageName(details.basket_key) || checkout?.isSubmitting) return;
  basket.restore(loadBasket(details.basket_key)); // another tab has changed it
  render();
});

session.start(async (opened, { reference, again, basket: passedOn }) => {
  details = opened;
  checkout?.orderView.stop();
  const { basket_key: key, latest_order: latest } = details;
  if (latest) forgetPaidBasket(key, latest);
  basket.restore(loadBasket(key) ?? passedOn);
  if (details.order && basket.content.order === "") {
    basket.setOrder(details.order.id); // its answer was lost
    save();
  }
  render();
  // With a basket, the reference is of the order that was shown before the language changed.
  const order = details.order ?? (passedOn !== undefined && reference ? latest : null);
  if (order) {
    (await loadCheckout()).follow(order);
    return;
  }
  showView("menu");
  if (!details.unavailable_message) restoreScroll();
  showAwaitedOrders();
  if (again) orderAgain(again);
});

const isChoosing = () => !checkout?.isSubmitting && !menuView.hidden;

keepMenuFresh({
  isShown: isChoosing,
  isClosed: () => Boolean(details?.unavailable_message),
  refresh,
});

/** Shows the menu, the basket and their prices as the session gives them. */
function render() {
  basket.setMenu(details);
  const { TABLE: table } = details.parameters;
  const place = find(document, "[data-table]");
  place.hidden = !table;
  place.textContent = translate("table", table);
  menu.render(details);
  checkout?.view.render(details);
  showBasket();
}

/** Shows what is in the basket. With something in it, the checkout is needed soon. */
function showBasket() {
  menu.update();
  updateBar();
  if (basket.rows.length > 0 || isBeside()) loadCheckout();
}

function save() {
  saveBasket(details.basket_key, basket.content);
}

/** Opens the basket's sheet; on a wide screen the basket stands beside the menu already. */
async function openBasket() {
  if (!isBeside()) (await loadCheckout()).openBasket();
}

/**
 * @param {Product} product
 * @param {BasketRow} [row]
 */
async function openProduct(product, row) {
  productSheetLoading ??= loadScript(menuView.dataset.productSheet ?? "").then(
    ({ ProductSheet }) => new ProductSheet(basket, sheets),
  );
  const sheet = await productSheetLoading;
  sheet.open(product, { row, canOrder: !details.unavailable_message });
}

function loadCheckout() {
  checkoutLoading ??= createCheckout();
  return checkoutLoading;
}

async function createCheckout() {
  /** @type {typeof import("./checkout.js")} */
  const { Checkout } = await loadScript(menuView.dataset.checkout ?? "");
  const page = { session, basket, sheets, save, reload, leaveMenu, returnToMenu, openProduct };
  checkout = new Checkout(page);
  checkout.view.render(details);
  return checkout;
}

/** Shows the orders that the kitchen has yet to serve, and the way to all of the customer's. */
async function showAwaitedOrders() {
  const { awaited_orders: orders, latest_order: latest } = details;
  find(menuView, "[data-my-orders]").hidden = !latest;
  if (!awaitedOrders && orders.length > 0) {
    /** @type {typeof import("./awaited-orders.js")} */
    const { AwaitedOrders } = await loadScript(menuView.dataset.awaitedOrders ?? "");
    awaitedOrders = new AwaitedOrders(session, openOrder);
  }
  if (!checkout?.orderView.isShown) awaitedOrders?.show(orders);
}

/** @param {string} url */
async function openOrder(url) {
  await session.guard(async () => {
    const order = await session.request("GET", url);
    (await loadCheckout()).follow(order);
  });
}

/**
 * Fills the basket with an earlier order of the customer, and says what is no longer available.
 * @param {string} id
 */
async function orderAgain(id) {
  if (details.unavailable_message) return;
  /** @type {typeof import("./order-again.js")} */
  const { fillBasket } = await loadScript(menuView.dataset.orderAgain ?? "");
  const missing = await fillBasket(basket, session, id);
  const text = missing.length > 0 ? translate("missing", missing.join(", ")) : "";
  find(menuView, "[data-missing]").textContent = text;
  if (missing.length === 0 && basket.rows.length > 0) openBasket();
}

function leaveMenu() {
  awaitedOrders?.stop();
}

/**
 * Keeps the basket of an order that was not paid; that of a paid one is no longer stored.
 * @param {OrderState} state of the order that the customer leaves
 */
function returnToMenu(state) {
  basket.restore(loadBasket(details.basket_key));
  render();
  showNotice("");
  showView("menu");
  if (UNPAID_FINAL_STATES.includes(state)) showAwaitedOrders();
  else reload(); // the order may have to be served yet
}

/** Updates the menu. If an order was made in another tab meanwhile, shows that. */
async function refresh() {
  await reload();
  if (details.order && isChoosing()) (await loadCheckout()).follow(details.order);
}

function reload() {
  return session.guard(async () => {
    details = await session.refresh();
    render();
    await showAwaitedOrders();
  });
}
