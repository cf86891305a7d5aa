// Adds up the chosen rows of a refund, and says what the button does before it is pressed.
// Without this script the server shows the sum, and asks once more.

const ORE = 100; // in a major unit

/**
 * @param {number} ore
 * @param {string} currency
 * @returns {string} the amount as the server writes it, such as “45,00 SEK”
 */
function money(ore, currency) {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2, useGrouping: false };
  const number = new Intl.NumberFormat(document.documentElement.lang, digits).format(ore / ORE);
  return `${number}\u00a0${currency}`;
}

/**
 * @param {Element} row
 * @returns {number} the number of units chosen of a row
 */
function quantityOf(row) {
  for (const input of row.querySelectorAll("input")) {
    const isChosen = input.type === "number" || input.checked;
    if (isChosen && input.value !== "") return Number(input.value);
  }
  return 0;
}

/**
 * @param {string} text
 * @returns {number} a typed amount in öre; NaN for anything else
 */
function oreOf(text) {
  const match = /^(\d{1,8})(?:[.,](\d{1,2}))?$/.exec(text.trim());
  return match ? Number(match[1]) * ORE + Number((match[2] ?? "").padEnd(2, "0")) : Number.NaN;
}

class RefundForm {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.effect = /** @type {HTMLElement} */ (form.querySelector(".refund-effect"));
    this.button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
    this.plainLabel = this.button.textContent;
    form.addEventListener("input", () => this.show());
    this.show();
  }

  /**
   * @param {string} name
   * @returns {HTMLInputElement | null} the form's field of this name
   */
  field(name) {
    return this.form.querySelector(`input[name=${name}]`);
  }

  /** @returns {number} the chosen amount in öre; 0 for nothing, NaN for an unreadable amount */
  chosen() {
    const typed = this.field("amount")?.value ?? "";
    if (typed !== "") return oreOf(typed);
    if (this.field("everything")?.checked) return Number(this.form.dataset.everything);
    let sum = 0;
    for (const row of this.form.querySelectorAll("[data-amounts]")) {
      const amounts = (row.getAttribute("data-amounts") ?? "").split(" ").map(Number);
      const quantity = quantityOf(row);
      if (quantity) sum += amounts[quantity - 1] ?? Number.NaN;
    }
    return sum;
  }

  show() {
    const ore = this.chosen();
    const isAmount = ore > 0;
    const needsApproval = ore > Number(this.form.dataset.allowed);
    const { nothing = "", alone = "", approval = "" } = this.effect.dataset;
    const { refund = "", ask = "" } = this.button.dataset;
    const amount = money(ore, this.form.dataset.currency ?? "");
    this.effect.textContent = isAmount ? (needsApproval ? approval : alone) : nothing;
    this.effect.classList.toggle("needs-approval", isAmount && needsApproval);
    this.button.textContent = isAmount
      ? (needsApproval ? ask : refund).replace("{amount}", amount)
      : this.plainLabel;
    this.remember("seen_amount", isAmount ? (ore / ORE).toFixed(2) : "");
    this.remember("seen_approval", isAmount ? (needsApproval ? "yes" : "no") : "");
  }

  /**
   * Tells the server what the person has seen.
   * @param {string} name
   * @param {string} value
   */
  remember(name, value) {
    const field = this.field(name);
    if (field) field.value = value;
  }
}

const form = document.querySelector("form.refund");
if (form instanceof HTMLFormElement) new RefundForm(form);
