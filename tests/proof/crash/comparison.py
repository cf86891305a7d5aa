"""Holds SEQR's books (the sandbox's), ours, and what customers were told against each other.

Each check returns sentences, one for each difference; no sentence means that all is well.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.proof.crash.shop_ledger import Invoice, Move, OurBooks

SEQR_WAITS_SECONDS = 20.0
OPEN_STATES = ("created", "sending", "awaiting_payment", "cancel_pending")
PAID_STATES = ("paid", "served", "partly_refunded", "refunded")
FIRST = {"order": ("created",), "invoice": ("CREATED",), "refund": ("",)}


@dataclass(frozen=True)
class Payment:
    """A payment made at SEQR: kept, since it was asked about in time, or given back."""

    reference: str
    order_number: str
    amount: Decimal
    currency: str
    ers_reference: str
    made_at: datetime
    confirmed_at: datetime | None
    reversed_at: datetime | None
    refunds: tuple[tuple[str, Decimal], ...]

    @property
    def is_kept(self) -> bool:
        """Whether the shop has the money."""
        return self.reversed_at is None


def payments_of(invoices: Iterable[Mapping[str, Any]]) -> list[Payment]:
    """Return the payments among the sandbox's invoices."""
    return [
        Payment(
            reference=each["invoice_reference"],
            order_number=each["client_invoice_id"].rpartition("-")[0],
            amount=Decimal(each["paid_amount"]),
            currency=each["currency"],
            ers_reference=each["ers_reference"],
            made_at=datetime.fromisoformat(each["paid_at"]),
            confirmed_at=_moment(each["confirmed_at"]),
            reversed_at=_moment(each["reversed_at"]),
            refunds=tuple(
                (refund["ers_reference"], Decimal(refund["amount"])) for refund in each["refunds"]
            ),
        )
        for each in invoices
        if each["paid_at"] is not None
    ]


def differences(
    payments: Collection[Payment],
    ours: OurBooks,
    *,
    told_orders: Collection[str] = (),
    shown: Mapping[str, str] | None = None,
    told_paid: Collection[str] = (),
) -> list[str]:
    """Return all that differs. Orders are named as customers know them, by their ids.

    `shown` has the order of each reference that a customer was shown.
    """
    return [
        *_payments(payments, ours),
        *_double_charges(payments),
        *_payments_from_nowhere(payments, ours),
        *_stuck(ours),
        *_orders(ours),
        *_refunds(payments, ours),
        *_totals(payments, ours),
        *_histories(ours),
        *_told(ours, told_orders, shown or {}, told_paid),
    ]


def cases_of(ours: OurBooks, kind: str) -> set[int]:
    """Return the invoices that have a case of this kind."""
    return {
        case.invoice_pk for case in ours.cases if case.kind == kind and case.invoice_pk is not None
    }


def _by_reference(ours: OurBooks) -> dict[str, Invoice]:
    return {each.reference: each for each in ours.invoices if each.reference is not None}


def _payments(payments: Collection[Payment], ours: OurBooks) -> Iterable[str]:
    invoices = _by_reference(ours)
    suspected = cases_of(ours, "possibly_reversed")
    for payment in payments:
        what = f"The payment of {payment.reference}, order {payment.order_number},"
        invoice = invoices.get(payment.reference)
        if invoice is None:
            yield f"{what} is of an invoice that we do not know."
        elif not payment.is_kept:
            if invoice.pk not in suspected:
                yield f"{what} was reversed and has no case."
            if invoice.status == "PAID":
                yield f"{what} was reversed and is PAID here."
        elif payment.confirmed_at is None:
            yield f"{what} was never asked about."
        else:
            yield from (f"{what} {how}" for how in _kept(payment, payment.confirmed_at, invoice))


def _kept(payment: Payment, confirmed_at: datetime, invoice: Invoice) -> Iterable[str]:
    seconds = (confirmed_at - payment.made_at).total_seconds()
    if seconds > SEQR_WAITS_SECONDS:
        yield f"was confirmed after {seconds:.1f} s."
    if invoice.status != "PAID":
        yield f"is kept by SEQR and {invoice.status} here."
        return
    if (invoice.amount, invoice.currency) != (payment.amount, payment.currency):
        yield f"is {payment.amount} {payment.currency} there, {invoice.amount} here."
    if invoice.ers_reference != payment.ers_reference:
        yield f"is {payment.ers_reference} there, {invoice.ers_reference} here."
    if invoice.acknowledged_at is None:
        yield "was never acknowledged."


def _double_charges(payments: Collection[Payment]) -> Iterable[str]:
    kept = Counter(payment.order_number for payment in payments if payment.is_kept)
    for number, times in kept.items():
        if times > 1:
            yield f"Order {number} was paid {times} times."


