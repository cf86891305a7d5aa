// How every page begins: the token out of the address, the session, and which view is seen.

import { takeFragment } from "./fragment.js";
import { Refused, Shop } from "./api-client.js";

const words = new Map();
for (const word of document.querySelector("#words").content.querySelectorAll("[data-word]")) {
  words.set(word.dataset.word, word.textContent);
}

/** Returns a text of the template's, with its {} filled in. */
export const say = (word, part = "") => (words.get(word) ?? "").replace("{}", part);

/** Tells the customer something beside what the page shows: a word of the template, or a text. */
export function notice(text) {
  const element = document.querySelector("#notice");
  const told = words.get(text) ?? text;
  if (element.textContent !== told) element.textContent = told;
}

/** Shows one view and moves the focus to its heading. */
export function show(id) {
  for (const view of document.querySelectorAll("#main > section")) view.hidden = view.id !== id;
  window.scrollTo(0, 0);
  document.querySelector(`#${id} h1`).focus({ preventScroll: true });
}

export class Visit {
  shop = new Shop();
  #page = document.querySelector("#main").dataset;

  /**
   * Calls `opened` with the session and what the fragment says, now and whenever another scan leads
   * to this same page. Without a visit, the page asks to scan again.
   */
  begin(opened) {
    let scans = 0;
    const open = async () => {
      const scan = ++scans;
      const fragment = takeFragment();
      if (fragment === undefined) {
        this.ended();
        return;
      }
      show("connecting");
      if (fragment?.token) this.shop.token = fragment.token;
      await this.guard(async () => {
        const session = await this.#open(fragment ?? {});
        if (scan === scans) opened(session, fragment ?? {});
      });
    };
    window.addEventListener("hashchange", () => {
      if (location.hash.length > 1) open();
    });
    return open();
  }

  /** Asks for the session once more, such as for the prices of now. */
  renew() {
    return this.#open({});
  }

  /** Runs `work`; where the visit has ended meanwhile, the page asks to scan again. */
  async guard(work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refused) || ![401, 403].includes(error.status)) throw error;
      this.ended(error.body);
    }
  }

  /** Asks to scan again, and says why where it is not only that the visit is over. */
  ended({ error = "scan_again", message } = {}) {
    const reason = document.querySelector("#scan [data-reason]");
    if (error !== "scan_again") reason.textContent = message;
    this.shop.token = null;
    notice("");
    show("scan");
  }

  /** Goes to the order page, the token in the fragment where there are perhaps no cookies. */
  goToMenu() {
    const url = this.#page.orderPageUrl + location.search; // which may name the language
    location.assign(this.shop.token ? `${url}#${this.shop.token}` : url);
  }

  #open({ token, reference }) {
    const body = {};
    if (token) body.token = token;
    if (reference) body.invoice_reference = reference;
    return this.shop.askUntilAnswered("POST", this.#page.sessionUrl, body, notice);
  }
}
