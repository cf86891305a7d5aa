// The language links: they reload the page in another language and pass its state on.

import { writeFragment } from "./fragment.js";

/** @param {() => Fragment} pageState called when a link is followed */
export function keepStateAcrossLanguages(pageState) {
  for (const link of document.querySelectorAll("a")) {
    if (!("language" in link.dataset)) continue;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.replace(`${link.search}#${writeFragment(pageState())}`);
    });
  }
}
