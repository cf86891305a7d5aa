// Keeps the marked parts of a page up to date by asking for the page again. Without this script a
// person reloads.

const every = Number(document.body.dataset.every);
const known = new Map();

// What tells one state of a part from another: its own mark, or all that the server wrote.
const stateOf = (part) => part.dataset.version ?? part.outerHTML;

function replace(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.replaceWith(document.adoptNode(fresh));
  if (focused) document.getElementById(focused)?.focus();
}

// A list of numbered rows only grows at its head: what a person has opened stays open.
function prepend(list, fresh) {
  const most = fresh.children.length;
  if (list.dataset.version !== fresh.dataset.version) {
    list.dataset.version = fresh.dataset.version;
    list.replaceChildren(...fresh.children);
    return;
  }
  const latest = Number(list.firstElementChild?.dataset.n ?? 0);
  list.prepend(...[...fresh.children].filter((row) => Number(row.dataset.n) > latest));
  while (list.children.length > most) list.lastElementChild.remove();
}

function update(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
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

async function ask() {
  if (document.hidden) return;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.ok) update(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // The sandbox is away, or the person is: the next round will tell.
  }
}

async function goOn() {
  await ask();
  setTimeout(goOn, every);
}

if (every) {
  for (const part of document.querySelectorAll("[data-live]")) known.set(part.id, stateOf(part));
  setTimeout(goOn, every);
}
