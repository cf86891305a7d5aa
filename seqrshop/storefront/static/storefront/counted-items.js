// A number of items in words.

import { translate } from "./page.js";

/** @param {number} count */
export function countedItems(count) {
  if (count === 0) return translate("emptyBasket");
  const form = new Intl.PluralRules(document.documentElement.lang).select(count);
  return translate(`items-${form}`, count) || translate("items-other", count);
}
