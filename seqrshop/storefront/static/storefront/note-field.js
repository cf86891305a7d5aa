// A note: a text of limited length, with a counter beside it.

import { cleanNote } from "./basket.js";
import { find } from "./dom.js";

export class NoteField {
  #input;
  #counter;

  /**
   * @param {HTMLElement} root
   * @param {(note: string) => void} [onChange] called with the cleaned note as it is typed: a
   *   customer may go to another app before leaving the field
   */
  constructor(root, onChange = () => {}) {
    this.#input = find(root, "textarea", HTMLTextAreaElement);
    this.#counter = find(root, "[data-counter]");
    this.#input.addEventListener("input", () => {
      this.#count();
      onChange(this.value);
    });
    // Browsers scroll to the caret, and may leave half of the field out of sight.
    this.#input.addEventListener("focus", () => this.#input.scrollIntoView({ block: "nearest" }));
  }

  get value() {
    return cleanNote(this.#input.value);
  }

  set value(note) {
    if (this.value !== note) this.#input.value = note;
    this.#count();
  }

  #count() {
    const { value, maxLength } = this.#input;
    this.#counter.textContent = `${value.length}/${maxLength}`;
  }
}
