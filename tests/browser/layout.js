// An expression that layout.py evaluates in a page. It changes nothing there.
(() => {
  const ROUNDING = 0.01; // of an element that is still moving

  // Elements for screen readers alone are one pixel wide.
  const isVisible = (/** @type {Element} */ element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true });
  };

  const nameOf = (/** @type {Element} */ element) => {
    const text = element.getAttribute("aria-label") ?? element.textContent.trim();
    return `<${element.localName} class="${element.className}"> ${text.slice(0, 40)}`;
  };

  // A strip that scrolls sideways scrolls the focused element into view itself.
  const isInScrollingStrip = (/** @type {Element} */ element) => {
    for (let each = element.parentElement; each !== document.body; each = each.parentElement) {
      if (each === null) return false;
      if (["auto", "scroll"].includes(getComputedStyle(each).overflowX)) return true;
    }
    return false;
  };

  const isOutsideWindow = (/** @type {Element} */ element) => {
    const { left, right } = element.getBoundingClientRect();
    return (left < -0.5 || right > innerWidth + 0.5) && !isInScrollingStrip(element);
  };

  const hasText = (/** @type {Element} */ element) =>
    [...element.childNodes].some((node) => node instanceof Text && node.data.trim());

  const isClipped = (/** @type {Element} */ element) =>
    getComputedStyle(element).overflowX !== "visible" && element.scrollWidth > element.clientWidth;

  function layoutFaults(/** @type {number} */ minTargetSize) {
    const faults = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) faults.push(`the page is ${scrollWidth} px wide`);
    for (const element of document.body.querySelectorAll("*")) {
      if (!isVisible(element)) continue;
      const isTarget = element.matches("a, button, input, select, summary");
      const { width, height } = element.getBoundingClientRect();
      if (isTarget && Math.min(width, height) < minTargetSize - ROUNDING) {
        faults.push(`${nameOf(element)} is ${width} × ${height}`);
      }
      if ((isTarget || hasText(element)) && isOutsideWindow(element)) {
        faults.push(`${nameOf(element)} is outside the window`);
      }
      if (hasText(element) && isClipped(element)) faults.push(`${nameOf(element)} is clipped`);
    }
    return faults;
  }

  function focusFault() {
    const element = document.activeElement;
    if (element === null || element === document.body) return "nothing has the focus";
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    if (outlineStyle === "none" || Number.parseFloat(outlineWidth) < 2) {
      return `${nameOf(element)} has no focus ring`;
    }
    const { left, right, top, bottom } = element.getBoundingClientRect();
    for (const x of [left + 4, right - 4]) {
      for (const y of [top + 4, bottom - 4]) {
        const topmost = document.elementFromPoint(x, y);
        if (topmost === null) return `${nameOf(element)} is out of sight`;
        if (!element.contains(topmost) && !topmost.contains(element)) {
          return `${nameOf(topmost)} covers ${nameOf(element)}`;
        }
      }
    }
    return "";
  }

  return { layoutFaults, focusFault };
})();
