// Keeps whoever uses the keyboard where they are, through what changes on the page.

/**
 * Remembers what has the focus in `root`. Returns what is to be called after the change: it gives the
 * focus back if it was lost, to what has the same label if the same is gone, else to the heading.
 */
export function holdFocus(root) {
  const held = document.activeElement;
  if (!root.contains(held)) return () => {};
  const label = held.getAttribute("aria-label");
  return () => {
    const { activeElement } = document;
    if (activeElement !== document.body && (activeElement !== held || isThere(held))) return;
    const namesake = label && root.querySelector(`[aria-label="${CSS.escape(label)}"]`);
    const heir = [held, namesake].find((each) => each && isThere(each));
    (heir ?? root.querySelector("h1")).focus({ preventScroll: true });
  };
}

function isThere(element) {
  return element.isConnected && !element.disabled && !element.closest("[hidden]");
}
