"""The contents of SEQR's QR codes, and the link that opens the SEQR app."""

import re
from collections.abc import Mapping

SERVICE_CODE_MAX_LENGTH = 50
"""Characters that SEQR's print guidelines allow in a QR code of version 4."""

_SERVICE_CODE_BASE = "HTTP://SEQR.SE/000/"
# A QR code's alphanumeric mode without the space, which a URL cannot contain.
_ALPHANUMERIC_MODE = re.compile(r"[0-9A-Z$%*+\-./:]*")


def service_code_url(service_id: str, parameters: str | Mapping[str, str] = "") -> str:
    """Return the content of a service's printed QR code, `HTTP://SEQR.SE/000/<ID>?TABLE=4`.

    `parameters` are `NAME=VALUE` joined by `&`, or a mapping. SEQR returns them with the
    customer's session. Raises ValueError, with a sentence for the user, for lower-case letters,
    for other characters that the code cannot hold, and for more than 50 characters.

    Source: SEQR's print guidelines.
    """
    _require_printable("The service ID", service_id)
    pairs = _parse_pairs(parameters) if isinstance(parameters, str) else list(parameters.items())
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("Each parameter may be given only once.")
    for name, value in pairs:
        _require_printable("A parameter's name", name)
        _require_printable(f"The value of {name}", value)
    query = "&".join(f"{name}={value}" for name, value in pairs)
    url = _SERVICE_CODE_BASE + service_id + ("?" + query if query else "")
    if len(url) > SERVICE_CODE_MAX_LENGTH:
        raise ValueError(
            f"The code would hold {len(url)} characters; {SERVICE_CODE_MAX_LENGTH} are allowed."
        )
    return url


def app_url(base: str, invoice_reference: str) -> str:
    """Return the link that opens the invoice in the SEQR app on the same phone.

    `base` is `seqr://SEQR.SE/`, or `seqr-demo://SEQR.SE/` for the demo app.
    """
    return f"{base}R{invoice_reference}"


def invoice_url(invoice_reference: str) -> str:
    """Return the content of an invoice's QR code, which a phone scans from another screen."""
    return f"HTTP://SEQR.SE/R{invoice_reference}"


def _parse_pairs(parameters: str) -> list[tuple[str, str]]:
    pairs = []
    for part in parameters.split("&") if parameters else []:
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError("Parameters must look like NAME=VALUE, joined by &.")
        pairs.append((name, value))
    return pairs


def _require_printable(label: str, text: str) -> None:
    if not text:
        raise ValueError(f"{label} must not be empty.")
    if any(character.islower() for character in text):
        raise ValueError(f"{label} must be in capital letters.")
    if not _ALPHANUMERIC_MODE.fullmatch(text):
        raise ValueError(f"{label} may hold only A-Z, 0-9 and the characters $ % * + - . / :")
