// The page that a browser returns to from the app: follows the order until it is served.

import { ApiClient } from "./api-client.js";
import { find, setText } from "./dom.js";
import { formatMoney, toMinorUnits } from "./money.js";
import { awaitsKitchen, awaitsPayment, OrderStream } from "./order-stream.js";
import { Tracker } from "./tracker.js";

const main = find(document, "#main");
const api = new ApiClient();
const tracker = new Tracker(main);
/** @type {OrderStream<ReturnedOrder>} */
const stream = new OrderStream(api, {
  onOrder: show,
  onNotice: showNotice,
  onError: () => {}, // the page keeps the last known state
});
const { stateUrl = "", eventsUrl = "", state = "", progress } = main.dataset;
stream.follow(stateUrl, eventsUrl, { state, progress });

/** @param {string} name */
function showNotice(name) {
  const notice = find(document, "#notice");
  notice.textContent = notice.dataset[name] ?? name;
}

/** @param {ReturnedOrder} order */
function show(order) {
  main.dataset.state = order.state;
  setText(find(main, "[data-heading]"), order.heading);
  setText(find(main, "[data-message]"), order.message);
  const amount = formatMoney(toMinorUnits(order.total.value), order.total.currency);
  setText(find(main, "[data-total]"), amount);
  find(main, "[data-waiting]").hidden = !awaitsKitchen(order);
  find(main, "[data-final]").hidden = awaitsPayment(order) || awaitsKitchen(order);
  find(main, "[data-to-pay]").hidden = order.state !== "awaiting_payment";
  const { receipt_url: receiptUrl } = order;
  const links = find(main, "[data-receipt]");
  links.hidden = !receiptUrl;
  find(links, "[data-receipt-page]", HTMLAnchorElement).href = receiptUrl ?? "";
  find(links, "[data-receipt-pdf]", HTMLAnchorElement).href = receiptUrl ? `${receiptUrl}.pdf` : "";
  tracker.show(order);
}
