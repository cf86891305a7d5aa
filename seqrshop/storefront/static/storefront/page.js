// The parts of a page that its scripts share: its texts, its notice and its views.

import { find, setText } from "./dom.js";

const REDUCED_MOTION = matchMedia("(prefers-reduced-motion: reduce)");

const { content } = find(document, "#texts", HTMLTemplateElement);
const texts = new Map(
  Array.from(content.querySelectorAll("span"), ({ dataset, textContent }) => [
    dataset.text,
    textContent,
  ]),
);

/**
 * Returns a text of the page's template, with its {} replaced.
 * @param {string} name
 * @param {string | number} [part]
 */
export const translate = (name, part = "") => (texts.get(name) ?? "").replace("{}", String(part));

/**
 * Shows a notice above the page; an empty one hides it.
 * @param {string} text a text, or the name of one in the page's template
 */
export function showNotice(text) {
  setText(find(document, "#notice"), texts.get(text) ?? text);
}

/**
 * Shows one view and moves the focus to its heading, with a transition where the browser has them and
 * motion is welcome. The first view of a page appears at once.
 * @param {string} id
 */
export function showView(id) {
  const isFirst = !find(document, "#connecting").hidden;
  if (isFirst || !document.startViewTransition || REDUCED_MOTION.matches) change();
  else document.startViewTransition(change).ready.catch(() => {}); // another view came first

  function change() {
    for (const view of document.querySelectorAll("#main > section")) {
      view.toggleAttribute("hidden", view.id !== id);
    }
    window.scrollTo(0, 0);
    find(document, `#${id} h1`).focus({ preventScroll: true });
  }
}
