// The fragment of the address: a token from the app, perhaps with an invoice's reference; or the
// state that a page passes on to itself in another language.

const TOKEN = "[0-9A-Za-z.-]{6,100}";
const REFERENCE = "[0-9A-Za-z-]{1,64}";
const ORDER_ID = "[0-9a-f-]{36}";
const APP_FRAGMENT = new RegExp(`^(?<token>${TOKEN})(?:_(?<reference>${REFERENCE}))?$`);
const BASKET_ITEM = /^\d{1,15}x\d{1,3}$/;

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
export function writeFragment({ token, reference, again, basket = [] }) {
  const parts = new URLSearchParams({ basket: basket.map((item) => item.join("x")).join(",") });
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
  const items = (parts.get("basket") ?? "").split(",").filter((item) => BASKET_ITEM.test(item));
  return {
    token: validated(TOKEN, parts.get("token")),
    reference: validated(REFERENCE, parts.get("reference")),
    again: validated(ORDER_ID, parts.get("again")),
    basket: items.map((item) => /** @type {BasketItem} */ (item.split("x").map(Number))),
  };
}

/**
 * @param {string} pattern
 * @param {string | null} text
 */
function validated(pattern, text) {
  return text && new RegExp(`^${pattern}$`).test(text) ? text : undefined;
}
