// Keeps baskets in the browser: one for each customer at each shop, for an hour.

const PREFIX = "basket-";
const LIFETIME_MS = 60 * 60 * 1000;
const MAX_ROWS = 100; // of an order, as the API allows
export const MAX_QUANTITY = 999; // of one row
const MAX_NOTE_LENGTH = 120;
const MAX_NAME_LENGTH = 200;
const PAID_STATES = ["paid", "preparing", "ready", "served", "partly_refunded", "refunded"];

/** @type {Map<string, string>} */
const memory = new Map();
const store = browserStorage() ?? {
  getItem: (/** @type {string} */ key) => memory.get(key) ?? null,
  setItem: (/** @type {string} */ key, /** @type {string} */ text) => memory.set(key, text),
  removeItem: (/** @type {string} */ key) => memory.delete(key),
};

/** Returns the browser's storage, or null where it keeps nothing, as in some web views. */
function browserStorage() {
  try {
    localStorage.setItem(PREFIX, "");
    localStorage.removeItem(PREFIX);
    return localStorage;
  } catch {
    return null;
  }
}

/**
 * Returns the name under which a basket is stored.
 * @param {string} key the session's `basket_key`
 */
export const storageName = (key) => PREFIX + key;

/**
 * Returns the stored basket, or null. Forgets all baskets that are older than an hour.
 * @param {string} key
 */
export function loadBasket(key) {
  for (const name of Object.keys(store)) {
    if (name.startsWith(PREFIX) && isOld(store.getItem(name))) store.removeItem(name);
  }
  return parseBasket(store.getItem(storageName(key)));
}

/**
 * Stores a basket from now on; an empty one is forgotten.
 * @param {string} key
 * @param {StoredBasket} basket
 */
export function saveBasket(key, basket) {
  if (basket.rows.length === 0) store.removeItem(storageName(key));
  else store.setItem(storageName(key), JSON.stringify({ ...basket, at: Date.now() }));
}

/**
 * Forgets the basket of which this order was made, once the order is paid.
 * @param {string} key
 * @param {Order} order
 */
export function forgetPaidBasket(key, { id, state }) {
  const isPaid = PAID_STATES.includes(state);
  if (isPaid && loadBasket(key)?.order === id) store.removeItem(storageName(key));
}

/**
 * Returns the basket in a text, or null. Anybody may have written it.
 * @param {string | null} text
 * @returns {StoredBasket | null}
 */
export function parseBasket(text) {
  const parsed = parseObject(text);
  if (!Array.isArray(parsed?.rows)) return null;
  const { rows, note, dining, tip, order } = parsed;
  return {
    rows: rows.filter(isRow).slice(0, MAX_ROWS),
    note: shortText(note, MAX_NOTE_LENGTH),
    dining: shortText(dining, MAX_NAME_LENGTH),
    tip: /^(?:\d{1,3}(?:\.\d+)?%|\d{1,8}\.\d\d)$/.test(tip) ? tip : "",
    order: typeof order === "string" ? order : null,
  };
}

/** @param {string | null} text */
function isOld(text) {
  const at = Number(parseObject(text)?.at);
  return !(Math.abs(Date.now() - at) < LIFETIME_MS);
}

/** @param {string | null} text */
function parseObject(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {any} row
 * @returns {row is BasketRow}
 */
function isRow(row) {
  const { product, quantity, options, note, name, price } = row ?? {};
  return (
    [product, quantity, price].every((each) => Number.isSafeInteger(each) && each > 0) &&
    quantity <= MAX_QUANTITY &&
    Array.isArray(options) &&
    options.every((each) => Number.isSafeInteger(each) && each > 0) &&
    shortText(note, MAX_NOTE_LENGTH) === note &&
    shortText(name, MAX_NAME_LENGTH) === name
  );
}

/**
 * @param {unknown} text
 * @param {number} maxLength
 */
const shortText = (text, maxLength) =>
  typeof text === "string" && text.length <= maxLength ? text : "";
