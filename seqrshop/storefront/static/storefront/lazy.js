// Loads a script and its style sheets when it is first needed, and retries over a bad connection.

import { showNotice } from "./page.js";

const RETRY_MS = 2000;

/**
 * Returns a script's module, with its style sheets applied. The files are fetched first, since a browser
 * may never repeat an import that has failed; the import then finds them in the cache.
 * @param {string} urls the script's address and those of all that it needs, separated by spaces
 */
export async function loadScript(urls) {
  const addresses = urls.trim().split(" ");
  await Promise.all(addresses.map(fetchUntilReceived));
  await Promise.all(addresses.filter((url) => url.endsWith(".css")).map(applyStyles));
  return import(addresses[0]);
}

/** @param {string} url */
function applyStyles(url) {
  if (document.querySelector(`link[href="${url}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = url;
  return new Promise((resolve) => {
    link.onload = resolve;
    document.head.append(link);
  });
}

/** @param {string} url */
async function fetchUntilReceived(url) {
  while (!(await isReceived(url))) {
    showNotice("noConnection");
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    showNotice("");
  }
}

/** @param {string} url */
async function isReceived(url) {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
