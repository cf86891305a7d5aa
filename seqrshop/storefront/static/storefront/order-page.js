// The order page: choose products, order, wait, pay.

import { ApiError } from "./api-client.js";
import { find } from "./dom.js";
import { preserveFocus } from "./focus.js";
import { FormErrors } from "./form-errors.js";
import { keepStateAcrossLanguages } from "./language-links.js";
import { Menu } from "./menu.js";
import { keepMenuFresh } from "./menu-refresh.js";
import { OrderView } from "./order-view.js";
import { showNotice, showView, translate } from "./page.js";
import { Session } from "./session.js";

const UNPAID_FINAL_STATES = ["canceled", "failed", "expired"];

const menuView = find(document, "#menu");
const { ordersUrl = "" } = find(document, "#main").dataset;
const session = new Session();
const menu = new Menu(submit, refresh);
const orderView = new OrderView(session, returnToMenu);
const formErrors = new FormErrors();
/** @type {SessionDetails} */
let details;
let submitting = false;

keepStateAcrossLanguages(() => ({
  token: session.api.token,
  reference: orderView.reference,
  basket: menu.basket,
}));

session.start((opened, { reference, basket }) => {
  details = opened;
  orderView.stop();
  if (basket) menu.basket = basket;
  menu.render(details);
  // With a basket, the reference is of the order that was shown before the language changed.
  const order = details.order ?? (basket && reference ? details.latest_order : null);
  if (order) orderView.follow(order);
  else showView("menu");
});

const isChoosing = () => !submitting && !menuView.hidden;

keepMenuFresh({
  isShown: isChoosing,
  isClosed: () => Boolean(details?.unavailable_message),
  refresh,
});

/**
 * Keeps the basket of an order that was never paid; after any other order, it starts empty.
 * @param {OrderState} state
 */
function returnToMenu(state) {
  if (!UNPAID_FINAL_STATES.includes(state)) menu.clear();
  menu.render(details);
  showNotice("");
  showView("menu");
}

/** @param {OrderRequest} request */
async function submit(request) {
  if (submitting) return;
  formErrors.clear();
  if (request.rows.length === 0) {
    formErrors.showGeneral(translate("chooseFirst"));
    return;
  }
  const restoreFocus = preserveFocus(menuView);
  submitting = true;
  menu.setBusy(true);
  try {
    await session.guard(async () => {
      const order = await session.api.requestUntilAnswered("POST", ordersUrl, request, showNotice);
      menu.resetNonce();
      orderView.follow(order, { opensApp: true });
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    await showRejection(error.body, request);
  } finally {
    submitting = false;
    menu.setBusy(false);
    restoreFocus();
  }
}

/**
 * Shows why there is no new order: another is open, the menu has changed, or the shop is closed.
 * @param {ErrorBody} body
 * @param {OrderRequest} request
 */
async function showRejection(body, request) {
  if (body.order) {
    orderView.follow(body.order);
    showNotice(body.message);
    return;
  }
  const shownPrices = menu.shownPrices;
  await reload();
  if (body.error === "shop_unavailable") return; // the menu shows why
  formErrors.showRejection(body, request, shownPrices);
}

/** Updates the menu. If an order was made in another tab meanwhile, shows that. */
async function refresh() {
  await reload();
  if (details.order && isChoosing()) orderView.follow(details.order);
}

function reload() {
  return session.guard(async () => {
    details = await session.refresh();
    menu.render(details);
  });
}
