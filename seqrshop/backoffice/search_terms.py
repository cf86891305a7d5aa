"""Reads what a person types into a search field: a number, a table, a phone, a reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orders.models.order import FIRST_NUMBER

MAX_TERM_CHARACTERS = 100
COUNTRY_CODE = "46"
LAST_DIGITS = 4
REFERENCE_END_CHARACTERS = 8
# In each language of the staff; "#" and "…" are read in any.
ORDER_WORDS = ("#", "order", "beställning", "best", "nr", "no", "nummer", "number")
TABLE_WORDS = ("table", "bord")
RECEIPT_WORDS = ("credit receipt", "receipt", "kreditkvitto", "kvitto")

_ORDER = re.compile(rf"(?:(?:{'|'.join(ORDER_WORDS)})[.:\s]*)+(\d{{1,15}})(?:-(\d{{1,4}}))?")
_TABLE = re.compile(rf"(?:{'|'.join(TABLE_WORDS)})[.:\s]*(\S.*)")
_RECEIPT = re.compile(
    rf"(?:{'|'.join(RECEIPT_WORDS)})[.:\s]*(?:(?:nr|no|nummer|number|#)[.:\s]*)?(\d{{1,15}})"
)
_BARE_NUMBER = re.compile(r"([1-9]\d{3,14})(?:-(\d{1,4}))?")


@dataclass(frozen=True)
class SearchTerm:
    """What a text may mean. A part that it cannot mean is None or empty.

    `msisdns` are whole phone numbers in international form without +; `last_digits` are the last
    four. `reference` is a whole reference of SEQR's, `reference_end` its last eight characters.
    `receipt_number` is one of any seller.
    """

    order_id: int | None = None
    attempt: int | None = None
    table: str = ""
    msisdns: tuple[str, ...] = ()
    last_digits: str = ""
    reference: str = ""
    reference_end: str = ""
    receipt_number: int | None = None


def read_term(text: str) -> SearchTerm:
    """Read a text; a word for an order, a table or a receipt before it leaves one meaning only.

    Four digits may be an order's number or the end of a phone number, eight an order's number or
    the end of a reference.
    """
    term = " ".join(text.replace("\0", "").split())[:MAX_TERM_CHARACTERS]
    lower = term.lower()
    if match := _ORDER.fullmatch(lower):
        return SearchTerm(*_order(match))
    if match := _TABLE.fullmatch(lower):
        return SearchTerm(table=match[1])
    if match := _RECEIPT.fullmatch(lower):
        return SearchTerm(receipt_number=int(match[1]))
    term = term.lstrip("….").strip()
    if re.fullmatch(r"[0-9]{1,3}", term):
        return SearchTerm(table=term)
    number = _BARE_NUMBER.fullmatch(term)
    order_id, attempt = _order(number) if number else (None, None)
    return SearchTerm(
        order_id,
        attempt,
        msisdns=tuple(_msisdns(term)),
        last_digits=term if re.fullmatch(rf"[0-9]{{{LAST_DIGITS}}}", term) else "",
        reference=term,
        reference_end=term if re.fullmatch(rf"\S{{{REFERENCE_END_CHARACTERS}}}", term) else "",
    )


def _order(match: re.Match[str]) -> tuple[int | None, int | None]:
    """Return the ID of an order and the attempt to pay it: of `1005`, `1005-2`."""
    return int(match[1]) - FIRST_NUMBER, int(match[2]) if match[2] else None


def _msisdns(term: str) -> Iterator[str]:
    """Yield the phone numbers that a text may be, however it is grouped.

    A number that begins with a single 0 is Swedish, 070-123 45 67 is 46701234567; so may be one
    without it.
    """
    compact = re.sub(r"\(0\)|[\s()/.\-‐‑‒–]|^tel:", "", term.lower())
    match = re.fullmatch(r"(\+|00)?([0-9]{6,15})", compact)
    if match is None:
        return
    prefix, digits = match.groups()
    if not prefix and digits.startswith("0"):
        yield COUNTRY_CODE + digits[1:]
        return
    yield digits
    if not prefix and not digits.startswith(COUNTRY_CODE):
        yield COUNTRY_CODE + digits
