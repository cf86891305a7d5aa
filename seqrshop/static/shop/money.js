// Amounts come as texts ("45.00") and are reckoned in hundredths, whole numbers all the way.

/** Returns the hundredths of an amount. */
export function hundredths(text) {
  const [, whole, part] = /^(\d+)\.(\d\d)$/.exec(text);
  return Number(whole) * 100 + Number(part);
}

/** Writes hundredths as people here write money. */
export function money(value, currency) {
  const style = { style: "currency", currency };
  return new Intl.NumberFormat(document.documentElement.lang, style).format(value / 100);
}
