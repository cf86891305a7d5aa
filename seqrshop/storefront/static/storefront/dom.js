// Finds, copies and fills elements. What a script needs and its page lacks is an error at once.

/**
 * Returns the first element that matches the selector.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [type] its class, where more than HTMLElement's is needed
 * @returns {T}
 */
export function find(root, selector, type) {
  const element = root.querySelector(selector);
  if (!(element instanceof (type ?? HTMLElement))) throw new TypeError(selector);
  return /** @type {T} */ (element);
}

/**
 * Returns a copy of a template's content.
 * @param {ParentNode} root
 * @param {string} selector
 */
export function copyTemplate(root, selector) {
  const { content } = find(root, selector, HTMLTemplateElement);
  return /** @type {DocumentFragment} */ (content.cloneNode(true));
}

/**
 * Sets a text only where it differs, so that a screen reader announces it once.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Shows a picture, or hides its element where there is none.
 * @param {HTMLImageElement} image
 * @param {Picture | null} picture
 */
export function showPicture(image, picture) {
  image.hidden = !picture;
  if (!picture) return;
  image.src = picture.url;
  image.alt = picture.alt;
  image.width = picture.width;
  image.height = picture.height;
}
