// Scrolls the navigation of a phone sideways to the current page, which may be beyond its edge.

function showCurrent() {
  for (const link of document.querySelectorAll(":is(.staff-nav, .staff-subnav) .current")) {
    const line = link.closest("ul");
    if (!(link instanceof HTMLElement) || !line) continue;
    line.scrollLeft = link.offsetLeft - (line.clientWidth - link.offsetWidth) / 2;
  }
}

showCurrent();
addEventListener("resize", showCurrent); // a tablet that is turned
