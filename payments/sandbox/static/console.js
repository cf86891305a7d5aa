// The developer's console: shows only the fields of the chosen kind of fault or latency, and opens
// calls in place.

/** @type {(id: string) => HTMLFormElement} */
const formOf = (id) => /** @type {HTMLFormElement} */ (document.getElementById(id));

/** @type {(form: HTMLFormElement, name: string) => HTMLSelectElement} */
const selectOf = (form, name) => /** @type {HTMLSelectElement} */ (form.elements.namedItem(name));

/**
 * Shows only the fields of the kind that is selected in a form.
 * @param {HTMLFormElement} form
 */
function showFieldsOfKind(form) {
  const { value } = selectOf(form, "kind");
  /** @type {NodeListOf<HTMLElement>} */
  const fields = form.querySelectorAll("[data-kinds]");
  for (const field of fields) field.hidden = !field.dataset.kinds?.split(" ").includes(value);
}

/**
 * Disables the kinds of faults that the operation cannot have: each is of calls or of notifications.
 * @param {HTMLFormElement} form
 */
function offerKinds(form) {
  const kind = selectOf(form, "kind");
  const [calls, notifications] = kind.querySelectorAll("optgroup");
  calls.disabled = selectOf(form, "operation").value === "notification";
  notifications.disabled = !calls.disabled;
  const group = kind.selectedOptions[0]?.parentElement;
  if (group instanceof HTMLOptGroupElement && group.disabled) {
    const first = (calls.disabled ? notifications : calls).querySelector("option");
    kind.value = first?.value ?? "";
  }
  showFieldsOfKind(form);
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
const latencyForm = formOf("latency-form");
for (const form of [faultForm, latencyForm]) {
  form.classList.add("scripted");
  selectOf(form, "kind").addEventListener("change", () => showFieldsOfKind(form));
}
selectOf(faultForm, "operation").addEventListener("change", () => offerKinds(faultForm));
offerKinds(faultForm);
showFieldsOfKind(latencyForm);

// A "toggle" event does not bubble, so it is captured on its way down.
const onToggle = (/** @type {Event} */ { target }) => {
  if (target instanceof HTMLDetailsElement) showBodies(target);
};
document.getElementById("calls")?.addEventListener("toggle", onToggle, true);

const filter = formOf("filter");
filter.querySelector("button")?.toggleAttribute("hidden", true);
selectOf(filter, "operation").addEventListener("change", () => filter.requestSubmit());
