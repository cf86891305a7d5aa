// The customer's orders at the shop: each can be shown, and ordered again.

import { copyTemplate, find } from "./dom.js";
import { keepStateAcrossLanguages } from "./language-links.js";
import { formatMoney, toMinorUnits } from "./money.js";
import { OrderView } from "./order-view.js";
import { showView } from "./page.js";
import { Session } from "./session.js";

const root = find(document, "#my-orders");
const listUrl = root.dataset.url ?? "";
const session = new Session();
const orderView = new OrderView(session, () => history.back());
let scrolledTo = 0;

keepStateAcrossLanguages(() => ({ token: session.api.token }));
// An order that is shown has an entry in the history, so that the phone's own button leads back.
window.addEventListener("popstate", () => showList());

session.resume(showList);

/** Shows the list as it is now, where it was scrolled to. */
async function showList() {
  orderView.stop();
  await session.guard(async () => {
    render(await session.request("GET", listUrl));
  });
  if (!find(document, "#scan").hidden) return;
  showView("my-orders");
  window.scrollTo(0, scrolledTo);
}

/** @param {{ orders: ListedOrder[] }} list newest first */
function render({ orders }) {
  find(root, "[data-none]").hidden = orders.length > 0;
  const days = [...new Set(orders.map(({ day }) => day))].map((day) => {
    const element = copyTemplate(root, "[data-day]");
    find(element, "[data-name]").textContent = day;
    const ofDay = orders.filter((order) => order.day === day);
    find(element, "[data-orders]").replaceChildren(...ofDay.map(listed));
    return element;
  });
  find(root, "[data-days]").replaceChildren(...days);
}

/** @param {ListedOrder} order */
function listed(order) {
  const element = copyTemplate(root, "[data-order]");
  const setText = (/** @type {string} */ selector, /** @type {string} */ text) => {
    find(element, selector).textContent = text;
  };
  setText("[data-number]", order.number);
  setText("[data-state]", order.short_state);
  setText("[data-total]", formatMoney(toMinorUnits(order.total.value), order.total.currency));
  setText("[data-contents]", `${order.ordered_at.slice(11, 16)} · ${order.contents}`);
  find(element, "li").dataset.progress = order.progress ?? "";
  find(element, "[data-show]").addEventListener("click", () => show(order.url));
  find(element, "[data-again]").addEventListener("click", (event) => {
    event.preventDefault();
    session.goToMenu(order.id);
  });
  const receipt = find(element, "[data-receipt]", HTMLAnchorElement);
  receipt.hidden = !order.receipt_url;
  receipt.href = order.receipt_url ?? "";
  return element;
}

/** @param {string} url */
async function show(url) {
  scrolledTo = window.scrollY;
  await session.guard(async () => {
    const order = await session.request("GET", url);
    history.pushState(null, "");
    orderView.follow(order);
  });
}
