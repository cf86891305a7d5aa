// Keeps the marked parts of a page up to date by fetching the page again. Without this script a
// person has to reload.

const intervalMs = Number(document.body.dataset.every);
/** @type {Map<string, string>} the parts' states by their ids */
const known = new Map();

/** @type {() => NodeListOf<HTMLElement>} */
const liveParts = () => document.querySelectorAll("[data-live]");

// The version of a part, or all of its HTML where it has none.
const stateOf = (/** @type {HTMLElement} */ part) => part.dataset.version ?? part.outerHTML;

/**
 * @param {HTMLElement} part
 * @param {HTMLElement} fresh
 */
function replace(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement?.id : "";
  part.replaceWith(document.adoptNode(fresh));
  if (focused) document.getElementById(focused)?.focus();
}

/**
 * Adds the new rows of a numbered list at its head, so that opened rows stay open.
 * @param {HTMLElement} list
 * @param {HTMLElement} fresh
 */
function prepend(list, fresh) {
  const maxRows = fresh.children.length;
  if (list.dataset.version !== fresh.dataset.version) {
    list.dataset.version = fresh.dataset.version;
    list.replaceChildren(...fresh.children);
    return;
  }
  const numberOf = (/** @type {Element | null} */ row) => Number(row?.getAttribute("data-n") ?? 0);
  const latest = numberOf(list.firstElementChild);
  list.prepend(...[...fresh.children].filter((row) => numberOf(row) > latest));
  while (list.children.length > maxRows) list.lastElementChild?.remove();
}

/** @param {Document} fresh */
function update(fresh) {
  for (const part of liveParts()) {
    const other = fresh.getElementById(part.id);
    if (!other) continue;
    if (part.dataset.live === "rows") {
      prepend(part, other);
      continue;
    }
    const state = stateOf(other);
    if (state === known.get(part.id)) continue;
    known.set(part.id, state);
    replace(part, other);
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.ok) update(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // The sandbox is unreachable: the next round retries.
  }
}

async function refreshForever() {
  await refresh();
  setTimeout(refreshForever, intervalMs);
}

if (intervalMs) {
  for (const part of liveParts()) known.set(part.id, stateOf(part));
  setTimeout(refreshForever, intervalMs);
}
