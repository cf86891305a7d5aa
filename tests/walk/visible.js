// An expression that visible.py evaluates in a page. It changes nothing there.
(() => {
  const isShown = (/** @type {Element} */ element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0 && element.checkVisibility({ visibilityProperty: true });
  };

  // What a person reads or hears: texts, and the attributes that name things.
  function texts() {
    const found = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { parentElement, textContent } = walker.currentNode;
      if (parentElement && isShown(parentElement)) found.push(textContent ?? "");
    }
    for (const element of document.body.querySelectorAll("[aria-label], [placeholder], [alt]")) {
      if (!isShown(element)) continue;
      for (const name of ["aria-label", "placeholder", "alt"]) {
        found.push(element.getAttribute(name) ?? "");
      }
    }
    return found.map((text) => text.replace(/\s+/g, " ").trim()).filter(Boolean);
  }

  // The element that covers another's middle, or "" where the other is on top itself.
  function coverOf(/** @type {Element} */ element) {
    const { left, top, width, height } = element.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return "the window's edge";
    if (getComputedStyle(element).pointerEvents === "none") return ""; // a notice above all else
    const topmost = document.elementFromPoint(x, y);
    if (!topmost || topmost.contains(element) || element.contains(topmost)) return "";
    const control = element.closest("label, button, a, tr, li");
    if (control?.contains(topmost)) return "";
    return `<${topmost.localName} class="${topmost.className}"> ${topmost.textContent.slice(0, 30)}`;
  }

  // Boxes that hide a part of their own text below their lower edge.
  function cutTexts() {
    const isCut = (/** @type {Element} */ element) => {
      const { overflowY } = getComputedStyle(element);
      const hides = overflowY === "hidden" || overflowY === "clip";
      return hides && element.scrollHeight > element.clientHeight + 2 && element.clientHeight > 1;
    };
    return [...document.body.querySelectorAll("*")]
      .filter((element) => isShown(element) && isCut(element) && element.textContent.trim())
      .map((element) => `<${element.localName} class="${element.className}"> is cut off below`);
  }

  // Words that begin on one line and end on another, without a hyphen of their own.
  function brokenWords() {
    const broken = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { currentNode } = walker;
      if (!currentNode.parentElement || !isShown(currentNode.parentElement)) continue;
      for (const { 0: word, index } of (currentNode.textContent ?? "").matchAll(/\p{L}{2,20}/gu)) {
        const range = document.createRange();
        range.setStart(currentNode, index);
        range.setEnd(currentNode, index + word.length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (lines.size > 1) broken.push(`“${word}” is broken inside`);
      }
    }
    return broken;
  }

  return { texts, coverOf, cutTexts, brokenWords };
})();
