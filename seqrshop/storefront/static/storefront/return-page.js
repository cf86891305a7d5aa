// The page that a browser comes back to from the app: follows the order until it is settled.

import { Live, isSettled } from "./order-stream.js";
import { hundredths, money } from "./money.js";
import { Shop } from "./api-client.js";

const main = document.querySelector("#main");
const shop = new Shop();
const live = new Live({
  ask: (url) => shop.ask("GET", url),
  open: (url, signal) => shop.open(url, signal),
  changed: show,
  away: notice,
  refused: () => {}, // what the page shows is still the last that we know
});
live.follow(main.dataset.stateUrl, main.dataset.eventsUrl, main.dataset.state);

function notice(word) {
  const element = document.querySelector("#notice");
  element.textContent = element.dataset[word] ?? word;
}

function show({ state, heading, message, total, receipt_url: receipt }) {
  if (state === main.dataset.state) return;
  main.dataset.state = state;
  main.querySelector("[data-heading]").textContent = heading;
  main.querySelector("[data-message]").textContent = message;
  main.querySelector("[data-total]").textContent = money(hundredths(total.value), total.currency);
  main.querySelector("[data-done]").hidden = !isSettled(state);
  main.querySelector("[data-to-pay]").hidden = state !== "awaiting_payment";
  const links = main.querySelector("[data-receipt]");
  links.hidden = !receipt;
  links.querySelector("[data-page]").href = receipt ?? "";
  links.querySelector("[data-pdf]").href = receipt ? `${receipt}.pdf` : "";
}
