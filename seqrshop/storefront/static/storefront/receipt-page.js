// The page of a receipt that is being mailed: says when the mail is sent, or could not be.

import { find } from "./dom.js";

const PAUSE_MS = 1000;
const message = find(document, "#mail-state");
const { url = "" } = message.dataset;

async function follow() {
  while (message.dataset.state === "waiting") {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    try {
      const response = await fetch(url);
      if (response.ok) show((await response.json()).state);
    } catch {
      // no network: the next attempt follows
    }
  }
}

/** @param {string} state */
function show(state) {
  if (state === "waiting") return;
  message.dataset.state = state;
  message.textContent = message.dataset[state] ?? "";
  find(document, "#mail form").hidden = state === "sent";
}

follow();
