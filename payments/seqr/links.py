"""The addresses of SEQR's world: printed codes, invoices, and the way back into the app."""

import re
from collections.abc import Mapping

SERVICE_CODE_LENGTH = 50
"""The most characters that SEQR's print rules allow in a code of version 4."""

_SERVICE_CODE_BASE = "HTTP://SEQR.SE/000/"
# What the alphanumeric mode of a QR code holds, but for the space, which no address may contain.
_PRINTABLE = re.compile(r"[0-9A-Z$%*+\-./:]*")


def service_code_url(service_id: str, parameters: str | Mapping[str, str] = "") -> str:
    """Return the content of a service's printed code, `HTTP://SEQR.SE/000/<ID>?TABLE=4`.

    `parameters` are `NAME=VALUE` joined by `&`, or a mapping of the same; SEQR hands them back with
    the customer's session. Raises ValueError, with a sentence for the person who typed it, for
    characters that the code cannot hold, small letters, or more than 50 characters.

    Source: SEQR's print guidelines.
    """
    _require_printable("The service ID", service_id)
    pairs = _pairs(parameters) if isinstance(parameters, str) else list(parameters.items())
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("Each parameter may be given only once.")
    for name, value in pairs:
        _require_printable("A parameter's name", name)
        _require_printable(f"The value of {name}", value)
    query = "&".join(f"{name}={value}" for name, value in pairs)
    url = _SERVICE_CODE_BASE + service_id + ("?" + query if query else "")
    if len(url) > SERVICE_CODE_LENGTH:
        raise ValueError(
            f"The code would hold {len(url)} characters; {SERVICE_CODE_LENGTH} are allowed."
        )
    return url


def app_url(base: str, invoice_reference: str) -> str:
    """Return the address that starts the payment in the app on this phone.

    `base` is `seqr://SEQR.SE/`, or `seqr-demo://SEQR.SE/` for the demo app.
    """
    return f"{base}R{invoice_reference}"


def invoice_url(invoice_reference: str) -> str:
    """Return the content of a QR code that leads to one invoice, to be scanned from a screen."""
    return f"HTTP://SEQR.SE/R{invoice_reference}"


def _pairs(parameters: str) -> list[tuple[str, str]]:
    """Split `A=1&B=2`; raises ValueError for a part without an equals sign."""
    pairs = []
    for part in parameters.split("&") if parameters else []:
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError("Parameters must look like NAME=VALUE, joined by &.")
        pairs.append((name, value))
    return pairs


def _require_printable(what: str, text: str) -> None:
    if not text:
        raise ValueError(f"{what} must not be empty.")
    if any(character.islower() for character in text):
        raise ValueError(f"{what} must be in capital letters.")
    if not _PRINTABLE.fullmatch(text):
        raise ValueError(f"{what} may hold only A-Z, 0-9 and the characters $ % * + - . / :")
