// What a product costs with its options, and whether a row of the basket can still be ordered.

import { toMinorUnits } from "./money.js";

/** @param {Product} product */
export const optionsOf = ({ option_groups: groups }) => groups.flatMap(({ options }) => options);

/**
 * Returns the chosen options that the product still has, in the order of the menu.
 * @param {Product} product
 * @param {number[]} options
 */
export const chosenOptions = (product, options) =>
  optionsOf(product).filter(({ id }) => options.includes(id));

/**
 * Returns the price of one unit in minor units, with those of the options that the product still has.
 * @param {Product} product
 * @param {number[]} options
 */
export function unitPrice(product, options) {
  const chosen = chosenOptions(product, options);
  return chosen.reduce((sum, { price }) => sum + toMinorUnits(price), toMinorUnits(product.price));
}

/**
 * Returns the price of one unit with the cheapest of the options that must be chosen.
 * @param {Product} product
 */
export function lowestPrice(product) {
  const cheapest = product.option_groups.flatMap(({ min, options }) => {
    const prices = options.map(({ price }) => toMinorUnits(price));
    return prices.sort((a, b) => a - b).slice(0, min);
  });
  return cheapest.reduce((sum, price) => sum + price, toMinorUnits(product.price));
}

/** @param {Product} product */
export const mustBeChosen = ({ option_groups: groups }) => groups.some(({ min }) => min > 0);

/**
 * Returns the names of the chosen options, in the order of the menu.
 * @param {Product} product
 * @param {number[]} options
 */
export const namesOfOptions = (product, options) =>
  chosenOptions(product, options).map(({ name }) => name);

/**
 * Returns why a row cannot be ordered, or that its price has changed; else null.
 * @param {BasketRow} row
 * @param {Product | undefined} product null or undefined where the menu has it no more
 * @returns {RowProblem | null}
 */
export function problemOf(row, product) {
  if (!product) return { kind: "gone" };
  if (product.sold_out) return { kind: "soldOut" };
  const chosen = chosenOptions(product, row.options);
  const soldOut = chosen.find((option) => option.sold_out);
  if (soldOut) return { kind: "optionSoldOut", option: soldOut.name };
  if (chosen.length < row.options.length || !product.option_groups.every(isSatisfied)) {
    return { kind: "optionsChanged" };
  }
  const hasChanged = unitPrice(product, row.options) !== row.price;
  return hasChanged ? { kind: "priceWas", price: row.price } : null;

  /** @param {OptionGroup} group */
  function isSatisfied({ min, max, options }) {
    const count = options.filter(({ id }) => row.options.includes(id)).length;
    return count >= min && count <= max;
  }
}
