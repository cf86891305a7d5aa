// Starts every page: takes the token out of the address, opens the session, chooses the first view.

import { ApiClient, ApiError } from "./api-client.js";
import { find } from "./dom.js";
import { takeFragment } from "./fragment.js";
import { showNotice, showView } from "./page.js";

export class Session {
  api = new ApiClient();
  #page = find(document, "#main").dataset;

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
        const details = await this.#request(fragment ?? {});
        if (scan === scans) opened(details, fragment ?? {});
      });
    };
    window.addEventListener("hashchange", () => {
      if (location.hash.length > 1) open();
    });
    return open();
  }

  /** Reads the session again, with the current prices. */
  refresh() {
    return this.#request({});
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

  /** Opens the order page, with the token in the fragment in case cookies are disabled. */
  goToMenu() {
    const url = this.#page.orderPageUrl + location.search; // which may name the language
    location.assign(this.api.token ? `${url}#${this.api.token}` : url);
  }

  /**
   * @param {Fragment} fragment
   * @returns {Promise<SessionDetails>}
   */
  #request({ token, reference }) {
    /** @type {Record<string, string>} */
    const body = {};
    if (token) body.token = token;
    if (reference) body.invoice_reference = reference;
    const url = this.#page.sessionUrl ?? "";
    return this.api.requestUntilAnswered("POST", url, body, showNotice);
  }
}
