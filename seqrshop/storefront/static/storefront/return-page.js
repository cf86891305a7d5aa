// The page that a browser returns to from the app: follows the order until its state is final.

import { ApiClient } from "./api-client.js";
import { find } from "./dom.js";
import { formatMoney, toMinorUnits } from "./money.js";
import { isFinal, OrderStream } from "./order-stream.js";

const main = find(document, "#main");
const api = new ApiClient();
const stream = new OrderStream({
  fetchOrder: (url) => api.request("GET", url),
  openStream: (url, signal) => api.openStream(url, signal),
  onOrder: show,
  onNotice: showNotice,
  onError: () => {}, // the page keeps the last known state
});
const { stateUrl = "", eventsUrl = "", state = "" } = main.dataset;
stream.follow(stateUrl, eventsUrl, state);

/** @param {string} name */
function showNotice(name) {
  const notice = find(document, "#notice");
  notice.textContent = notice.dataset[name] ?? name;
}

/** @param {ReturnedOrder} order */
function show({ state, heading, message, total, receipt_url: receiptUrl }) {
  if (state === main.dataset.state) return;
  main.dataset.state = state;
  find(main, "[data-heading]").textContent = heading;
  find(main, "[data-message]").textContent = message;
  const amount = formatMoney(toMinorUnits(total.value), total.currency);
  find(main, "[data-total]").textContent = amount;
  find(main, "[data-final]").hidden = !isFinal(state);
  find(main, "[data-to-pay]").hidden = state !== "awaiting_payment";
  const links = find(main, "[data-receipt]");
  links.hidden = !receiptUrl;
  find(links, "[data-receipt-page]", HTMLAnchorElement).href = receiptUrl ?? "";
  find(links, "[data-receipt-pdf]", HTMLAnchorElement).href = receiptUrl ? `${receiptUrl}.pdf` : "";
}
