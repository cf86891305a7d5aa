// Fills the basket with an earlier order. Loaded when the customer asks for it.

import { ApiError } from "./api-client.js";

/** @typedef {import("./basket.js").Basket} Basket */
/** @typedef {import("./session.js").Session} Session */

/**
 * Adds the rows of an order that can still be ordered; returns the names of the others.
 * @param {Basket} basket
 * @param {Session} session
 * @param {string} id the order's; one that is not the customer's adds nothing
 */
export async function fillBasket(basket, session, id) {
  const missing = [];
  for (const { product, quantity, name, options, note } of await rowsOf(session, id)) {
    const row = { product, quantity, options: options.map((option) => option.id), note };
    if (basket.isBlocked({ ...row, name, price: 0 })) missing.push(name);
    else basket.put(row);
  }
  return missing;
}

/**
 * @param {Session} session
 * @param {string} id
 * @returns {Promise<OrderRow[]>}
 */
async function rowsOf(session, id) {
  try {
    const order = await session.request("GET", `/orders/${id}`);
    return order.rows;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return []; // the address was changed by hand
  }
}
