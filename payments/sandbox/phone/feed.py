"""The events of one customer's payments, for the lock screen and the history."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Final

from payments.sandbox import formatting
from payments.sandbox.storage.models import Invoice

MAX_LOCK_SCREEN_MESSAGES: Final = 5
MAX_HOME_MESSAGES: Final = 2
"""Few, so that the printed codes below stay in view."""


@dataclass(frozen=True)
class Event:
    """An event of a payment. `amount` is positive if the customer receives it.

    `alarming` marks an event that the customer did not expect.
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
        """The amount with its sign; empty for 0."""
        if not self.amount:
            return ""
        sign = "+" if self.amount > 0 else ""
        return sign + formatting.money(self.amount, self.currency)


def customer_events(invoices: list[Invoice], msisdn: str) -> list[Event]:
    """All events of this customer's payments, newest first.

    Every phone shows a payment without a scan, since its customer is unknown.
    """
    found = [
        event
        for invoice in invoices
        if invoice.payer is None or invoice.payer.msisdn == msisdn
        for event in _of_invoice(invoice)
    ]
    return sorted(found, key=lambda event: event.at, reverse=True)


def by_day(events: list[Event], now: datetime) -> list[tuple[str, list[Event]]]:
    """Group events by day."""

    def day_of(event: Event) -> date:
        return event.at.astimezone(now.tzinfo).date()

    return [(formatting.day(day, now.date()), list(each)) for day, each in groupby(events, day_of)]


def spent_this_month(events: list[Event], now: datetime) -> list[str]:
    """This month's payments less what was returned, one sum per currency."""
    sums: dict[str, Decimal] = {}
    for event in events:
        at = event.at.astimezone(now.tzinfo)
        if (at.year, at.month) == (now.year, now.month) and event.amount:
            sums[event.currency] = sums.get(event.currency, Decimal()) - event.amount
    return [formatting.money(total, currency) for currency, total in sums.items()]


def _of_invoice(invoice: Invoice) -> Iterator[Event]:
    event = partial(
        Event, shop=invoice.title, url=f"/app/R{invoice.reference}", currency=invoice.currency
    )
    paid = formatting.money(invoice.charged_amount, invoice.currency)
    if invoice.paid_at:
        yield event(
            at=invoice.paid_at,
            icon="tick",
            headline="Paid",
            text=f"You paid {paid}.",
            amount=-invoice.charged_amount,
        )
    if invoice.reversed_at:
        yield event(
            at=invoice.reversed_at,
            icon="back",
            headline="Payment returned",
            text="The shop did not confirm your payment, so the money was returned to you.",
            amount=invoice.charged_amount,
            alarming=True,
        )
    if invoice.released_at:
        yield event(
            at=invoice.released_at,
            icon="back",
            headline="Reservation ended",
            text="The shop did not charge the reserved amount.",
        )
    for refund in invoice.refunds:
        yield event(
            at=refund.refunded_at,
            icon="incoming",
            headline="Refund",
            text=f"{formatting.money(refund.amount, refund.currency)} was refunded to you.",
            amount=refund.amount,
        )
    for number, receipt in enumerate(invoice.receipts):
        yield event(
            at=receipt.submitted_at,
            icon="paper",
            headline="Receipt",
            text=f"You have a receipt for {paid}.",
            url=receipt_url(invoice, number),
        )


def receipt_url(invoice: Invoice, number: int) -> str:
    """The page of one of an invoice's receipts, counted from 0."""
    return f"/phone/receipts/{invoice.reference}/{number}"
