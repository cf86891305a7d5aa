"""Formats log records as one line each, without the secrets that addresses contain.

Django logs the path of each request that it refuses, and a server's access log every path.
"""

import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path

import environ

from seqrshop.telemetry import traces
from seqrshop.telemetry.log_context import current_ids

REDACTED = "[redacted]"
TEXT, JSON = LOG_FORMATS = ("text", "json")  # of the setting LOG_FORMAT
# What a record may have in `extra`: the ids by which its line is found, and values for programs.
RECORD_IDS = ("order", "client_reference")
RECORD_VALUES = ("events", "source", "operation", "result_code", "duration_ms")

# Group 2 is the secret.
SECRETS_IN_ADDRESSES = (
    # The key of a notification, of a return page, and of Instant Checkout: who knows it may use it.
    re.compile(r"(/(?:notify|return|instant-checkout)/)([^\s\"'?#]+)", re.IGNORECASE),
    # A search in the admin, which may be for a phone number.
    re.compile(r"([?&]q=)([^\s\"'&#]+)"),
)


def redact(text: str) -> str:
    """Return a text without the keys and search terms in its addresses."""
    for pattern in SECRETS_IN_ADDRESSES:
        text = pattern.sub(rf"\1{REDACTED}", text)
    return text


def ids_of(record: logging.LogRecord) -> Mapping[str, object]:
    """Return the ids by which a record's line is found: of its request or task, and its own."""
    return {**current_ids(), **traces.current_ids(), **_fields_of(record, RECORD_IDS)}


def values_of(record: logging.LogRecord) -> Mapping[str, object]:
    """Return a record's values for programs; people read them in its message."""
    return _fields_of(record, RECORD_VALUES)


def _fields_of(record: logging.LogRecord, names: tuple[str, ...]) -> dict[str, object]:
    fields = record.__dict__
    return {name: fields[name] for name in names if name in fields}


class RedactingFormatter(logging.Formatter):
    """Writes a line of text with the record's ids at its end, and redacts all of it."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name in logging
        """Return the line, which an exception and a stack follow."""
        line = super().formatMessage(record)
        ids = " ".join(f"{name}={value}" for name, value in ids_of(record).items())
        return f"{line} [{ids}]" if ids else line

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole record: its message, its exception and its stack."""
        return redact(super().format(record))


def formatter(log_format: str) -> logging.Formatter:
    """Return the formatter of this LOG_FORMAT."""
    if log_format != JSON:
        return RedactingFormatter()
    from seqrshop.telemetry.json_lines import JsonLineFormatter  # noqa: PLC0415 - with it only

    return JsonLineFormatter()


def server_formatter() -> logging.Formatter:
    """Return the formatter of a web server's own process, which does not load Django's settings."""
    dotenv = Path(__file__).resolve().parent.parent / ".env"
    if dotenv.is_file():
        environ.Env.read_env(dotenv)
    return formatter(os.environ.get("LOG_FORMAT", "").strip())
