// Lets a screen show the orders of some categories alone, such as those of the bar.

export class CategoryFilter {
  #group;
  #key;
  #onChange;
  /** @type {Set<number>} */
  #chosen;
  #drawn = "";

  /**
   * @param {HTMLElement} group
   * @param {string} slug of the shop: each has categories of its own
   * @param {() => void} onChange
   */
  constructor(group, slug, onChange) {
    this.#group = group;
    this.#key = `kitchen-categories-${slug}`;
    this.#onChange = onChange;
    this.#chosen = new Set(readStored(this.#key));
    group.addEventListener("click", ({ target }) => {
      const button = target instanceof Element && target.closest("button");
      if (button) this.#toggle(Number(button.dataset.category));
    });
  }

  /**
   * Whether a row belongs to the chosen categories; without any, all do.
   * @param {BoardRow} row
   */
  has({ category }) {
    return this.#chosen.size === 0 || (category !== null && this.#chosen.has(category));
  }

  /** @param {{ id: number, name: string }[]} categories */
  show(categories) {
    const ids = new Set(categories.map(({ id }) => id));
    for (const id of this.#chosen) if (!ids.has(id)) this.#chosen.delete(id); // deleted meanwhile
    const drawn = JSON.stringify([categories, [...this.#chosen]]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const focused = document.activeElement instanceof HTMLElement && document.activeElement;
    const focusedId = focused && this.#group.contains(focused) ? focused.dataset.category : "";
    this.#group.parentElement?.toggleAttribute("hidden", categories.length < 2);
    this.#group.replaceChildren(
      ...categories.map(({ id, name }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "button";
        button.dataset.category = String(id);
        button.textContent = name;
        button.setAttribute("aria-pressed", String(this.#chosen.has(id)));
        return button;
      }),
    );
    const again = focusedId && this.#group.querySelector(`[data-category="${focusedId}"]`);
    if (again instanceof HTMLElement) again.focus();
  }

  /** @param {number} category */
  #toggle(category) {
    if (!this.#chosen.delete(category)) this.#chosen.add(category);
    try {
      localStorage.setItem(this.#key, JSON.stringify([...this.#chosen]));
    } catch {
      // Storage is disabled: the choice lasts until the page is closed.
    }
    this.#onChange();
  }
}

/**
 * @param {string} key
 * @returns {number[]}
 */
function readStored(key) {
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(stored) ? stored.filter(Number.isInteger) : [];
  } catch {
    return [];
  }
}
