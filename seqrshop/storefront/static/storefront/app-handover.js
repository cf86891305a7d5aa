// The way into the app; and where no app opens, what helps: its store, or a code for another phone.

import { say } from "./session.js";

const PATIENCE_MS = 2000; // an app that opens has taken the screen by then
const WIDE = "(min-width: 40rem)";
const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // the modules of white around a code that scanners want

export class HandOver {
  #root = document.querySelector("#order");
  #visit;
  #order = null;
  #watching = null;
  #drawn = null;

  constructor(visit) {
    this.#visit = visit;
    this.#find("[data-open]").addEventListener("click", () => this.#watch());
  }

  /** Shows the way into the app while the order can be paid; on what is no phone, its code too. */
  show(order) {
    if (order.app_url !== this.#order?.app_url) this.#begin(order);
    this.#order = order;
    if (order.app_url && hasNoApp(order.app_url)) this.#offer();
  }

  /** Opens the app, as far as there can be one here. */
  open() {
    const { app_url: url } = this.#order;
    if (hasNoApp(url)) return;
    this.#watch();
    location.assign(url);
  }

  #begin({ app_url: url }) {
    this.#watching?.abort();
    this.#drawn = null;
    this.#find("[data-hand-over]").hidden = true;
    const link = this.#find("[data-open]");
    if (url) link.href = url;
    link.hidden = !url;
    link.textContent = say("open");
  }

  /** Waits for the app to take the screen, and offers help where it does not. */
  #watch() {
    if (isInsideAnApp()) return; // which takes the address itself, and perhaps shows it over the page
    this.#watching?.abort();
    const watching = new AbortController();
    this.#watching = watching;
    const { signal } = watching;
    const taken = () => watching.abort();
    document.addEventListener("visibilitychange", taken, { signal });
    window.addEventListener("pagehide", taken, { signal });
    const look = () => {
      const began = performance.now();
      const timer = setTimeout(() => {
        if (performance.now() - began > 2 * PATIENCE_MS) taken(); // the phone has slept
        else if (document.hasFocus()) this.#offerAgain();
        else look(); // the browser asks whether to open the app, say
      }, PATIENCE_MS);
      signal.addEventListener("abort", () => clearTimeout(timer));
    };
    look();
  }

  #offerAgain() {
    this.#find("[data-open]").textContent = say("openAgain");
    this.#offer();
  }

  #offer() {
    const phone = platform();
    for (const store of this.#root.querySelectorAll("[data-store]")) {
      store.hidden = store.dataset.store !== phone;
    }
    this.#find("[data-no-app]").hidden = !phone;
    this.#find("[data-hand-over]").hidden = false;
    if (!phone || matchMedia(WIDE).matches) this.#draw();
  }

  async #draw() {
    const { app_url: wanted, url } = this.#order;
    if (this.#drawn === wanted) return;
    this.#drawn = wanted;
    this.#find("[data-code]").hidden = true;
    try {
      const { code } = await this.#visit.shop.ask("GET", `${url}/qr`);
      if (this.#drawn !== wanted || !code) return;
      this.#find("[data-code] svg")?.remove();
      this.#find("[data-code]").prepend(svgOf(code));
      this.#find("[data-code]").hidden = false;
    } catch {
      this.#drawn = null; // the next look at the order tries again, if it can still be paid
    }
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }
}

/** Returns whose phone or tablet this is, or null for what is neither. */
function platform() {
  const { userAgent, maxTouchPoints } = navigator;
  if (/Android/.test(userAgent)) return "android";
  const isPad = /Macintosh/.test(userAgent) && maxTouchPoints > 1; // as an iPad calls itself
  return isPad || /iPhone|iPad|iPod/.test(userAgent) ? "ios" : null;
}

/** Whether the address is one that only an app opens, on a device that has none. */
function hasNoApp(url) {
  return !platform() && !/^https?:/.test(url);
}

/** Whether the page stands in an app's own web view. Who has a token there is in SEQR's. */
function isInsideAnApp() {
  const { userAgent } = navigator;
  const isOnApples = /iPhone|iPad|iPod/.test(userAgent) && !/Safari\//.test(userAgent);
  return isOnApples || /Android.*; wv\)/.test(userAgent);
}

/** Draws a code in black on white, whatever the page's colours: scanners want it so. */
function svgOf({ size, path }) {
  const [svg, white, black] = ["svg", "rect", "path"].map((name) =>
    document.createElementNS(SVG, name),
  );
  const width = size + 2 * QUIET;
  const attributes = { viewBox: `${-QUIET} ${-QUIET} ${width} ${width}`, role: "img" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  svg.setAttribute("aria-label", say("code"));
  svg.setAttribute("shape-rendering", "crispEdges");
  const ground = { x: -QUIET, y: -QUIET, width, height: width, fill: "#fff" };
  for (const [name, value] of Object.entries(ground)) white.setAttribute(name, value);
  black.setAttribute("d", path);
  black.setAttribute("fill", "#000");
  svg.append(white, black);
  return svg;
}
