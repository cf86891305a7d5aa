// The developer's corner: only the fields of the chosen kind of fault, and calls opened in place.

function showFieldsOf(kind) {
  for (const field of document.querySelectorAll("[data-kinds]")) {
    field.hidden = !field.dataset.kinds.split(" ").includes(kind);
  }
}

// A kind belongs to calls or to notifications: the other ones cannot be chosen.
function offerKinds(operation, kind) {
  const [calls, notifications] = kind.querySelectorAll("optgroup");
  calls.disabled = operation.value === "notification";
  notifications.disabled = !calls.disabled;
  if (kind.selectedOptions[0]?.parentElement.disabled) {
    kind.value = (calls.disabled ? notifications : calls).firstElementChild.value;
  }
  showFieldsOf(kind.value);
}

async function showBodies(details) {
  const place = details.querySelector(".bodies");
  const link = place.querySelector("a");
  if (!details.open || !link) return;
  try {
    const response = await fetch(link.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const bodies = page.getElementById("bodies");
    if (bodies) place.replaceChildren(...document.adoptNode(bodies).children);
    else place.replaceChildren("This call is not kept any more.");
  } catch {
    // The link is still there to be followed.
  }
}

const form = document.getElementById("fault-form");
form.classList.add("scripted");
const { operation, kind } = form.elements;
operation.addEventListener("change", () => offerKinds(operation, kind));
kind.addEventListener("change", () => showFieldsOf(kind.value));
offerKinds(operation, kind);

// "toggle" does not bubble, so it is caught on its way down.
document.getElementById("calls").addEventListener("toggle", (event) => showBodies(event.target), true);

const filter = document.getElementById("filter");
filter.querySelector("button").hidden = true;
filter.elements.operation.addEventListener("change", () => filter.requestSubmit());
