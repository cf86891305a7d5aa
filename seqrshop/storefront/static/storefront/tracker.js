// What every page of an order shows of its way through the kitchen: the page's title, the steps, the
// shop's usual time, and the button that switches on the sound of an order that is ready.

import { find, setText } from "./dom.js";

const UNREADY = ["paid", "preparing"];
const MS_PER_MINUTE = 60000;

export class Tracker {
  #root;
  #estimate;
  #alertButton;
  #shopTitle = document.title;
  /** @type {string | null} */
  #progress = null;
  #timer = 0;
  /** @type {AudioContext | null} */
  #audio = null;

  /** @param {HTMLElement} root the element that has the tracker's parts */
  constructor(root) {
    this.#root = root;
    this.#estimate = find(root, "[data-estimate]");
    this.#alertButton = find(root, "[data-alert]");
    this.#alertButton.addEventListener("click", () => this.#switchAlert());
  }

  /** @param {Partial<Tracking>} order the answer to a new order has its number alone */
  show(order) {
    const { number, progress = null, paid_at: paidAt, estimate_minutes: minutes } = order;
    document.title = order.short_state ? `${order.short_state} · ${number}` : this.#shopTitle;
    if (progress) this.#root.dataset.progress = progress;
    else delete this.#root.dataset.progress;
    this.#showEstimate(minutes, paidAt);
    this.#alertButton.hidden = !UNREADY.includes(progress ?? "");
    if (this.#audio && progress === "ready" && this.#progress !== "ready") this.#alert(this.#audio);
    this.#progress = progress;
  }

  /** Gives the page its own title back. */
  stop() {
    clearTimeout(this.#timer);
    document.title = this.#shopTitle;
    this.#progress = null;
  }

  /**
   * Shows the shop's usual time, and once it has passed, that it takes longer.
   * @param {number | null | undefined} minutes from the payment; nothing where it is unknown
   * @param {string | null | undefined} paidAt
   */
  #showEstimate(minutes, paidAt) {
    clearTimeout(this.#timer);
    this.#estimate.hidden = !minutes || !paidAt;
    if (!minutes || !paidAt) return;
    const { usual = "", longer = "" } = this.#estimate.dataset;
    // A minute more: the time is only usual, and clocks differ.
    const remaining = Date.parse(paidAt) + (minutes + 1) * MS_PER_MINUTE - Date.now();
    setText(this.#estimate, remaining > 0 ? usual.replace("{}", String(minutes)) : longer);
    if (remaining <= 0) return;
    this.#timer = setTimeout(() => this.#showEstimate(minutes, paidAt), remaining);
  }

  /** Switches the sound on or off. A browser lets a page play it only after this tap. */
  async #switchAlert() {
    const isOn = !this.#audio;
    this.#alertButton.setAttribute("aria-pressed", String(isOn));
    if (!isOn) {
      await this.#audio?.close();
      this.#audio = null;
      return;
    }
    this.#audio = new AudioContext();
    this.#alert(this.#audio);
  }

  /** @param {AudioContext} audio */
  async #alert(audio) {
    const resumed = audio.resume(); // at once, while the browser still counts the tap
    const { playAlert } = await import("./ready-alert.js");
    await resumed;
    playAlert(audio);
  }
}
