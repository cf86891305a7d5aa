// Moves the focus to the search box by "/" or Ctrl+K, from anywhere but a field.

const box = document.getElementById("staff-search");

/** @param {EventTarget | null} target */
function isField(target) {
  return (
    target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]")
  );
}

/** @param {KeyboardEvent} event */
function isShortcut(event) {
  if (event.key === "k" && (event.ctrlKey || event.metaKey)) return true;
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  return event.key === "/" && isPlain && !isField(event.target);
}

document.addEventListener("keydown", (event) => {
  if (!(box instanceof HTMLInputElement) || !isShortcut(event)) return;
  event.preventDefault();
  box.focus();
  box.select();
});
