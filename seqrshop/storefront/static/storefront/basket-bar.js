// The bar at the foot of the menu, with the total: it opens the basket. Wide screens show the basket itself.

import { countedItems } from "./counted-items.js";
import { find, setText } from "./dom.js";
import { formatMoney } from "./money.js";

/** @typedef {import("./basket.js").Basket} Basket */

const WIDE_SCREEN = matchMedia("(min-width: 60rem)");

/** Whether the basket stands beside the menu. */
export const isBeside = () => WIDE_SCREEN.matches;

/**
 * Returns a function that shows the basket's total in the bar.
 * @param {Basket} basket
 * @param {() => void} openBasket
 */
export function activateBar(basket, openBasket) {
  const bar = find(document, "[data-bar]");
  find(bar, "button").addEventListener("click", openBasket);
  return () => {
    bar.hidden = basket.rows.length === 0;
    const total = formatMoney(basket.total, basket.currency);
    setText(find(bar, "[data-bar-count]"), countedItems(basket.count));
    setText(find(bar, "[data-bar-total]"), total);
    setText(
      find(document, "[data-bar-status]"),
      bar.hidden ? "" : `${countedItems(basket.count)}, ${total}`,
    );
  };
}

/** Shows the basket beside the menu on a wide screen, and else in its sheet. */
export function placeBasket() {
  const form = find(document, "#basket");
  const sheet = find(document, "#basket-sheet", HTMLDialogElement);
  const beside = find(document, "[data-beside]");
  const place = () => {
    if (WIDE_SCREEN.matches) sheet.close();
    (WIDE_SCREEN.matches ? beside : sheet).append(form);
  };
  WIDE_SCREEN.addEventListener("change", place);
  place();
}
