// Where the menu is long: a button for each of its headings, which leads there and tells where one is.

const ENOUGH = 3;
const BY_HAND = ["wheel", "touchmove", "keydown"];

export class Categories {
  #nav = document.querySelector("[data-categories]");
  #buttons = new Map();
  #led = false; // to a heading, which stays marked until the customer scrolls on

  constructor() {
    let waiting = false;
    const look = () => {
      waiting = false;
      if (!this.#led) this.#mark(this.#inSight());
    };
    const lookSoon = () => {
      if (!waiting && !this.#nav.hidden) requestAnimationFrame(look);
      waiting = !this.#nav.hidden;
    };
    window.addEventListener("scroll", lookSoon, { passive: true });
    for (const event of BY_HAND) {
      window.addEventListener(event, () => (this.#led = false), { passive: true });
    }
  }

  /** Shows a button for each heading, if there are enough of them. */
  fill(headings) {
    this.#nav.hidden = headings.length < ENOUGH;
    this.#buttons = new Map(headings.map((heading) => [heading, this.#button(heading)]));
    this.#nav.replaceChildren(...this.#buttons.values());
    this.#mark(headings[0]);
  }

  #button(heading) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => {
      heading.focus({ preventScroll: true }); // so that Tab goes on from there
      heading.scrollIntoView({ behavior: isCalm() ? "auto" : "smooth" });
      this.#mark(heading);
      this.#led = true;
    });
    button.addEventListener("focus", () => {
      if (button.matches(":focus-visible")) this.#bring(button, "auto"); // a finger is on it already
    });
    return button;
  }

  /** Returns the last heading above a line that goes from the window's top to its bottom meanwhile. */
  #inSight() {
    const { scrollHeight, clientHeight } = document.documentElement;
    const far = window.scrollY / Math.max(1, scrollHeight - clientHeight);
    const line = this.#nav.offsetHeight + far * clientHeight;
    const headings = [...this.#buttons.keys()];
    const above = headings.filter((heading) => heading.getBoundingClientRect().top <= line);
    return above.pop() ?? headings[0];
  }

  #mark(heading) {
    for (const [each, button] of this.#buttons) {
      if (each !== heading) button.removeAttribute("aria-current");
      else if (!button.hasAttribute("aria-current")) {
        button.setAttribute("aria-current", "true");
        this.#bring(button, isCalm() ? "auto" : "smooth");
      }
    }
  }

  /** Brings a button to the middle of the strip. */
  #bring(button, behavior) {
    const left = button.offsetLeft - (this.#nav.clientWidth - button.offsetWidth) / 2;
    this.#nav.scrollTo({ left, behavior });
  }
}

const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
