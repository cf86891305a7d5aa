// Copies the text of a field, or a shortened reference, to the clipboard.
// Without this script a field's button stays hidden; a reference still has its title.

const SHOWN_MS = 2000;

/**
 * Copies a text. A page that is not secure has no clipboard, but can copy a selection.
 * @param {string} text
 * @returns {Promise<boolean>} whether it was copied
 */
async function copy(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // The browser refuses it, and the selection below remains.
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  return isCopied;
}

/**
 * @param {HTMLButtonElement} button
 * @returns {string | undefined} the text that the button copies
 */
function textOf(button) {
  if (button.dataset.copyText !== undefined) return button.dataset.copyText;
  const field = document.getElementById(button.dataset.copy ?? "");
  return field instanceof HTMLInputElement ? field.value : undefined;
}

for (const button of document.querySelectorAll("button[data-copy], button[data-copy-text]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = textOf(button);
    if (text === undefined || !(await copy(text))) return;
    button.textContent = button.dataset.copied ?? "";
    setTimeout(() => {
      button.textContent = label;
    }, SHOWN_MS);
  });
}
