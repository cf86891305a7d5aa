// Shows why an order is rejected, beside the field that it is about: one of the basket's own, or a row.

import { find, setText } from "./dom.js";

export class FormErrors {
  #root;

  /** @param {HTMLElement} root has a place for each field, and for all other errors that of "order" */
  constructor(root) {
    this.#root = root;
  }

  clear() {
    for (const place of this.#root.querySelectorAll("[data-error]")) setText(place, "");
  }

  /**
   * Shows an error, and scrolls to it.
   * @param {string} field "dining", "tip" or "note"; any other means the order
   * @param {string} text
   */
  show(field, text) {
    const named = this.#root.querySelector(`[data-error="${CSS.escape(field)}"]`);
    const place = named ?? find(this.#root, '[data-error="order"]');
    setText(place, text);
    place.scrollIntoView({ block: "nearest" });
  }
}
