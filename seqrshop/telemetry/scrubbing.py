"""Removes secrets and personal data from texts that leave the shop.

A secret is found by its form, such as a phone number's, or because a variable with a secret's name,
or the request, has the same value. The variables themselves never leave.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from seqrshop.error_filter import ErrorFilter, secret_settings
from seqrshop.log_format import REDACTED, SECRETS_IN_ADDRESSES

MIN_SECRET_LENGTH = 4  # a shorter one would be found in every text
MAX_SECRETS = 1000
MAX_TEXT_LENGTH = 4000  # characters
MAX_DEPTH = 3  # of objects in a variable with a secret's name

_SECRET_NAME = re.compile(
    f"{ErrorFilter.hidden_settings.pattern}|MSISDN|PHONE|COOKIE", re.IGNORECASE
)
# Group 2 of each is the secret.
_FORMS = (
    # A name and its value, as in a query, in a dictionary, or in PostgreSQL's "Key (name)=(value)".
    re.compile(
        r"(\w*(?:passw|secret|token|key|msisdn|phone|cookie|authorization)\w*[\"')]*\s*[=:]\s*)"
        r"(\"[^\"]*\"|'[^']*'|\([^)]*\)|[^\s,;&]+)",
        re.IGNORECASE,
    ),
    # Seven digits or more, perhaps in groups: phone and identity numbers, and SEQR's references.
    re.compile(r"()(\+?\d(?:[ ()/.-]{0,2}\d){6,})"),
    # A session's token, a return key, a cookie: letters and digits without a space.
    re.compile(r"()(\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{16,})"),
)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without these secrets, and without what has the form of one.

    Of a text of more than MAX_TEXT_LENGTH characters, only the beginning is left.
    """
    text = text[: 2 * MAX_TEXT_LENGTH]  # so that no secret is cut in two below
    places = [place for secret in secrets for place in _places_of(secret, text)]
    for pattern in (*SECRETS_IN_ADDRESSES, *_FORMS):
        places += [match.span(2) for match in pattern.finditer(text)]
    kept, end = [], 0
    for start, until in sorted(places):  # they may overlap
        if start >= end:
            kept += [text[end:start], REDACTED]
        end = max(end, until)
    return "".join([*kept, text[end:]])[:MAX_TEXT_LENGTH]


def _places_of(secret: str, text: str) -> Iterator[tuple[int, int]]:
    start = text.find(secret)
    while start >= 0:
        yield start, start + len(secret)
        start = text.find(secret, start + 1)


def secrets_of(frames: Iterable[FrameType]) -> set[str]:
    """Return the secrets in the settings, in the variables of frames, and in their requests."""
    found = _Secrets()
    found.add_all([*secret_settings(), *_passwords_of_servers()])
    for frame in frames:
        for name, value in frame.f_locals.items():
            if isinstance(value, HttpRequest):
                found.add_all(_values_of_request(value))
            elif isinstance(value, Mapping):
                found.add_all(_named_values(value))
            elif _SECRET_NAME.search(name):
                found.add_all(_texts_in(value))
    return found.texts


class _Secrets:
    def __init__(self) -> None:
        self.texts: set[str] = set()

    def add_all(self, values: Iterable[str]) -> None:
        for value in values:
            if len(value) >= MIN_SECRET_LENGTH and len(self.texts) < MAX_SECRETS:
                self.texts |= {value, repr(value)[1:-1], json.dumps(value)[1:-1]}


def _passwords_of_servers() -> Iterator[str]:
    yield settings.METRICS_TOKEN
    yield settings.EMAIL_HOST_PASSWORD
    yield str(settings.DATABASES["default"].get("PASSWORD") or "")
    for address in (settings.REDIS_URL, settings.RATE_LIMIT_REDIS_URL):
        yield urlsplit(address).password or ""


def _values_of_request(request: HttpRequest) -> Iterator[str]:
    """Yield what a request brings: cookies, form, query, body, and the headers with a secret."""
    yield from request.COOKIES.values()
    yield from (value for _, values in request.GET.lists() for value in values)
    yield from _named_values(request.META)
    yield request.headers.get("authorization", "").partition(" ")[2]  # behind "Bearer"
    with suppress(Exception):  # it may not be JSON, be too large, or have been read in part
        yield from _texts_in(json.loads(request.body))
    with suppress(Exception):
        yield from (str(value) for _, values in request.POST.lists() for value in values)


def _named_values(values: Mapping[Any, Any]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(name, str) and _SECRET_NAME.search(name):
            yield from _texts_in(value)


def _texts_in(value: object, depth: int = 0) -> Iterator[str]:
    """Yield the texts in a value: in its items, and in the attributes of an object."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif depth < MAX_DEPTH:
        inner: Iterable[object] = vars(value).values() if hasattr(value, "__dict__") else ()
        if isinstance(value, Mapping):
            inner = value.values()
        elif isinstance(value, list | tuple | set | frozenset):
            inner = value
        for each in inner:
            yield from _texts_in(each, depth + 1)
