// Keeps keyboard users where they are while a part of the page is rebuilt.

/**
 * Remembers the focused element in `root`. Returns a function to call after the change: if the focus
 * was lost, it goes back to that element, else to the one of the same label, else to the heading.
 * @param {HTMLElement} root
 */
export function preserveFocus(root) {
  const focused = document.activeElement;
  if (!(focused instanceof HTMLElement) || !root.contains(focused)) return () => {};
  const label = focused.getAttribute("aria-label");
  return () => {
    const { activeElement } = document;
    if (activeElement !== document.body && (activeElement !== focused || isFocusable(focused))) {
      return;
    }
    const namesake = label && root.querySelector(`[aria-label="${CSS.escape(label)}"]`);
    for (const element of [focused, namesake, root.querySelector("h1")]) {
      if (element instanceof HTMLElement && isFocusable(element)) {
        element.focus({ preventScroll: true });
        return;
      }
    }
  };
}

/** @param {HTMLElement} element */
function isFocusable(element) {
  return element.isConnected && !element.matches(":disabled") && !element.closest("[hidden]");
}
