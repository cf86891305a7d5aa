// Another language: the page comes anew in it, and takes along what only this one knows.

import { writeFragment } from "./fragment.js";

/** `known` returns what to take along: the token, an order's reference, what is chosen. */
export function takeAlong(known) {
  for (const link of document.querySelectorAll("[data-language]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.replace(`${link.search}#${writeFragment(known())}`);
    });
  }
}