def _payments_from_nowhere(payments: Collection[Payment], ours: OurBooks) -> Iterable[str]:
    kept = {payment.reference for payment in payments if payment.is_kept}
    for invoice in ours.invoices:
        if invoice.status == "PAID" and invoice.reference not in kept:
            yield f"Invoice {invoice.reference} is PAID here and not at SEQR."


def _stuck(ours: OurBooks) -> Iterable[str]:
    if ours.stops:
        yield f"Paying was closed {ours.stops} times."
    for invoice in ours.invoices:
        if invoice.status not in ("PAID", "CANCELED", "FAILED", "EXPIRED"):
            yield f"Invoice {invoice.pk} is stuck in {invoice.status}."
    for order in ours.orders:
        if order.state in (*OPEN_STATES, "needs_attention"):
            yield f"Order {order.id} is stuck in {order.state}."
    for refund in ours.refunds:
        if refund.status in ("CREATED", "SENDING", "UNKNOWN"):
            yield f"Refund {refund.pk} is stuck in {refund.status}."


def _orders(ours: OurBooks) -> Iterable[str]:
    paid = Counter(each.order_pk for each in ours.invoices if each.status == "PAID")
    for order in ours.orders:
        if (order.state in PAID_STATES) != (paid[order.pk] == 1):
            yield f"Order {order.id} is {order.state} with {paid[order.pk]} paid invoices."


def _refunds(payments: Collection[Payment], ours: OurBooks) -> Iterable[str]:
    invoices = {each.pk: each for each in ours.invoices}
    there = {
        ers_reference: (payment.reference, amount)
        for payment in payments
        for ers_reference, amount in payment.refunds
    }
    here = Counter(each.ers_reference for each in ours.refunds if each.status == "REFUNDED")
    for refund in ours.refunds:
        if refund.status != "REFUNDED":
            continue
        known = (invoices[refund.invoice_pk].reference, refund.amount)
        if there.get(refund.ers_reference or "") != known:
            yield f"Refund {refund.pk} of {refund.amount} is not so at SEQR."
    for ers_reference, (reference, amount) in there.items():
        if here[ers_reference] != 1:
            yield (
                f"SEQR's refund {ers_reference} of {amount} for {reference} is here "
                f"{here[ers_reference]} times."
            )
    for payment in payments:
        if sum((amount for _, amount in payment.refunds), Decimal(0)) > payment.amount:
            yield f"More than was paid went back for {payment.reference}."


def _totals(payments: Collection[Payment], ours: OurBooks) -> Iterable[str]:
    there: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    here: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for payment in payments:
        if payment.is_kept:
            there["paid", payment.currency] += payment.amount
        there["refunded", payment.currency] += sum(
            (amount for _, amount in payment.refunds), Decimal(0)
        )
    for invoice in ours.invoices:
        if invoice.status == "PAID":
            here["paid", invoice.currency] += invoice.amount
    for refund in ours.refunds:
        if refund.status == "REFUNDED":
            here["refunded", refund.currency] += refund.amount
    for what, currency in sorted(there.keys() | here.keys()):
        if there[what, currency] != here[what, currency]:
            yield (
                f"In all {there[what, currency]} {currency} is {what} at SEQR, "
                f"{here[what, currency]} here."
            )


def _histories(ours: OurBooks) -> Iterable[str]:
    """Each status was reached by events, one leading to the next without a gap."""
    stands = {
        **{("order", each.pk): each.state for each in ours.orders},
        **{("invoice", each.pk): each.status for each in ours.invoices},
        **{("refund", each.pk): each.status for each in ours.refunds},
    }
    told: defaultdict[tuple[str, int], list[Move]] = defaultdict(list)
    for move in ours.moves:
        told[move.subject_type, move.subject_pk].append(move)
    for (subject_type, pk), status in stands.items():
        (reached,) = FIRST[subject_type]
        for move in told[subject_type, pk]:
            if move.from_state != reached:
                yield (
                    f"The history of {subject_type} {pk} goes on from {move.from_state}"
                    f" after {reached}."
                )
            reached = move.to_state
        if reached != status:
            yield (
                f"The history of {subject_type} {pk} ends in {reached or 'nothing'};"
                f" it is {status}."
            )


def _told(
    ours: OurBooks,
    told_orders: Collection[str],
    shown: Mapping[str, str],
    told_paid: Collection[str],
) -> Iterable[str]:
    orders = {order.id: order for order in ours.orders}
    invoices = _by_reference(ours)
    for order_id in told_orders:
        if order_id not in orders:
            yield f"A customer was told of order {order_id}, which is not there."
    for order_id in told_paid:
        if order_id in orders and orders[order_id].state not in PAID_STATES:
            yield f"A customer was told that order {order_id} is paid; it is not."
    for reference, order_id in shown.items():
        invoice = invoices.get(reference)
        if invoice is None or order_id not in orders or invoice.order_pk != orders[order_id].pk:
            yield f"A customer was shown {reference} for order {order_id}, which it is not of."


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
