"""Formats log records as one line each, without the secrets that addresses contain.

Django logs the path of each request that it refuses, and a server's access log every path.
"""

import logging
import re

REDACTED = "[redacted]"

# The key of a notification, of a return page, and of Instant Checkout: the knowledge of one is the
# permission to use it.
_SECRET_IN_PATH = re.compile(r"(/(?:notify|return|instant-checkout)/)[^\s\"'?#]+", re.IGNORECASE)
# A search in the admin, which may be for a phone number.
_SEARCH_IN_QUERY = re.compile(r"([?&]q=)[^\s\"'&#]+")


def redact(text: str) -> str:
    """Return a text without the keys and search terms in its addresses."""
    text = _SECRET_IN_PATH.sub(rf"\1{REDACTED}", text)
    return _SEARCH_IN_QUERY.sub(rf"\1{REDACTED}", text)


class RedactingFormatter(logging.Formatter):
    """Redacts a whole record: its message, its exception and its stack."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
