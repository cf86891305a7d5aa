// While no orders are taken, asks now and then whether they are again: nobody has to reload.

const EVERY_MS = 20000;

/** Calls `ask` every 20 seconds, and when somebody looks again, as long as `isClosed` says so. */
export function askWhileClosed(isClosed, ask) {
  let asking = false;
  const look = async () => {
    if (asking || document.hidden || !isClosed()) return;
    asking = true;
    await ask().finally(() => {
      asking = false;
    });
  };
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
}
