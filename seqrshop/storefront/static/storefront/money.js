// Amounts come as texts ("45.00") and are reckoned in hundredths, whole numbers all the way.

/** Returns the hundredths of an amount. */
export function hundredths(text) {
  const [, minus, whole, part] = /^(-?)(\d+)\.(\d\d)$/.exec(text);
  const size = Number(whole) * 100 + Number(part);
  return minus ? -size : size;
}

/** Writes hundredths as people here write money. */
export function money(value, currency) {
  const style = { style: "currency", currency };
  return new Intl.NumberFormat(document.documentElement.lang, style).format(value / 100);
}
