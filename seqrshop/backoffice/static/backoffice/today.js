// Keeps the first page up to date: reads its parts again, and replaces those that have changed.

const POLL_MS = 5000;
const REQUEST_TIMEOUT_MS = 10000;

/**
 * Replaces a part, and keeps the focus on a link that has it.
 * @param {Element} shown
 * @param {Element} fresh
 */
function replacePart(shown, fresh) {
  const focused = shown.contains(document.activeElement) ? document.activeElement : null;
  shown.className = fresh.className;
  shown.innerHTML = fresh.innerHTML;
  if (focused !== null) shown.querySelector("a")?.focus();
}

/**
 * @param {HTMLElement} page
 * @param {string} text the parts as HTML
 */
function show(page, text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const name = part.getAttribute("data-part");
    const shown = page.querySelector(`[data-part="${name}"]`);
    if (shown !== null && shown.outerHTML !== part.outerHTML) replacePart(shown, part);
  }
}

class TodayPage {
  #page;
  #notice;
  #timer = 0;
  #readAt = new Date();

  /**
   * @param {HTMLElement} page
   * @param {HTMLElement} notice shown while the server does not answer
   */
  constructor(page, notice) {
    this.#page = page;
    this.#notice = notice;
    document.addEventListener("visibilitychange", () => this.#schedule(0));
    window.addEventListener("online", () => this.#schedule(0));
    this.#schedule(POLL_MS);
  }

  /** @param {number} delay in milliseconds; a hidden page waits until it is shown */
  #schedule(delay) {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    this.#timer = setTimeout(() => this.#read(), delay);
  }

  async #read() {
    try {
      const response = await fetch(this.#page.dataset.url ?? "", {
        headers: { Accept: "text/html", "X-Background": "yes" },
        redirect: "manual",
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      if (response.type === "opaqueredirect") {
        location.reload(); // the person has been signed out
        return;
      }
      if (!response.ok) throw new Error(`status ${response.status}`);
      show(this.#page, await response.text());
      this.#readAt = new Date();
      this.#notice.hidden = true;
    } catch {
      this.#showNotice();
    }
    this.#schedule(POLL_MS);
  }

  #showNotice() {
    const time = this.#notice.querySelector("span");
    if (time === null || !this.#notice.hidden) return;
    time.textContent = this.#readAt.toLocaleTimeString(document.documentElement.lang, {
      hour: "2-digit",
      minute: "2-digit",
    });
    this.#notice.hidden = false;
  }
}

const page = document.getElementById("today");
const notice = document.getElementById("today-offline");
if (page !== null && notice !== null) new TodayPage(page, notice);
