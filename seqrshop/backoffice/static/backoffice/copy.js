// Copies the text of a field to the clipboard. Without this script the buttons stay hidden.

const SHOWN_MS = 2000;

/**
 * Copies a field's text. A page that is not secure has no clipboard, but can copy a selection.
 * @param {HTMLInputElement} field
 * @returns {Promise<boolean>} whether it was copied
 */
async function copy(field) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      // The browser refuses it, and the selection below remains.
    }
  }
  field.select();
  return document.execCommand("copy");
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  const field = document.getElementById(button.dataset.copy ?? "");
  if (!(field instanceof HTMLInputElement)) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (!(await copy(field))) return;
    button.textContent = button.dataset.copied ?? "";
    setTimeout(() => {
      button.textContent = label;
    }, SHOWN_MS);
  });
}
