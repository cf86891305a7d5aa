// Amounts arrive as texts ("45.00"). Sums are made of minor units (öre), which are whole numbers.

/** @param {string} text an amount in major units, with two decimals */
export function toMinorUnits(text) {
  const [, minus, major, minor] = /^(-?)(\d+)\.(\d\d)$/.exec(text) ?? [];
  const size = Number(major) * 100 + Number(minor);
  return minus ? -size : size;
}

/**
 * Formats an amount in the page's language.
 * @param {number} minorUnits
 * @param {string} currency
 */
export function formatMoney(minorUnits, currency) {
  const format = new Intl.NumberFormat(document.documentElement.lang, {
    style: "currency",
    currency,
  });
  return format.format(minorUnits / 100);
}
