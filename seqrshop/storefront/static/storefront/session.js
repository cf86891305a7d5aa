// Starts every page: takes the token out of the address, opens the session, chooses the first view.

import { ApiClient, ApiError, ApiUnavailable } from "./api-client.js";
import { forgetPaidBasket } from "./basket-store.js";
import { find } from "./dom.js";
import { takeFragment, writeFragment } from "./fragment.js";
import { showNotice, showView } from "./page.js";

export class Session {
  api = new ApiClient();
  #page = find(document, "#main").dataset;
  #basketKey = "";

  constructor() {
    document.addEventListener("click", (event) => {
      const link = event.target instanceof Element && event.target.closest("a[data-keep-token]");
      if (!(link instanceof HTMLAnchorElement)) return;
      event.preventDefault();
      this.#goTo(link.href);
    });
  }

  /**
   * Calls `opened` with the session and the fragment, now and whenever another scan leads to this
   * same page. Without a session, the page asks to scan again.
   * @param {(details: SessionDetails, fragment: Fragment) => void} opened
   */
  start(opened) {
    let scans = 0;
    const open = async () => {
      const scan = ++scans;
      const fragment = takeFragment();
      if (fragment === undefined) {
        this.end();
        return;
      }
      showView("connecting");
      if (fragment?.token) this.api.token = fragment.token;
      await this.guard(async () => {
        const details = await this.#read(fragment ?? {});
        if (scan === scans) opened(details, fragment ?? {});
      });
    };
    window.addEventListener("hashchange", () => {
      if (location.hash.length > 1) open();
    });
    return open();
  }

  /**
   * Forgets the basket of an order that is shown, once it is paid.
   * @param {Order} order
   */
  orderShown(order) {
    forgetPaidBasket(this.#basketKey, order);
  }

  /** Reads the session again, with the current prices. */
  refresh() {
    return this.#read({});
  }

  /**
   * Repeats a request until it is answered, and shows the reason of each failure.
   * @param {string} method
   * @param {string} url
   * @param {object} [body]
   */
  async request(method, url, body) {
    for (;;) {
      try {
        const answer = await this.api.request(method, url, body);
        showNotice("");
        return answer;
      } catch (error) {
        if (!(error instanceof ApiUnavailable)) throw error;
        showNotice(error.reason);
        await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs));
      }
    }
  }

  /**
   * Runs `work`; if the session has expired, the page asks to scan again.
   * @param {() => Promise<void>} work
   */
  async guard(work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError) || ![401, 403].includes(error.status)) throw error;
      this.end(error.body);
    }
  }

  /**
   * Asks to scan again, with the reason unless it is just that the session has expired.
   * @param {Partial<ErrorBody>} [body]
   */
  end({ error = "invalid_session", message = "" } = {}) {
    if (error !== "invalid_session") find(document, "#scan [data-reason]").textContent = message;
    this.api.token = null;
    showNotice("");
    showView("scan");
  }

  /**
   * Calls `work` as the customer of the session that an earlier page has opened.
   * @param {() => Promise<void>} work
   */
  resume(work) {
    this.api.token = takeFragment()?.token ?? null;
    return this.guard(work);
  }

  /**
   * Opens the order page.
   * @param {string} [again] the id of an order to fill the basket with
   */
  goToMenu(again) {
    this.#goTo(this.#page.orderPageUrl ?? "", again);
  }

  /**
   * Opens another page of the shop, with the token in the fragment in case cookies are disabled.
   * @param {string} address
   * @param {string} [again]
   */
  #goTo(address, again) {
    const { token } = this.api;
    const url = new URL(address, location.href);
    url.search = location.search; // which may name the language
    url.hash = again ? writeFragment({ token, again }) : (token ?? "");
    location.assign(url);
  }

  /**
   * @param {Fragment} fragment
   * @returns {Promise<SessionDetails>}
   */
  async #read({ token, reference }) {
    /** @type {Record<string, string>} */
    const body = {};
    if (token) body.token = token;
    if (reference) body.invoice_reference = reference;
    const details = await this.request("POST", this.#page.sessionUrl ?? "", body);
    this.#basketKey = details.basket_key;
    return details;
  }
}
