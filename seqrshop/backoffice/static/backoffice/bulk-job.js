// Shows how far a job has come, without a reload. Without this script the page is reloaded by hand.

const INTERVAL_MS = 2000;

async function refresh() {
  const shown = document.getElementById("bulk-job");
  if (!shown?.dataset.running) return;
  try {
    const headers = { Accept: "text/html", "X-Background": "yes" };
    const response = await fetch(window.location.href, { headers });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const current = page.getElementById("bulk-job");
    if (response.ok && current) shown.replaceWith(current);
  } catch {
    // The server is away for a moment; the next attempt may reach it.
  }
  setTimeout(refresh, INTERVAL_MS);
}

setTimeout(refresh, INTERVAL_MS);
