// Keeps the menu where it was scrolled to, while the customer goes on to another page and back.
// Browsers restore it too early: before the menu has arrived.

const SETTLED_MS = 200;

let savedY = history.state?.scrollY ?? 0;
let timer = 0;
history.scrollRestoration = "manual";

/** @param {() => boolean} isShown whether the menu is shown */
export function rememberScroll(isShown) {
  window.addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (isShown()) history.replaceState({ ...history.state, scrollY: window.scrollY }, "");
    }, SETTLED_MS);
  });
}

/** Scrolls to where the menu was when this entry of the history was left; later calls do nothing. */
export function restoreScroll() {
  if (savedY > 0) window.scrollTo(0, savedY);
  savedY = 0;
}
