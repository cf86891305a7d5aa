// An expression: what layout.py asks of a page. Nothing in it changes the page.
(() => {
  // What is there for a screen reader alone is a pixel wide.
  const isSeen = (element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true });
  };

  const nameOf = (element) => {
    const text = element.getAttribute("aria-label") ?? element.textContent.trim();
    return `<${element.localName} class="${element.className}"> ${text.slice(0, 40)}`;
  };

  // A strip of its own may scroll, and brings what has the focus into view by itself.
  const isInStrip = (element) => {
    for (let each = element.parentElement; each !== document.body; each = each.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(each).overflowX)) return true;
    }
    return false;
  };

  const sticksOut = (element) => {
    const { left, right } = element.getBoundingClientRect();
    return (left < -0.5 || right > innerWidth + 0.5) && !isInStrip(element);
  };

  const holdsText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  const isCut = (element) =>
    getComputedStyle(element).overflowX !== "visible" && element.scrollWidth > element.clientWidth;

  function misfits(leastTarget) {
    const found = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) found.push(`the page is ${scrollWidth} px wide`);
    for (const element of document.body.querySelectorAll("*")) {
      if (!isSeen(element)) continue;
      const isTarget = element.matches("a, button, input, select, summary");
      const { width, height } = element.getBoundingClientRect();
      if (isTarget && Math.min(width, height) < leastTarget) {
        found.push(`${nameOf(element)} is ${width} × ${height}`);
      }
      if ((isTarget || holdsText(element)) && sticksOut(element)) {
        found.push(`${nameOf(element)} sticks out`);
      }
      if (holdsText(element) && isCut(element)) found.push(`${nameOf(element)} is cut`);
    }
    return found;
  }

  function focusTrouble() {
    const element = document.activeElement;
    if (element === document.body) return "nothing has the focus";
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) {
      return `there is no ring round ${nameOf(element)}`;
    }
    const { left, right, top, bottom } = element.getBoundingClientRect();
    for (const x of [left + 4, right - 4]) {
      for (const y of [top + 4, bottom - 4]) {
        const upmost = document.elementFromPoint(x, y);
        if (upmost === null) return `${nameOf(element)} is out of sight`;
        if (!element.contains(upmost) && !upmost.contains(element)) {
          return `${nameOf(upmost)} is over ${nameOf(element)}`;
        }
      }
    }
    return "";
  }

  return { misfits, focusTrouble };
})()
