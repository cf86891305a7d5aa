// The kitchen board: the paid orders of a shop, which several screens show and change.

import { CardList, find, setText } from "./kitchen-cards.js";
import { BoardFeed } from "./kitchen-feed.js";
import { CategoryFilter } from "./kitchen-filter.js";
import { offerSound, playSound } from "./kitchen-sound.js";

const UNDO_MS = 10000;
const MINUTES_MS = 5000; // between updates of the waiting times
const REQUEST_TIMEOUT_MS = 8000;

const root = find(document, "#kitchen");
const { boardUrl = "", eventsUrl = "", ordersUrl = "", pauseUrl = "", slug = "" } = root.dataset;
const csrfToken = find(root, "[name=csrfmiddlewaretoken]").getAttribute("value") ?? "";
const texts = new Map(
  Array.from(template("#kitchen-texts").content.querySelectorAll("span"), (text) => [
    text.dataset.text,
    text.textContent ?? "",
  ]),
);

/** @type {Board | null} */
let board = null;
/** @type {Set<number> | null} known orders; null before the first board, which holds no new order */
let known = null;
const hidden = new Set();
let undoTimer = 0;

const handlers = { onStep, onUndo: undo, onHide: hide };
const waiting = new CardList(
  find(root, "#kitchen-cards"),
  template("#kitchen-card"),
  translate,
  handlers,
);
const served = new CardList(
  find(root, "#kitchen-served"),
  template("#kitchen-card"),
  translate,
  handlers,
);
const filter = new CategoryFilter(find(root, "#kitchen-categories"), slug, show);
const feed = new BoardFeed(
  { board: boardUrl, events: eventsUrl },
  { onBoard: receive, onContact: showContact },
);

offerSound(find(root, "#kitchen-sound"));
root.addEventListener("click", ({ target }) => {
  const button = target instanceof Element && target.closest("[data-pause-minutes]");
  if (button instanceof HTMLElement) pause(button.dataset.pauseMinutes ?? "");
});
setInterval(showMinutes, MINUTES_MS);
keepAwake();
feed.run();

/** @param {Board} received */
function receive(received) {
  board = received;
  const fresh = board.cards.filter((card) => known && !known.has(card.id) && !card.struck_out);
  known = new Set([...board.cards, ...board.served].map(({ id }) => id));
  show();
  const ordered = fresh.filter((card) => card.progress === "paid" && card.rows.some(inFilter));
  if (ordered.length === 0) return;
  playSound();
  announce(
    ordered.map((card) => translate("newOrder", `${card.number}, ${card.place}`)).join(". "),
  );
}

function show() {
  if (!board) return;
  filter.show(board.categories);
  const isShown = (/** @type {BoardCard} */ card) =>
    card.rows.some(inFilter) && !(card.struck_out && hidden.has(card.id));
  const cards = board.cards.filter(isShown);
  waiting.show(cards, inFilter);
  served.show(board.served, inFilter);
  find(root, "#kitchen-empty").hidden = cards.length > 0;
  find(root, "#kitchen-more").hidden = !board.has_more;
  find(root, "#kitchen-none-served").hidden = board.served.length > 0;
  const toServe = cards.filter((card) => !card.struck_out).length;
  setText(find(root, "#kitchen-count"), String(toServe));
  find(root, "#kitchen-count").hidden = toServe === 0;
  showPause(board);
  showMinutes();
}

function showMinutes() {
  if (!board) return;
  waiting.showMinutes(feed.now, board);
  served.showMinutes(feed.now, board);
}

/** @param {Board} shown */
function showPause({ is_paused: isPaused, paused_until: until }) {
  const text = until ? translate("pausedUntil", until.slice(11, 16)) : translate("paused");
  find(root, "#kitchen-paused").hidden = !isPaused;
  setText(find(root, "#kitchen-paused [data-text]"), text);
  const offer = root.querySelector("#kitchen-pause");
  if (offer instanceof HTMLElement) offer.hidden = isPaused;
}

/** @param {import("./kitchen-feed.js").Contact} contact */
function showContact(contact) {
  find(root, "#kitchen-offline").hidden = contact !== "offline";
  find(root, "#kitchen-signed-out").hidden = contact !== "signed_out";
}

/** @param {BoardRow} row */
function inFilter(row) {
  return filter.has(row);
}

/**
 * @param {BoardCard} card
 * @param {Step} step
 */
async function onStep(card, step) {
  if (!(await change(card, "record", step))) return;
  const bar = find(root, "#kitchen-undo");
  setText(find(bar, "[data-text]"), `${translate("ofOrder", card.number)}: ${translate(step)}.`);
  bar.hidden = false;
  clearTimeout(undoTimer);
  undoTimer = setTimeout(hideUndo, UNDO_MS);
  find(bar, "button").onclick = () => {
    hideUndo();
    change(card, "undo", step);
  };
}

function hideUndo() {
  clearTimeout(undoTimer);
  find(root, "#kitchen-undo").hidden = true;
}

/** @param {BoardCard} card */
function undo(card) {
  hideUndo();
  if (card.progress !== "paid") change(card, "undo", card.progress);
}

/** @param {BoardCard} card */
function hide(card) {
  hidden.add(card.id);
  show();
}

/**
 * Records or undoes a step; returns whether it is recorded. The board's feed then shows it.
 * @param {BoardCard} card
 * @param {"record" | "undo"} kind
 * @param {Step} step
 */
function change(card, kind, step) {
  return send(`${ordersUrl}${card.id}`, { change: kind, step });
}

/** @param {string} minutes "0" opens the shop, "" pauses it until somebody opens it */
async function pause(minutes) {
  const offer = root.querySelector("#kitchen-pause");
  if (offer instanceof HTMLDetailsElement) offer.open = false;
  await send(pauseUrl, { minutes });
  feed.wake();
}

/**
 * @param {string} url
 * @param {Record<string, string>} fields
 */
async function send(url, fields) {
  showProblem("");
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "X-CSRFToken": csrfToken,
        Accept: "application/json",
        "Accept-Language": document.documentElement.lang,
      },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    if (response.ok) return true;
    const isKnown = response.status === 409;
    showProblem(isKnown ? (await response.json()).message : translate("notSaved"));
  } catch {
    showProblem(translate("notSaved"));
  }
  feed.wake();
  return false;
}

/** @param {string} text */
function showProblem(text) {
  const problem = find(root, "#kitchen-problem");
  problem.hidden = !text;
  setText(problem, text);
}

/** @param {string} text */
function announce(text) {
  setText(find(root, "#kitchen-announcement"), text);
}

/**
 * Returns a text of the page's template, with its {} replaced.
 * @param {string} name
 * @param {string | number} [part]
 */
function translate(name, part = "") {
  return (texts.get(name) ?? "").replace("{}", String(part));
}

/**
 * @param {string} selector
 * @returns {HTMLTemplateElement}
 */
function template(selector) {
  const element = document.querySelector(selector);
  if (!(element instanceof HTMLTemplateElement)) throw new TypeError(selector);
  return element;
}

/** Keeps the screen on while the board is shown, where the browser can. */
function keepAwake() {
  const request = () => navigator.wakeLock?.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) request();
  });
  request();
}
