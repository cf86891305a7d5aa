// Choices of which one is taken, as a row of radio buttons.

import { copyTemplate, find } from "./dom.js";

/**
 * Shows the choices of a fieldset, and hides it where there are none. Those that are shown already stay,
 * and with them the focus.
 * @param {HTMLElement} fieldset
 * @param {string} name that of the radio buttons
 * @param {{ key: string, name: string }[]} choices
 */
export function showChoices(fieldset, name, choices) {
  const shown = Array.from(fieldset.querySelectorAll("[type=radio]"), (input) =>
    input.getAttribute("value"),
  );
  if (`${shown}` === `${choices.map(({ key }) => key)}`) return;
  const pills = choices.map((choice) => {
    const element = copyTemplate(document, "[data-choice]");
    const input = find(element, "input", HTMLInputElement);
    input.name = name;
    input.value = choice.key;
    find(element, "[data-name]").textContent = choice.name;
    return element;
  });
  find(fieldset, "[data-choices]").replaceChildren(...pills);
  fieldset.hidden = choices.length === 0;
}

/**
 * Marks the choice that is taken, if any.
 * @param {HTMLElement} fieldset
 * @param {string | null} key
 */
export function markChoice(fieldset, key) {
  for (const input of fieldset.querySelectorAll("input")) {
    if (input.type === "radio") input.checked = input.value === key;
  }
}
