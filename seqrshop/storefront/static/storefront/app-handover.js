// Opens the SEQR app; where it does not open, offers the app store, or a QR code for another phone.

import { find } from "./dom.js";
import { translate } from "./page.js";

/** @typedef {import("./api-client.js").ApiClient} ApiClient */

const APP_OPENING_MS = 2000; // an app that opens has taken the screen by then
const WIDE_SCREEN = "(min-width: 40rem)";
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const QUIET_ZONE_MODULES = 4; // the white border that QR scanners require

export class AppHandover {
  #root = find(document, "#order");
  #link = find(this.#root, "[data-open-app]", HTMLAnchorElement);
  #code = find(this.#root, "[data-code]");
  #api;
  /** @type {Order | null} */
  #order = null;
  /** @type {AbortController | null} */
  #watching = null;
  /** @type {string | null} */
  #drawnUrl = null;

  /** @param {ApiClient} api */
  constructor(api) {
    this.#api = api;
    this.#link.addEventListener("click", () => this.#watchForApp());
  }

  /**
   * Shows the link to the app while the order can be paid; where no app can open, the code too.
   * @param {Order} order
   */
  show(order) {
    if (order.app_url !== this.#order?.app_url) this.#reset(order.app_url);
    this.#order = order;
    if (order.app_url && hasNoApp(order.app_url)) this.#offerHelp();
  }

  /**
   * Opens the app, where this device can have one.
   * @param {string} url
   */
  openApp(url) {
    if (hasNoApp(url)) return;
    this.#watchForApp();
    location.assign(url);
  }

  /** @param {string | null | undefined} appUrl */
  #reset(appUrl) {
    this.#watching?.abort();
    this.#drawnUrl = null;
    find(this.#root, "[data-app-help]").hidden = true;
    if (appUrl) this.#link.href = appUrl;
    this.#link.hidden = !appUrl;
    this.#link.textContent = translate("open");
  }

  /** Waits for the app to take the screen, and offers help if it does not. */
  #watchForApp() {
    if (isInsideAnApp()) return; // it handles the address itself, perhaps in a window over the page
    this.#watching?.abort();
    const watching = new AbortController();
    this.#watching = watching;
    const { signal } = watching;
    const stop = () => watching.abort();
    document.addEventListener("visibilitychange", stop, { signal });
    window.addEventListener("pagehide", stop, { signal });
    const check = () => {
      const startedAt = performance.now();
      const timer = setTimeout(() => {
        const hasSlept = performance.now() - startedAt > 2 * APP_OPENING_MS;
        if (hasSlept) stop();
        else if (document.hasFocus()) this.#offerHelpAndRetry();
        else check(); // the browser may be asking whether to open the app
      }, APP_OPENING_MS);
      signal.addEventListener("abort", () => clearTimeout(timer));
    };
    check();
  }

  #offerHelpAndRetry() {
    this.#link.textContent = translate("openAgain");
    this.#offerHelp();
  }

  #offerHelp() {
    const platform = mobilePlatform();
    for (const store of this.#root.querySelectorAll("[data-store]")) {
      store.toggleAttribute("hidden", store.getAttribute("data-store") !== platform);
    }
    find(this.#root, "[data-no-app]").hidden = !platform;
    find(this.#root, "[data-app-help]").hidden = false;
    if (!platform || matchMedia(WIDE_SCREEN).matches) this.#drawCode();
  }

  async #drawCode() {
    const { app_url: appUrl, url } = this.#order ?? {};
    if (!appUrl || this.#drawnUrl === appUrl) return;
    this.#drawnUrl = appUrl;
    this.#code.hidden = true;
    try {
      const { code } = await this.#api.request("GET", `${url}/qr`);
      if (this.#drawnUrl !== appUrl || !code) return;
      this.#code.querySelector("svg")?.remove();
      this.#code.prepend(drawQrCode(code));
      this.#code.hidden = false;
    } catch {
      this.#drawnUrl = null; // the next update of the order retries, if it can still be paid
    }
  }
}

/** Returns which phone or tablet this is, or null for any other device. */
function mobilePlatform() {
  const { userAgent, maxTouchPoints } = navigator;
  if (/Android/.test(userAgent)) return "android";
  const isPad = /Macintosh/.test(userAgent) && maxTouchPoints > 1; // iPads call themselves that
  return isPad || /iPhone|iPad|iPod/.test(userAgent) ? "ios" : null;
}

/**
 * Whether only an app opens the address, on a device that cannot have the app.
 * @param {string} url
 */
function hasNoApp(url) {
  return !mobilePlatform() && !/^https?:/.test(url);
}

/** Whether the page runs in an app's web view; a customer with a token there is in SEQR's. */
function isInsideAnApp() {
  const { userAgent } = navigator;
  const isIosWebView = /iPhone|iPad|iPod/.test(userAgent) && !/Safari\//.test(userAgent);
  return isIosWebView || /Android.*; wv\)/.test(userAgent);
}

/**
 * Draws a QR code in black on white whatever the page's colours, since scanners require it.
 * @param {QrCode} code
 */
function drawQrCode({ size, path }) {
  const width = size + 2 * QUIET_ZONE_MODULES;
  const corner = -QUIET_ZONE_MODULES;
  const svg = svgElement("svg", {
    viewBox: `${corner} ${corner} ${width} ${width}`,
    role: "img",
    "aria-label": translate("code"),
    "shape-rendering": "crispEdges",
  });
  svg.append(
    svgElement("rect", { x: corner, y: corner, width, height: width, fill: "#fff" }),
    svgElement("path", { d: path, fill: "#000" }),
  );
  return svg;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function svgElement(name, attributes) {
  const element = document.createElementNS(SVG_NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
