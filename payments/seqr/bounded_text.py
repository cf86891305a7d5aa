"""Bounds the texts in SEQR's answers, whose schema names no lengths, to those that the shop stores.

A text that identifies something is shortened, and still identifies it; SEQR knows only the whole
one. A text that the shop has to send back to SEQR cannot be shortened: without it the answer is
unreadable.
"""

import hashlib
import re

MAX_REFERENCE_LENGTH = 64
MAX_QR_CODE_LENGTH = 200
MAX_PERIOD_ID_LENGTH = 100
MAX_MSISDN_LENGTH = 32
MAX_SUBSCRIBER_KEY_LENGTH = 128

_DIGEST_DIGITS = 16
_SHORTENED = re.compile(rf".+…[0-9a-f]{{{_DIGEST_DIGITS}}}", re.DOTALL)


def shortened(text: str, max_length: int) -> str:
    """Return `text`; of one that is longer than `max_length`, its start and a digest of it all.

    Equal texts give equal results, and different ones different results.
    """
    if len(text) <= max_length:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_DIGITS]
    return f"{text[: max_length - 1 - _DIGEST_DIGITS]}…{digest}"


def shortened_reference(text: str | None) -> str | None:
    """Return a payment's or a refund's reference, shortened if it is too long to be stored."""
    return None if text is None else shortened(text, MAX_REFERENCE_LENGTH)


def is_shortened(text: str) -> bool:
    """Return whether a text was shortened, so that SEQR does not know it."""
    return _SHORTENED.fullmatch(text) is not None
