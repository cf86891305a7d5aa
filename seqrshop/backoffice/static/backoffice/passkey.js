// Makes or proves a passkey, and posts the device's answer.
// WebAuthn has bytes where JSON has base64url. Without it the form stays hidden.

/**
 * @param {string} text in base64url
 * @returns {Uint8Array<ArrayBuffer>}
 */
function bytesOf(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {string} in base64url
 */
function textOf(buffer) {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param {{id: string}[] | undefined} credentials
 * @returns {PublicKeyCredentialDescriptor[]}
 */
function descriptors(credentials) {
  return (credentials ?? []).map((each) => ({ type: "public-key", id: bytesOf(each.id) }));
}

/**
 * @param {any} options as the server wrote them
 * @returns {Promise<object>} the answer, as the server reads it
 */
async function make(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytesOf(options.challenge),
      user: { ...options.user, id: bytesOf(options.user.id) },
      excludeCredentials: descriptors(options.excludeCredentials),
    },
  });
  if (!(made instanceof PublicKeyCredential)) throw new TypeError("no passkey");
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return answer(made, { attestationObject: textOf(response.attestationObject) });
}

/**
 * @param {any} options as the server wrote them
 * @returns {Promise<object>} the answer, as the server reads it
 */
async function prove(options) {
  const proven = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytesOf(options.challenge),
      allowCredentials: descriptors(options.allowCredentials),
    },
  });
  if (!(proven instanceof PublicKeyCredential)) throw new TypeError("no passkey");
  const response = /** @type {AuthenticatorAssertionResponse} */ (proven.response);
  return answer(proven, {
    authenticatorData: textOf(response.authenticatorData),
    signature: textOf(response.signature),
  });
}

/**
 * @param {PublicKeyCredential} credential
 * @param {object} response what is special to making or proving
 * @returns {object}
 */
function answer(credential, response) {
  const rawId = textOf(credential.rawId);
  const clientDataJSON = textOf(credential.response.clientDataJSON);
  return {
    id: credential.id,
    rawId,
    type: credential.type,
    response: { clientDataJSON, ...response },
  };
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  const field = form.elements.namedItem("answer");
  const error = form.querySelector("[data-passkey-error]");
  const act = form.dataset.passkey === "create" ? make : prove;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (error instanceof HTMLElement) error.hidden = true;
    try {
      const made = await act(JSON.parse(form.dataset.options ?? "{}"));
      if (field instanceof HTMLInputElement) field.value = JSON.stringify(made);
      form.submit();
    } catch {
      if (error instanceof HTMLElement) error.hidden = false;
    }
  });
}

if ("credentials" in navigator && "PublicKeyCredential" in window) {
  for (const note of document.querySelectorAll("[data-without-passkeys]")) note.remove();
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (form instanceof HTMLFormElement) prepare(form);
  }
}
