"""How the phone and the developer's corner write amounts, numbers, times and outcomes."""

import re
import zlib
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from markupsafe import Markup, escape

from payments.sandbox.faults.registry import NOTIFICATION
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import ResultCode
from payments.sandbox.storage.call_log import Entry

NO_BREAK_SPACE: Final = "\u00a0"
MINUS: Final = "\u2212"

TINTS: Final = 6

_XML_TAG = re.compile(r"(<[^<>]*>)")


def money(value: Decimal, currency: str) -> str:
    """An amount the Swedish way: 1 234,50 kr."""
    number = f"{value:,.2f}".replace(",", NO_BREAK_SPACE).replace(".", ",").replace("-", MINUS)
    return f"{number}{NO_BREAK_SPACE}{'kr' if currency == 'SEK' else currency}"


def quantity(value: Decimal) -> str:
    """A quantity without needless zeros: 2, or 0,5."""
    return (f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}").replace(
        ".", ","
    )


def place(parameters: str) -> str:
    """Where a printed code hangs, from its parameters: TABLE=4 is Table 4."""
    pairs = parse_qsl(parameters, keep_blank_values=True)
    return ", ".join(f"{key.capitalize()} {value}".strip() for key, value in pairs)


def phone_number(msisdn: str) -> str:
    """A number as people write it: +46 70 064 39 33; a foreign one in one piece."""
    match = re.fullmatch(r"46(\d\d)(\d{3})(\d\d)(\d\d)", msisdn)
    return NO_BREAK_SPACE.join(["+46", *match.groups()]) if match else f"+{msisdn}"


def tint(name: str) -> int:
    """Which of the colours a shop has; the same each time."""
    return zlib.crc32(name.encode()) % TINTS


def clock(moment: datetime) -> str:
    """The time of day in the machine's zone: 09:05."""
    return f"{moment.astimezone():%H:%M}"


def day(given: date, today: date) -> str:
    """A day as a heading: Today, Yesterday, 4 March, 4 March 2025."""
    distance = (today - given).days
    if distance in {0, 1}:
        return "Yesterday" if distance else "Today"
    return f"{given.day} {given:%B}" + ("" if given.year == today.year else f" {given.year}")


def vat(rows: list[Message]) -> list[tuple[str, Message]]:
    """The VAT that the rows contain, by rate: ("25", amount). A rate is in per cent."""
    sums: dict[Decimal, Decimal] = {}
    for row in rows:
        rate: Decimal | None = row.get("itemTaxRate")
        if rate is not None and rate > 0:
            sums[rate] = sums.get(rate, Decimal()) + row["itemTotalAmount"]["value"]
    return [
        (
            quantity(rate),
            {
                "value": (total * rate / (100 + rate)).quantize(Decimal("0.01"), ROUND_HALF_UP),
                "currency": rows[0]["itemTotalAmount"]["currency"],
            },
        )
        for rate, total in sorted(sums.items(), reverse=True)
    ]


class Outcome(NamedTuple):
    """How a bill stands: a drawing's name, a headline and perhaps a word about it."""

    icon: str
    headline: str
    why: str = ""


_OUTCOMES: Final = {
    "PAID": Outcome("tick", "Paid"),
    "CANCELED": Outcome("cross", "Cancelled", "Nothing was paid."),
    "FAILED": Outcome("cross", "Payment failed", "Nothing was paid."),
    "EXPIRED": Outcome("cross", "Too late: the bill has expired", "Nothing was paid."),
    "RESERVED": Outcome("wait", "Reserved", "The shop takes the money when it has delivered."),
    "PENDING_ISSUER_ACKNOWLEDGE": Outcome(
        "wait", "Waiting for the shop", "It is looking at your loyalty card."
    ),
    "PARTIALLY_PAID": Outcome("wait", "Partly paid"),
}
_RETURNED: Final = Outcome(
    "back", "Payment returned", "The shop never asked for it, so you have your money back."
)


def outcome(status: str, *, reversed_: bool) -> Outcome:
    """How a bill of this status stands, in words for the customer."""
    if reversed_:
        return _RETURNED
    return _OUTCOMES.get(status, Outcome("wait", status.replace("_", " ").capitalize()))


def succeeded(entry: Entry) -> bool:
    """Whether a call did what was asked, or the shop has taken a notification."""
    call = entry.call
    if call.operation == NOTIFICATION:
        return call.http_status is not None and 200 <= call.http_status < 300
    return call.result_code == ResultCode.SUCCESS


def setting(value: object) -> str:
    """A parameter's value: 3, yes, sent."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def xml(text: str) -> Markup:
    """XML with its tags marked, so that the content stands out."""
    parts = _XML_TAG.split(text)
    return Markup("").join(
        Markup("<i>{}</i>").format(part) if part.startswith("<") else escape(part) for part in parts
    )
