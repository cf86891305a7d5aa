// Amounts arrive as texts ("45.00"). Sums are made of minor units (öre), which are whole numbers.

/** @param {string} text an amount in major units, with two decimals */
export function toMinorUnits(text) {
  const [, minus, major, minor] = /^(-?)(\d+)\.(\d\d)$/.exec(text) ?? [];
  const size = Number(major) * 100 + Number(minor);
  return minus ? -size : size;
}

/** @param {number} minorUnits */
export const inMajorUnits = (minorUnits) => (minorUnits / 100).toFixed(2);

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

/**
 * Returns an amount that a person has typed, in minor units, or NaN: "25", "25,5" or "25.50".
 * @param {string} text
 */
export function parseAmount(text) {
  const [, major, minor = ""] = /^\s*(\d{1,6})(?:[.,](\d{1,2}))?\s*$/.exec(text) ?? [];
  return Number(major) * 100 + Number(minor.padEnd(2, "0"));
}

/**
 * Formats a percentage in the page's language.
 * @param {string} percentage
 */
export function formatPercentage(percentage) {
  const format = new Intl.NumberFormat(document.documentElement.lang, {
    style: "percent",
    maximumFractionDigits: 2,
  });
  return format.format(Number(percentage) / 100);
}
