// Keeps the menu as the shop has it, so that nobody has to reload: while no orders are taken it is
// asked for now and then, and else when somebody looks at it again after a while.

const WHILE_CLOSED_MS = 20000;
const STALE_MS = 60000;

/** Calls `ask` when the menu should be looked at anew. `isShown`: is it, and `isClosed`: so far. */
export function keepFresh({ isShown, isClosed, ask }) {
  let asking = false;
  let askedAt = Date.now();
  const look = async (olderThanMs) => {
    if (asking || document.hidden || !isShown() || Date.now() - askedAt < olderThanMs) return;
    asking = true;
    await ask().finally(() => {
      asking = false;
      askedAt = Date.now();
    });
  };
  setInterval(() => {
    if (isClosed()) look(0);
  }, WHILE_CLOSED_MS);
  document.addEventListener("visibilitychange", () => look(isClosed() ? 0 : STALE_MS));
}
