// The PIN pad without a page load per key, and the tick before the shop's page opens. Without
// this script, the form does the same with page loads.

const TICK_MS = 1200;
const REDUCED_MOTION_TICK_MS = 800;

const prefersReducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * @param {HTMLInputElement} field
 * @param {string} key
 * @param {number} length
 */
function pressKey(field, key, length) {
  const digits = field.value.replace(/\D/g, "");
  field.value = key === "erase" ? digits.slice(0, -1) : (digits + key).slice(0, length);
}

/** @param {string} nextUrl */
function showTick(nextUrl) {
  document.getElementById("payment")?.toggleAttribute("inert", true);
  const tick = document.getElementById("done");
  tick?.classList.add("shown");
  tick?.firstElementChild?.removeAttribute("hidden");
  const delayMs = prefersReducedMotion ? REDUCED_MOTION_TICK_MS : TICK_MS;
  setTimeout(() => location.assign(nextUrl), delayMs);
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement} button
 */
async function pay(form, button) {
  const fields = [...new FormData(form, button)].map(([name, value]) => [name, String(value)]);
  try {
    const response = await fetch(location.href, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { Accept: "application/json" },
    });
    if (response.ok) {
      showTick((await response.json()).next_url);
      return;
    }
  } catch {
    // The form is sent without the script, and the page shows what is wrong.
  }
  form.dataset.plain = "yes";
  form.requestSubmit(button);
}

/** @type {NodeListOf<HTMLFormElement>} */
const forms = document.querySelectorAll("[data-pay]");
for (const form of forms) {
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("pin"));
  field.inputMode = "none"; // the pad is on the page: the phone's keyboard would hide it
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!(button instanceof HTMLButtonElement)) return;
    if (button.name === "key") {
      event.preventDefault();
      pressKey(field, button.value, Number(form.dataset.length));
    } else if (button.value === "pay" && !form.dataset.plain) {
      event.preventDefault();
      if (form.getAttribute("aria-busy")) return;
      form.setAttribute("aria-busy", "true");
      pay(form, button);
    }
  });
}

// A page restored by the browser's back button must not show the tick of an earlier payment.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
