"""Reads JSON input of the control API, and the same fields in forms.

Every reader raises BadInputError with a sentence that names the field.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from payments.sandbox.storage.models import Shop

MAX_TEXT: Final = 500
MAX_CODES: Final = 100
MAX_ADVANCE_SECONDS: Final = 10 * 366 * 24 * 3600

SHOP_URLS: Final = ("order_url", "success_url", "failure_url", "cancel_url")

_MSISDN = re.compile(r"[1-9][0-9]{5,14}", re.ASCII)
_SERVICE_ID = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


class BadInputError(Exception):
    """The input is invalid; the text is a sentence for the caller."""


async def json_body(request: web.Request) -> dict[str, Any]:
    """Read the request's JSON object; an empty body is an empty object."""
    body = await request.read()
    if not body:
        return {}
    if request.content_type != "application/json":
        raise BadInputError("The body must be JSON, sent as Content-Type: application/json.")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInputError("The body is not readable JSON.") from None
    if not isinstance(value, dict):
        raise BadInputError("The body must be a JSON object.")
    return value


def text(body: Mapping[str, Any], name: str) -> str:
    """Read a required text field."""
    value = optional_text(body, name)
    if not value:
        raise BadInputError(f"{name}: a text is needed.")
    return value


def optional_text(body: Mapping[str, Any], name: str) -> str | None:
    """Read a text field that may be missing or null."""
    value = body.get(name)
    return None if value is None else printable_text(name, value, MAX_TEXT)


def printable_text(name: str, value: Any, longest: int) -> str:
    """Check that a value is printable text within a length."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > longest:
        raise BadInputError(f"{name}: must be printable text of at most {longest} characters.")
    return value


def number(name: str, value: Any, low: float, high: float) -> float:
    """Check that a value is a number within limits."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadInputError(f"{name}: a number from {low:g} to {high:g} is needed.")
    return float(value)


def whole_number(name: str, value: Any, low: int, high: int) -> int:
    """Check that a value is a whole number within limits."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadInputError(f"{name}: a whole number from {low} to {high} is needed.")
    return value


def msisdn(body: Mapping[str, Any]) -> str | None:
    """Read a phone number in international form without +, such as 46700643933."""
    value = optional_text(body, "msisdn")
    if value is not None and not _MSISDN.fullmatch(value):
        raise BadInputError("msisdn: 6 to 15 digits in international form without +.")
    return value


def code_url(body: Mapping[str, Any]) -> str:
    """Read the URL in a scanned code; its parameters must be printable text."""
    value = text(body, "url")
    try:
        query = urlsplit(value).query
    except ValueError:
        raise BadInputError("url: not a URL.") from None
    if not _printable(query):
        raise BadInputError("url: its parameters must be printable text.")
    return value


def advance_seconds(body: Mapping[str, Any]) -> float:
    """Read by how many seconds to advance the clock."""
    return number("advance_seconds", body.get("advance_seconds"), 0, MAX_ADVANCE_SECONDS)


def shop(body: Mapping[str, Any]) -> Shop:
    """Read a shop: service ID, four URLs, optional name and printed codes."""
    service_id = text(body, "service_id")
    if not _SERVICE_ID.fullmatch(service_id):
        raise BadInputError("service_id: up to 40 letters, digits, dots, dashes and underscores.")
    urls = {name: http_url(body, name) for name in SHOP_URLS}
    name = optional_text(body, "name") or service_id
    return Shop(service_id, name, codes=_codes(body), **urls)


def http_url(body: Mapping[str, Any], name: str) -> str:
    """Read a URL of the merchant: http or https, without a fragment."""
    value = text(body, name)
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and "#" not in value
    except ValueError:
        usable = False
    if not usable or " " in value:
        raise BadInputError(f"{name}: an http or https URL without a fragment is needed.")
    return value


def _codes(body: Mapping[str, Any]) -> tuple[str, ...]:
    value = body.get("codes")
    if value is None:
        return ("",)
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_CODES:
        raise BadInputError(f"codes: a list of 1 to {MAX_CODES} texts such as 'TABLE=4' is needed.")
    return tuple(_code(item) for item in value)


def _code(value: object) -> str:
    if (
        not isinstance(value, str)
        or len(value) > 100
        or not value.isascii()
        or not value.isprintable()
        or any(letter in value for letter in "#? ")
        or not _printable(value)
    ):
        raise BadInputError("codes: each is the parameters of one printed code, such as 'TABLE=4'.")
    return value


def _printable(query: str) -> bool:
    return all(part.isprintable() for pair in parse_qsl(query) for part in pair)
