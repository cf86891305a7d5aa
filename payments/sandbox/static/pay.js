// The PIN pad without a page load per key, and the tick before the phone goes on to the shop. The
// form does the same without this script, only plainer.

const TICK_MS = 1200;
const CALM_TICK_MS = 800;

const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

function press(field, key, length) {
  const digits = field.value.replace(/\D/g, "");
  field.value = key === "erase" ? digits.slice(0, -1) : (digits + key).slice(0, length);
}

function showTick(onward) {
  const done = document.getElementById("done");
  document.getElementById("bill").inert = true;
  done.classList.add("shown");
  done.firstElementChild.hidden = false;
  setTimeout(() => location.assign(onward), calm ? CALM_TICK_MS : TICK_MS);
}

async function pay(form, button) {
  try {
    const answer = await fetch(location.href, {
      method: "POST",
      body: new URLSearchParams(new FormData(form, button)),
      headers: { Accept: "application/json" },
    });
    if (answer.ok) {
      showTick((await answer.json()).onward);
      return;
    }
  } catch {
    // Sent as a plain form, the page says what is the matter.
  }
  form.dataset.plain = "yes";
  form.requestSubmit(button);
}

for (const form of document.querySelectorAll("[data-pay]")) {
  const field = form.elements.pin;
  // The pad is on the screen: a keyboard over it would only hide it.
  field.inputMode = "none";
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.name === "key") {
      event.preventDefault();
      press(field, button.value, Number(form.dataset.length));
    } else if (button?.value === "pay" && !form.dataset.plain) {
      event.preventDefault();
      if (form.getAttribute("aria-busy")) return;
      form.setAttribute("aria-busy", "true");
      pay(form, button);
    }
  });
}

// Coming back with the browser's own button must not show a tick that is over.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
