"""The contents of SEQR's QR codes, and the link that opens the SEQR app."""

import re
from collections.abc import Mapping

SERVICE_CODE_MAX_LENGTH = 50
"""Characters that SEQR's print guidelines allow in a QR code of version 4."""

SERVICE_CODE_BASE = "HTTP://SEQR.SE/000/"
SERVICE_ID_PART = "The service ID"
NAME_PART = "A parameter's name"
VALUE_PART = "The value of "
# A QR code's alphanumeric mode without the space, which a URL cannot contain.
_ALPHANUMERIC_MODE = re.compile(r"[0-9A-Z$%*+\-./:]*")


class UnprintableContent(ValueError):
    """The content would break the print guidelines.

    `problem` names the rule: empty, lower_case, characters, repeated, form or length. `part` is the
    part of the content that breaks it, and `length` the number of characters.
    """

    def __init__(self, problem: str, sentence: str, *, part: str = "", length: int = 0) -> None:
        super().__init__(sentence)
        self.problem = problem
        self.part = part
        self.length = length


def service_code_url(service_id: str, parameters: str | Mapping[str, str] = "") -> str:
    """Return the content of a service's printed QR code, `HTTP://SEQR.SE/000/<ID>?TABLE=4`.

    `parameters` are `NAME=VALUE` joined by `&`, or a mapping. SEQR returns them with the
    customer's session. Raises UnprintableContent, whose text is a sentence, for lower-case letters,
    for other characters that the code cannot hold, and for more than 50 characters.

    Source: SEQR's print guidelines.
    """
    _require_printable(SERVICE_ID_PART, service_id)
    pairs = (
        parsed_parameters(parameters) if isinstance(parameters, str) else list(parameters.items())
    )
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise UnprintableContent("repeated", "Each parameter may be given only once.")
    for name, value in pairs:
        _require_printable(NAME_PART, name)
        _require_printable(f"{VALUE_PART}{name}", value)
    query = "&".join(f"{name}={value}" for name, value in pairs)
    url = SERVICE_CODE_BASE + service_id + ("?" + query if query else "")
    if len(url) > SERVICE_CODE_MAX_LENGTH:
        raise UnprintableContent(
            "length",
            f"The code would hold {len(url)} characters; {SERVICE_CODE_MAX_LENGTH} are allowed.",
            length=len(url),
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


def parsed_parameters(parameters: str) -> list[tuple[str, str]]:
    """Return the names and values of `NAME=VALUE`, joined by `&`. Raises UnprintableContent."""
    pairs = []
    for part in parameters.split("&") if parameters else []:
        name, equals, value = part.partition("=")
        if not equals:
            raise UnprintableContent("form", "Parameters must look like NAME=VALUE, joined by &.")
        pairs.append((name, value))
    return pairs


def _require_printable(part: str, text: str) -> None:
    if not text:
        raise UnprintableContent("empty", f"{part} must not be empty.", part=part)
    if any(character.islower() for character in text):
        raise UnprintableContent("lower_case", f"{part} must be in capital letters.", part=part)
    if not _ALPHANUMERIC_MODE.fullmatch(text):
        raise UnprintableContent(
            "characters",
            f"{part} may hold only A-Z, 0-9 and the characters $ % * + - . / :",
            part=part,
        )
