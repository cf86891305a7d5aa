// Opens an invitation: moves the token from the link's fragment into the form, and sends it.
// A fragment reaches no server, so the token is in no log of an address.

const invitationForm = document.getElementById("invitation");
const token = location.hash.slice(1);
if (invitationForm instanceof HTMLFormElement && token) {
  history.replaceState(null, "", location.pathname + location.search);
  const field = invitationForm.elements.namedItem("token");
  if (field instanceof HTMLInputElement) {
    field.value = token;
    invitationForm.submit();
  }
}
