// What stands behind the # of the address: the token that the app hands over, perhaps with the
// reference of an invoice; or what a page of ours has taken along into another language.

const TOKEN = "[0-9A-Za-z.-]{6,100}";
const REFERENCE = "[0-9A-Za-z-]{1,64}";
const FROM_THE_APP = new RegExp(`^(?<token>${TOKEN})(?:_(?<reference>${REFERENCE}))?$`);
const CHOSEN = /^\d{1,15}x\d{1,3}$/;

/**
 * Takes the fragment out of the address bar and returns what it says: token, reference, and, where
 * it is of a page of ours, what was chosen. Null without a fragment, undefined for one that is none.
 */
export function takeFragment() {
  const fragment = location.hash.slice(1);
  if (!fragment) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return fragment.includes("=") ? ofOurs(fragment) : FROM_THE_APP.exec(fragment)?.groups;
}

/** Writes what to take along. What is chosen are pairs of a product's id and how many of it. */
export function writeFragment({ token, reference, chosen = [] }) {
  const parts = { chosen: chosen.map((pair) => pair.join("x")).join(",") };
  if (token) parts.token = token;
  if (reference) parts.reference = reference;
  return new URLSearchParams(parts).toString();
}

function ofOurs(fragment) {
  const parts = new URLSearchParams(fragment);
  const pairs = (parts.get("chosen") ?? "").split(",").filter((pair) => CHOSEN.test(pair));
  return {
    token: matching(TOKEN, parts.get("token")),
    reference: matching(REFERENCE, parts.get("reference")),
    chosen: pairs.map((pair) => pair.split("x").map(Number)),
  };
}

function matching(pattern, text) {
  return text && new RegExp(`^${pattern}$`).test(text) ? text : undefined;
}
