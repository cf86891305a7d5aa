// What keeps an order from being made, told beside what it is about.

import { hundredths, money } from "./money.js";
import { say } from "./session.js";

const ROW = /^rows\[(\d+)\]/;

export class Problems {
  #root = document.querySelector("#menu");
  #general = this.#root.querySelector("[data-problem]");

  constructor() {
    this.#root.addEventListener("click", ({ target }) => {
      const stepper = target.closest("[data-stepper]");
      if (!stepper) return;
      this.#general.textContent = ""; // it was about another choice
      this.#forget(stepper.closest("li"));
    });
  }

  clear() {
    this.#general.textContent = "";
    for (const row of this.#root.querySelectorAll("li")) this.#forget(row);
  }

  /** Tells something about the order as a whole: beside the button that makes it. */
  tell(text) {
    this.#general.textContent = text;
  }

  /** Tells what the shop said to an order, `pricesSeen` being the products' prices at that time. */
  explain({ field, message, products = [] }, order, pricesSeen) {
    const [, index] = ROW.exec(field) ?? [];
    const row = index && this.#rowOf(order.rows[index].product);
    if (row) this.#tellIn(row, message);
    else this.tell(message);
    for (const { id, price } of products) this.#tellOfPrice(id, price, pricesSeen.get(id));
    this.#root.querySelector("li .problem")?.parentElement.scrollIntoView({ block: "center" });
  }

  #tellOfPrice(id, price, seen) {
    const row = this.#rowOf(id);
    if (!row || !seen || seen.price === price) return;
    this.#tellIn(row, say("priceWas", money(hundredths(seen.price), seen.currency)));
  }

  #tellIn(row, text) {
    this.#forget(row);
    const problem = document.createElement("p");
    problem.className = "problem";
    problem.id = `problem-${row.dataset.id}`;
    problem.setAttribute("role", "alert");
    problem.textContent = text;
    row.append(problem);
    for (const button of row.querySelectorAll("button")) {
      button.setAttribute("aria-describedby", problem.id);
    }
  }

  #forget(row) {
    row.querySelector(".problem")?.remove();
    for (const button of row.querySelectorAll("button")) button.removeAttribute("aria-describedby");
  }

  #rowOf(id) {
    return this.#root.querySelector(`li[data-id="${id}"]`);
  }
}
