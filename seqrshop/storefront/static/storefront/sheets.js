// Opens dialogs over the page as sheets. Each is an entry of the browser's history, so that the back
// button closes it, as Escape, its own button and a tap beside it do.

const MAX_LEAVING_MS = 500; // a browser that cannot go back must not keep sheets from opening

const depth = () => history.state?.sheets ?? 0;

export class Sheets {
  /** @type {HTMLDialogElement[]} the open ones, the topmost last */
  #open = [];
  #leaving = Promise.resolve(); // until the browser has gone back

  constructor() {
    window.addEventListener("popstate", () => {
      for (const dialog of this.#open.splice(depth())) dialog.close();
      this.#goBack(depth() - this.#open.length); // the forward button opens none
    });
    this.#goBack(depth()); // after a reload, no sheet is open
  }

  /**
   * Opens a dialog; its heading gets the focus, which returns when the dialog closes.
   * @param {HTMLDialogElement} dialog
   */
  async open(dialog) {
    await this.#leaving;
    if (dialog.open) return;
    this.#open.push(dialog);
    history.pushState({ ...history.state, sheets: this.#open.length }, "");
    dialog.showModal();
    dialog.querySelector("h2")?.focus();
    dialog.onclose = () => this.#forget(dialog);
    dialog.onclick = ({ target }) => {
      const isClose = target instanceof Element && target.closest("[data-close]");
      if (isClose || target === dialog) dialog.close(); // all but the backdrop is a child's
    };
  }

  /** Closes all sheets. */
  closeAll() {
    const dialogs = this.#open.splice(0);
    for (const dialog of dialogs) dialog.close();
    this.#goBack(dialogs.length);
  }

  /** @param {HTMLDialogElement} dialog */
  #forget(dialog) {
    const index = this.#open.indexOf(dialog);
    if (index < 0) return; // closed by the back button
    this.#open.splice(index, 1);
    this.#goBack(1);
  }

  /** @param {number} entries */
  #goBack(entries) {
    if (entries === 0) return;
    this.#leaving = new Promise((resolve) => {
      window.addEventListener("popstate", () => resolve(), { once: true });
      setTimeout(resolve, MAX_LEAVING_MS);
    });
    history.go(-entries);
  }
}
