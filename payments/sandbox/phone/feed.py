"""What has happened on one customer's phone: the messages on its lock screen and its history."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Final

from payments.sandbox import wording
from payments.sandbox.storage.models import Invoice

MAX_MESSAGES: Final = 5
"""On the lock screen."""

MAX_MESSAGES_AT_HOME: Final = 2
"""Above the shelf, which is what a customer came for."""


@dataclass(frozen=True)
class Event:
    """Something that the phone tells of. `amount` is positive when money comes in.

    `alarming` is what the customer did not expect.
    """

    at: datetime
    icon: str
    headline: str
    shop: str
    text: str
    url: str
    amount: Decimal = Decimal()
    currency: str = ""
    alarming: bool = False

    @property
    def money(self) -> str:
        """The amount with its sign, or nothing."""
        if not self.amount:
            return ""
        sign = "+" if self.amount > 0 else ""
        return sign + wording.money(self.amount, self.currency)


def events(invoices: list[Invoice], msisdn: str) -> list[Event]:
    """Everything about this customer's payments, the latest first.

    A payment without a scan is nobody's in particular, so each phone shows it.
    """
    found = [
        event
        for invoice in invoices
        if invoice.payer is None or invoice.payer.msisdn == msisdn
        for event in _of_invoice(invoice)
    ]
    return sorted(found, key=lambda event: event.at, reverse=True)


def by_day(given: list[Event], now: datetime) -> list[tuple[str, list[Event]]]:
    """The events under the days on which they happened."""

    def day_of(event: Event) -> date:
        return event.at.astimezone(now.tzinfo).date()

    return [(wording.day(day, now.date()), list(each)) for day, each in groupby(given, day_of)]


def spent_this_month(given: list[Event], now: datetime) -> list[str]:
    """What this month's payments come to, less what came back; one sum per currency."""
    sums: dict[str, Decimal] = {}
    for event in given:
        at = event.at.astimezone(now.tzinfo)
        if (at.year, at.month) == (now.year, now.month) and event.amount:
            sums[event.currency] = sums.get(event.currency, Decimal()) - event.amount
    return [wording.money(total, currency) for currency, total in sums.items()]


def _of_invoice(invoice: Invoice) -> Iterator[Event]:
    of_this = partial(
        Event, shop=invoice.title, url=f"/app/R{invoice.reference}", currency=invoice.currency
    )
    paid = wording.money(invoice.due_amount, invoice.currency)
    if invoice.paid_at:
        yield of_this(
            at=invoice.paid_at,
            icon="tick",
            headline="Paid",
            text=f"You paid {paid}.",
            amount=-invoice.due_amount,
        )
    if invoice.reversed_at:
        yield of_this(
            at=invoice.reversed_at,
            icon="back",
            headline="Payment returned",
            text="Your payment was cancelled and the money is back: the shop never asked for it.",
            amount=invoice.due_amount,
            alarming=True,
        )
    if invoice.released_at:
        yield of_this(
            at=invoice.released_at,
            icon="back",
            headline="Reservation ended",
            text="The shop has not taken the money that was reserved.",
        )
    for refund in invoice.refunds:
        yield of_this(
            at=refund.refunded_at,
            icon="in",
            headline="Refund",
            text=f"{wording.money(refund.amount, refund.currency)} has come back to you.",
            amount=refund.amount,
        )
    for number, receipt in enumerate(invoice.receipts):
        yield of_this(
            at=receipt.submitted_at,
            icon="paper",
            headline="Receipt",
            text=f"Your receipt for {paid} is here.",
            url=receipt_url(invoice, number),
        )


def receipt_url(invoice: Invoice, number: int) -> str:
    """The page of one of the receipts that the shop has sent, counted from 0."""
    return f"/phone/receipts/{invoice.reference}/{number}"
