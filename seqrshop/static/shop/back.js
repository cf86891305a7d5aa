// The page that a browser comes back to from the app: asks how the order stands until it is settled.

import { hundredths, money } from "./money.js";

const UNSETTLED = ["created", "sending", "awaiting_payment", "cancel_pending", "needs_attention"];
const POLL_MS = 1000;
const SELDOM_MS = 5000;

const main = document.querySelector("#main");
let timer = 0;
schedule();
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") ask();
});

function schedule() {
  clearTimeout(timer);
  if (!UNSETTLED.includes(main.dataset.state)) return;
  const seldom = document.hidden || main.dataset.state === "needs_attention";
  timer = setTimeout(ask, seldom ? SELDOM_MS : POLL_MS);
}

async function ask() {
  try {
    const response = await fetch(main.dataset.stateUrl, { cache: "no-store" });
    if (response.ok) show(await response.json());
  } catch {
    // No connection just now: what the page shows is still the last that we know.
  }
  schedule();
}

function show({ state, heading, message, total, receipt_url: receipt }) {
  if (state === main.dataset.state) return;
  main.dataset.state = state;
  main.querySelector("[data-heading]").textContent = heading;
  main.querySelector("[data-message]").textContent = message;
  main.querySelector("[data-total]").textContent = money(hundredths(total.value), total.currency);
  main.querySelector("[data-done]").hidden = UNSETTLED.includes(state);
  const links = main.querySelector("[data-receipt]");
  links.hidden = !receipt;
  links.querySelector("[data-page]").href = receipt ?? "";
  links.querySelector("[data-pdf]").href = receipt ? `${receipt}.pdf` : "";
}
