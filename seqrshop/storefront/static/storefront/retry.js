// Reloads an error page: at a tap, and by itself once an overloaded shop asks for it.
// A reload keeps the fragment of the address, which may hold the customer's token.

import { find } from "./dom.js";

const MAX_JITTER_MS = 1000; // many pages got this error at the same time

const link = find(document, "[data-retry]");

link.addEventListener("click", (event) => {
  event.preventDefault();
  location.reload();
});

const seconds = Number(link.dataset.retry);
if (seconds > 0) {
  setTimeout(() => location.reload(), seconds * 1000 + Math.random() * MAX_JITTER_MS);
}
