// The fragment of the address: a token from the app, perhaps with an invoice's reference; or the
// state that a page passes on to itself in another language.

import { parseBasket } from "./basket-store.js";

const TOKEN = "[0-9A-Za-z.-]{6,100}";
const REFERENCE = "[0-9A-Za-z-]{1,64}";
const ORDER_ID = "[0-9a-f-]{36}";
const APP_FRAGMENT = new RegExp(`^(?<token>${TOKEN})(?:_(?<reference>${REFERENCE}))?$`);

/**
 * Removes the fragment from the address bar and returns its content: null if there is none,
 * undefined if it is malformed.
 * @returns {Fragment | null | undefined}
 */
export function takeFragment() {
  const fragment = location.hash.slice(1);
  if (!fragment) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return fragment.includes("=") ? parsePageState(fragment) : APP_FRAGMENT.exec(fragment)?.groups;
}

/**
 * Returns the fragment that passes a page's state on.
 * @param {Fragment} state
 */
export function writeFragment({ token, reference, again, basket = null }) {
  const parts = new URLSearchParams({ basket: JSON.stringify(basket) });
  if (token) parts.set("token", token);
  if (reference) parts.set("reference", reference);
  if (again) parts.set("again", again);
  return parts.toString();
}

/**
 * @param {string} fragment
 * @returns {Fragment}
 */
function parsePageState(fragment) {
  const parts = new URLSearchParams(fragment);
  return {
    token: validated(TOKEN, parts.get("token")),
    reference: validated(REFERENCE, parts.get("reference")),
    again: validated(ORDER_ID, parts.get("again")),
    basket: parseBasket(parts.get("basket")),
  };
}

/**
 * @param {string} pattern
 * @param {string | null} text
 */
function validated(pattern, text) {
  return text && new RegExp(`^${pattern}$`).test(text) ? text : undefined;
}
