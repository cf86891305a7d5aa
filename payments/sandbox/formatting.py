"""Formats amounts, numbers, times and outcomes for the phone and the console."""

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

TINT_COUNT: Final = 6

_XML_TAG = re.compile(r"(<[^<>]*>)")


def money(value: Decimal, currency: str) -> str:
    """Format an amount in the Swedish way: 1 234,50 kr."""
    number = f"{value:,.2f}".replace(",", NO_BREAK_SPACE).replace(".", ",").replace("-", MINUS)
    return f"{number}{NO_BREAK_SPACE}{'kr' if currency == 'SEK' else currency}"


def quantity(value: Decimal) -> str:
    """Format a quantity without trailing zeros: 2, or 0,5."""
    number = f"{value:f}"
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return number.replace(".", ",")


def place(parameters: str) -> str:
    """Name the place of a printed code by its parameters: TABLE=4 is Table 4."""
    pairs = parse_qsl(parameters, keep_blank_values=True)
    return ", ".join(f"{key.capitalize()} {value}".strip() for key, value in pairs)


def phone_number(msisdn: str) -> str:
    """Format a phone number: +46 70 064 39 33, or a foreign one without spaces."""
    match = re.fullmatch(r"46(\d\d)(\d{3})(\d\d)(\d\d)", msisdn)
    return NO_BREAK_SPACE.join(["+46", *match.groups()]) if match else f"+{msisdn}"


def tint(name: str) -> int:
    """The number of a shop's colour, always the same for a name."""
    return zlib.crc32(name.encode()) % TINT_COUNT


def clock(moment: datetime) -> str:
    """Format the time of day in the machine's time zone: 09:05."""
    return f"{moment.astimezone():%H:%M}"


def day(moment: date, today: date) -> str:
    """Format a day as a heading: Today, Yesterday, 4 March, 4 March 2025."""
    distance = (today - moment).days
    if distance in {0, 1}:
        return "Yesterday" if distance else "Today"
    return f"{moment.day} {moment:%B}" + ("" if moment.year == today.year else f" {moment.year}")


def vat(rows: list[Message]) -> list[tuple[str, Message]]:
    """The VAT included in the rows, by rate in per cent: ("25", amount)."""
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
    """The outcome of a payment: the name of an icon, a headline and an explanation."""

    icon: str
    headline: str
    explanation: str = ""


_OUTCOMES: Final = {
    "PAID": Outcome("tick", "Paid"),
    "CANCELED": Outcome("cross", "Cancelled", "Nothing was paid."),
    "FAILED": Outcome("cross", "Payment failed", "Nothing was paid."),
    "EXPIRED": Outcome("cross", "The payment has expired", "Nothing was paid."),
    "RESERVED": Outcome("wait", "Reserved", "The shop charges the amount on delivery."),
    "PENDING_ISSUER_ACKNOWLEDGE": Outcome(
        "wait", "Waiting for the shop", "The shop is checking your loyalty card."
    ),
    "PARTIALLY_PAID": Outcome("wait", "Partly paid"),
}
_REVERSED: Final = Outcome(
    "back", "Payment returned", "The shop did not confirm it, so your money was returned."
)


def outcome(status: str, *, reversed_: bool) -> Outcome:
    """The outcome to show the customer for an invoice in this status."""
    if reversed_:
        return _REVERSED
    return _OUTCOMES.get(status, Outcome("wait", status.replace("_", " ").capitalize()))


def succeeded(entry: Entry) -> bool:
    """Whether a call returned 0, or the shop accepted a notification."""
    call = entry.call
    if call.operation == NOTIFICATION:
        return call.http_status is not None and 200 <= call.http_status < 300
    return call.result_code == ResultCode.SUCCESS


def setting(value: object) -> str:
    """Format a fault parameter's value: 3, yes, sent."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def xml(text: str) -> Markup:
    """Mark up the tags of XML so that its content stands out."""
    parts = _XML_TAG.split(text)
    return Markup("").join(
        Markup("<i>{}</i>").format(part) if part.startswith("<") else escape(part) for part in parts
    )
