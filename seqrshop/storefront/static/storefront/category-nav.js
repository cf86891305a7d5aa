// The category buttons of a long menu: each scrolls to its heading, and the current one is marked.

import { find } from "./dom.js";

const MIN_CATEGORIES = 3;
const SCROLLING_EVENTS = ["wheel", "touchmove", "keydown"];

export class CategoryNav {
  #nav = find(document, "[data-categories]");
  /** @type {Map<HTMLElement, HTMLButtonElement>} by their headings */
  #buttons = new Map();
  #isPinned = false; // a button's heading stays marked until the customer scrolls

  constructor() {
    // The strip sticks below the header, whose height depends on the shop's name.
    const header = find(document, ".header");
    new ResizeObserver(() => {
      const height = `${header.offsetHeight}px`;
      document.documentElement.style.setProperty("--header-height", height);
    }).observe(header);
    let isWaiting = false;
    const markCurrent = () => {
      isWaiting = false;
      if (!this.#isPinned) this.#mark(this.#currentHeading());
    };
    const onScroll = () => {
      if (!isWaiting && !this.#nav.hidden) requestAnimationFrame(markCurrent);
      isWaiting = !this.#nav.hidden;
    };
    const unpin = () => {
      this.#isPinned = false;
    };
    window.addEventListener("scroll", onScroll, { passive: true });
    for (const event of SCROLLING_EVENTS) window.addEventListener(event, unpin, { passive: true });
  }

  /**
   * Shows a button for each heading, if there are enough of them.
   * @param {HTMLElement[]} headings
   */
  render(headings) {
    this.#nav.hidden = headings.length < MIN_CATEGORIES;
    this.#buttons = new Map(headings.map((heading) => [heading, this.#button(heading)]));
    this.#nav.replaceChildren(...this.#buttons.values());
    this.#mark(headings[0]);
  }

  /** @param {HTMLElement} heading */
  #button(heading) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => {
      heading.focus({ preventScroll: true }); // so that Tab continues from there
      heading.scrollIntoView({ behavior: scrollBehavior() });
      this.#mark(heading);
      this.#isPinned = true;
    });
    button.addEventListener("focus", () => {
      if (button.matches(":focus-visible")) this.#center(button, "auto"); // not under a finger
    });
    return button;
  }

  /** Returns the last heading above a line that moves down the window as the page is scrolled. */
  #currentHeading() {
    const { scrollHeight, clientHeight } = document.documentElement;
    const scrolled = window.scrollY / Math.max(1, scrollHeight - clientHeight);
    const line = Math.max(0, this.#nav.getBoundingClientRect().bottom) + scrolled * clientHeight;
    const headings = [...this.#buttons.keys()];
    const above = headings.filter((heading) => heading.getBoundingClientRect().top <= line);
    return above.pop() ?? headings[0];
  }

  /** @param {HTMLElement} current */
  #mark(current) {
    for (const [heading, button] of this.#buttons) {
      if (heading !== current) button.removeAttribute("aria-current");
      else if (!button.hasAttribute("aria-current")) {
        button.setAttribute("aria-current", "true");
        this.#center(button, scrollBehavior());
      }
    }
  }

  /**
   * Scrolls the strip until a button is in its middle.
   * @param {HTMLButtonElement} button
   * @param {ScrollBehavior} behavior
   */
  #center(button, behavior) {
    const left = button.offsetLeft - (this.#nav.clientWidth - button.offsetWidth) / 2;
    this.#nav.scrollTo({ left, behavior });
  }
}

/** @returns {ScrollBehavior} */
const scrollBehavior = () =>
  matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
