// Shows orders as cards, each card one element for as long as its order is on the board.

/** @type {Record<Progress, Step | null>} */
const NEXT = { paid: "preparing", preparing: "ready", ready: "served", served: null };
/** @type {Record<Progress, string>} */
const PILLS = { paid: "pill-warn", preparing: "pill-busy", ready: "pill-ok", served: "pill-muted" };

const MINUTE_MS = 60000;
// A wet finger taps twice, and the second tap would hit the next step or, once a card has left, the
// card that has moved below the finger.
const DOUBLE_TAP_MS = 500;

/**
 * @param {ParentNode} root
 * @param {string} selector
 */
export function find(root, selector) {
  const element = root.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new TypeError(selector);
  return element;
}

/**
 * Sets a text only where it differs, so that a screen reader announces it once.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {string} className
 * @param {string} text
 */
function part(className, text) {
  const element = document.createElement("p");
  element.className = className;
  element.textContent = text;
  return element;
}

/** A list of cards, made from a template of the page. */
export class CardList {
  #list;
  #template;
  #translate;
  /** @type {Map<number, HTMLElement>} */
  #elements = new Map();
  #ignoresTapsUntil = 0;

  /**
   * `onStep` gets a card and the step to record; `onUndo` one whose latest step is undone.
   * @param {HTMLElement} list
   * @param {HTMLTemplateElement} template
   * @param {(name: string, part?: string | number) => string} translate
   * @param {object} handlers
   * @param {(card: BoardCard, step: Step) => void} handlers.onStep
   * @param {(card: BoardCard) => void} handlers.onUndo
   * @param {(card: BoardCard) => void} handlers.onHide
   */
  constructor(list, template, translate, { onStep, onUndo, onHide }) {
    this.#list = list;
    this.#template = template;
    this.#translate = translate;
    /** @type {Map<number, BoardCard>} */
    const cards = new Map();
    this.cards = cards;
    list.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      const element = button?.closest("[data-id]");
      const card = element instanceof HTMLElement && cards.get(Number(element.dataset.id));
      if (!button || !card || this.#isDoubleTap(event)) return;
      const next = NEXT[card.progress];
      if (button.matches("[data-next]") && next) onStep(card, next);
      if (button.matches("[data-undo]")) onUndo(card);
      if (button.matches("[data-hide]")) onHide(card);
    });
  }

  /**
   * Shows these cards in this order; `isShown` says which of their rows are muted.
   * @param {BoardCard[]} cards
   * @param {(row: BoardRow) => boolean} isShown
   */
  show(cards, isShown) {
    const ids = new Set(cards.map((card) => card.id));
    for (const [id, element] of this.#elements) {
      if (!ids.has(id)) this.#remove(id, element);
    }
    this.cards.clear();
    cards.forEach((card, position) => {
      this.cards.set(card.id, card);
      const element = this.#elements.get(card.id) ?? this.#add(card);
      const present = this.#list.children[position];
      if (present !== element) this.#list.insertBefore(element, present ?? null);
      this.#fill(element, card, isShown);
    });
  }

  /**
   * Shows how long each order has waited.
   * @param {number} now
   * @param {{ amber_minutes: number, red_minutes: number }} limits
   */
  showMinutes(now, limits) {
    for (const [id, card] of this.cards) {
      const element = this.#elements.get(id);
      if (!element) continue;
      const minutes = Math.max(0, Math.floor((now - Date.parse(card.paid_at)) / MINUTE_MS));
      const isRed = minutes >= limits.red_minutes;
      const wait = isRed ? "red" : minutes >= limits.amber_minutes ? "amber" : "";
      element.dataset.wait = card.struck_out ? "" : wait;
      setText(find(element, "[data-minutes]"), this.#translate("minutes", minutes));
      setText(find(element, "[data-late]"), wait && this.#translate(wait));
    }
  }

  /**
   * Whether a tap follows another, or a card's leaving, too closely. Keys have no such trouble.
   * @param {MouseEvent} event
   */
  #isDoubleTap(event) {
    const now = Date.now();
    if (event.detail === 0) return false;
    if (now < this.#ignoresTapsUntil) return true;
    this.#ignoresTapsUntil = now + DOUBLE_TAP_MS;
    return false;
  }

  /** @param {BoardCard} card */
  #add(card) {
    const copy = /** @type {DocumentFragment} */ (this.#template.content.cloneNode(true));
    const element = find(copy, "[data-id]");
    element.dataset.id = String(card.id);
    setText(find(element, "[data-number]"), card.number);
    for (const each of element.querySelectorAll("[data-of-order]")) {
      each.textContent = this.#translate("ofOrder", card.number);
    }
    this.#elements.set(card.id, element);
    return element;
  }

  /**
   * Removes a card. The focus moves to the next one: the keyboard continues there.
   * @param {number} id
   * @param {HTMLElement} element
   */
  #remove(id, element) {
    const hadFocus = element.contains(document.activeElement);
    const neighbour = element.nextElementSibling ?? element.previousElementSibling;
    element.remove();
    this.#elements.delete(id);
    this.#ignoresTapsUntil = Date.now() + DOUBLE_TAP_MS;
    if (!hadFocus) return;
    const next = neighbour?.querySelector("button:not([hidden])") ?? this.#list;
    if (next instanceof HTMLElement) next.focus();
  }

  /**
   * @param {HTMLElement} element
   * @param {BoardCard} card
   * @param {(row: BoardRow) => boolean} isShown
   */
  #fill(element, card, isShown) {
    const { progress, struck_out: reason } = card;
    element.dataset.progress = reason ? "struck-out" : progress;
    setText(find(element, "[data-place]"), card.place);
    const pill = find(element, "[data-state]");
    pill.className = `pill ${reason ? "pill-bad" : PILLS[progress]}`;
    setText(pill, this.#translate(reason ? "struckOut" : progress));
    find(element, "[data-refunded]").hidden = !card.is_partly_refunded;
    find(element, "[data-dining]").hidden = !card.dining;
    setText(find(element, "[data-dining]"), card.dining ?? "");
    find(element, "[data-note]").hidden = !card.note;
    setText(find(element, "[data-note]"), card.note);
    find(element, "[data-reason]").hidden = !reason;
    setText(find(element, "[data-reason]"), reason ?? "");
    const next = find(element, "[data-next]");
    next.hidden = Boolean(reason) || !NEXT[progress];
    setText(find(next, "[data-label]"), this.#translate(`to-${NEXT[progress]}`));
    find(element, "[data-undo]").hidden = Boolean(reason) || progress === "paid";
    find(element, "[data-hide]").hidden = !reason;
    this.#fillRows(find(element, "[data-rows]"), card.rows, isShown);
  }

  /**
   * @param {HTMLElement} list
   * @param {BoardRow[]} rows
   * @param {(row: BoardRow) => boolean} isShown
   */
  #fillRows(list, rows, isShown) {
    const shown = JSON.stringify(rows.map((row) => [row, isShown(row)]));
    if (list.dataset.shown === shown) return;
    list.dataset.shown = shown;
    list.replaceChildren(...rows.map((row) => this.#row(row, isShown(row))));
  }

  /**
   * @param {BoardRow} row
   * @param {boolean} isShown
   */
  #row({ quantity, refunded, name, options, note }, isShown) {
    const left = quantity - refunded;
    const item = document.createElement("li");
    item.toggleAttribute("data-muted", !isShown);
    const text = document.createElement(left > 0 ? "span" : "s");
    text.textContent = `${left || quantity} × ${name}`;
    item.append(text);
    if (refunded) {
      const units = document.createElement("small");
      units.textContent = this.#translate("refundedUnits", refunded);
      item.append(" ", units);
    }
    for (const option of options) item.append(part("kitchen-option", `+ ${option}`));
    if (note) item.append(part("kitchen-note", note));
    return item;
  }
}
