// A stepper: a quantity between a minus and a plus button.

import { MAX_QUANTITY } from "./basket-store.js";
import { find } from "./dom.js";
import { translate } from "./page.js";

/**
 * Activates a stepper. Returns a function that shows a quantity in it.
 * @param {ParentNode} stepper
 * @param {string} name that of the product, for screen readers
 * @param {(by: 1 | -1) => void} change
 * @param {number} [minQuantity]
 */
export function activateStepper(stepper, name, change, minQuantity = 0) {
  const less = find(stepper, "[data-less]", HTMLButtonElement);
  const more = find(stepper, "[data-more]", HTMLButtonElement);
  less.setAttribute("aria-label", translate("less", name));
  more.setAttribute("aria-label", translate("more", name));
  less.onclick = () => {
    change(-1);
    if (less.disabled) more.focus();
  };
  more.onclick = () => change(1);
  return (/** @type {number} */ quantity) => {
    find(stepper, "[data-quantity]").textContent = String(quantity);
    less.disabled = quantity <= minQuantity;
    more.disabled = quantity >= MAX_QUANTITY;
  };
}
