// The developer's console: shows only the fields of the chosen fault, and opens calls in container.

/** @type {(id: string) => HTMLFormElement} */
const formOf = (id) => /** @type {HTMLFormElement} */ (document.getElementById(id));

/** @type {(form: HTMLFormElement, name: string) => HTMLSelectElement} */
const selectOf = (form, name) => /** @type {HTMLSelectElement} */ (form.elements.namedItem(name));

/** @param {string} kind */
function showFieldsOf(kind) {
  /** @type {NodeListOf<HTMLElement>} */
  const fields = document.querySelectorAll("[data-kinds]");
  for (const field of fields) field.hidden = !field.dataset.kinds?.split(" ").includes(kind);
}

/**
 * Disables the kinds of faults that the operation cannot have: each is of calls or of notifications.
 * @param {HTMLSelectElement} operation
 * @param {HTMLSelectElement} kind
 */
function offerKinds(operation, kind) {
  const [calls, notifications] = kind.querySelectorAll("optgroup");
  calls.disabled = operation.value === "notification";
  notifications.disabled = !calls.disabled;
  const group = kind.selectedOptions[0]?.parentElement;
  if (group instanceof HTMLOptGroupElement && group.disabled) {
    const first = (calls.disabled ? notifications : calls).querySelector("option");
    kind.value = first?.value ?? "";
  }
  showFieldsOf(kind.value);
}

/** @param {HTMLDetailsElement} details */
async function showBodies(details) {
  const container = details.querySelector(".bodies");
  const link = container?.querySelector("a");
  if (!details.open || !container || !link) return;
  try {
    const response = await fetch(link.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const bodies = page.getElementById("bodies");
    if (bodies) container.replaceChildren(...document.adoptNode(bodies).children);
    else container.replaceChildren("This call is no longer logged.");
  } catch {
    // The link stays, and can be followed.
  }
}

const faultForm = formOf("fault-form");
faultForm.classList.add("scripted");
const operation = selectOf(faultForm, "operation");
const kind = selectOf(faultForm, "kind");
operation.addEventListener("change", () => offerKinds(operation, kind));
kind.addEventListener("change", () => showFieldsOf(kind.value));
offerKinds(operation, kind);

// A "toggle" event does not bubble, so it is captured on its way down.
const onToggle = (/** @type {Event} */ { target }) => {
  if (target instanceof HTMLDetailsElement) showBodies(target);
};
document.getElementById("calls")?.addEventListener("toggle", onToggle, true);

const filter = formOf("filter");
filter.querySelector("button")?.toggleAttribute("hidden", true);
selectOf(filter, "operation").addEventListener("change", () => filter.requestSubmit());
