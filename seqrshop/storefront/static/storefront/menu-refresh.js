// Refreshes the menu, so that nobody has to reload: at intervals while the shop takes no orders, and
// otherwise when a customer returns to the page after a while.

const CLOSED_REFRESH_MS = 20000;
const STALE_AFTER_MS = 60000;

/**
 * Calls `refresh` when it is due, while the menu is shown.
 * @param {object} menu
 * @param {() => boolean} menu.isShown
 * @param {() => boolean} menu.isClosed
 * @param {() => Promise<void>} menu.refresh
 */
export function keepMenuFresh({ isShown, isClosed, refresh }) {
  let refreshing = false;
  let refreshedAt = Date.now();
  const refreshIfOlder = async (/** @type {number} */ ageMs) => {
    if (refreshing || document.hidden || !isShown() || Date.now() - refreshedAt < ageMs) return;
    refreshing = true;
    await refresh().finally(() => {
      refreshing = false;
      refreshedAt = Date.now();
    });
  };
  setInterval(() => {
    if (isClosed()) refreshIfOlder(0);
  }, CLOSED_REFRESH_MS);
  document.addEventListener("visibilitychange", () =>
    refreshIfOlder(isClosed() ? 0 : STALE_AFTER_MS),
  );
}
