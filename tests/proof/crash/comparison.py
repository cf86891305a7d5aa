"""Compares SEQR's ledger (the sandbox's), the shop's, and the responses customers got.

Each check yields one sentence for each difference.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.proof.crash.shop_ledger import Invoice, ShopLedger, StateChange
from tests.proof.receipt_checks import receipt_violations

REVERSAL_SECONDS = 20.0
OPEN_STATES = ("created", "sending", "awaiting_payment", "cancel_pending")
PAID_STATES = ("paid", "preparing", "ready", "served", "partly_refunded", "refunded")
FIRST_STATE = {"order": ("created",), "invoice": ("CREATED",), "refund": ("",)}


@dataclass(frozen=True)
class Payment:
    """A payment made at SEQR, which was confirmed in time and kept, or reversed."""

    reference: str
    order_number: str
    amount: Decimal
    currency: str
    ers_reference: str
    made_at: datetime
    confirmed_at: datetime | None
    reversed_at: datetime | None
    refunds: tuple[tuple[str, Decimal], ...]
    terminal: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether SEQR has not reversed the payment."""
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
            confirmed_at=_timestamp(each["confirmed_at"]),
            reversed_at=_timestamp(each["reversed_at"]),
            refunds=tuple(
                (refund["ers_reference"], Decimal(refund["amount"])) for refund in each["refunds"]
            ),
            terminal=each["terminal_id"],
        )
        for each in invoices
        if each["paid_at"] is not None
    ]


def is_open(invoice: Mapping[str, Any]) -> bool:
    """Whether a customer can still pay one of the sandbox's invoices."""
    return invoice["status"] in ("ISSUED", "PENDING_ISSUER_ACKNOWLEDGE")


def differences(
    payments: Collection[Payment],
    ledger: ShopLedger,
    *,
    shown_orders: Collection[str] = (),
    shown: Mapping[str, str] | None = None,
    shown_paid: Collection[str] = (),
    issuers: Mapping[str, str] | None = None,
    open_at_seqr: Collection[str] = (),
    refused: Collection[str] = (),
) -> list[str]:
    """Return all differences.

    `shown_orders` and `shown_paid` are the public ids of orders that customers were shown at all,
    and as paid. `shown` maps each invoice reference that a customer was shown to its order.
    `issuers` has the terminal that issued each of SEQR's invoices, by reference; `open_at_seqr` the
    references of those still open; `refused` the terminals that SEQR has refused for a while.
    """
    return [
        *_payments(payments, ledger),
        *_double_charges(payments),
        *_unknown_payments(payments, ledger),
        *_unfinished(ledger),
        *_orders(ledger),
        *_refunds(payments, ledger),
        *_totals(payments, ledger),
        *_event_histories(ledger),
        *_customer_views(ledger, shown_orders, shown or {}, shown_paid),
        *_receipts(ledger),
        *_terminals(ledger, issuers or {}, refused),
        *_orphans(ledger, shown or {}, open_at_seqr),
    ]


def cases_of(ledger: ShopLedger, kind: str) -> set[int]:
    """Return the invoices that have a case of this kind."""
    return {
        case.invoice_pk
        for case in ledger.cases
        if case.kind == kind and case.invoice_pk is not None
    }


def _by_reference(ledger: ShopLedger) -> dict[str, Invoice]:
    return {each.reference: each for each in ledger.invoices if each.reference is not None}


def _payments(payments: Collection[Payment], ledger: ShopLedger) -> Iterable[str]:
    invoices = _by_reference(ledger)
    suspected = cases_of(ledger, "possibly_reversed")
    for payment in payments:
        what = f"The payment of {payment.reference}, order {payment.order_number},"
        invoice = invoices.get(payment.reference)
        if invoice is None:
            yield f"{what} is of an invoice that the shop does not know."
        elif not payment.is_kept:
            if invoice.pk not in suspected:
                yield f"{what} was reversed and has no case."
            if invoice.status == "PAID":
                yield f"{what} was reversed and is PAID here."
        elif payment.confirmed_at is None:
            yield f"{what} was never confirmed."
        else:
            yield from (
                f"{what} {how}" for how in _kept_payment(payment, payment.confirmed_at, invoice)
            )


def _kept_payment(payment: Payment, confirmed_at: datetime, invoice: Invoice) -> Iterable[str]:
    seconds = (confirmed_at - payment.made_at).total_seconds()
    if seconds > REVERSAL_SECONDS:
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


def _unknown_payments(payments: Collection[Payment], ledger: ShopLedger) -> Iterable[str]:
    kept = {payment.reference for payment in payments if payment.is_kept}
    for invoice in ledger.invoices:
        if invoice.status == "PAID" and invoice.reference not in kept:
            yield f"Invoice {invoice.reference} is PAID here and not at SEQR."


def _unfinished(ledger: ShopLedger) -> Iterable[str]:
    for invoice in ledger.invoices:
        if invoice.status not in ("PAID", "CANCELED", "FAILED", "EXPIRED"):
            yield f"Invoice {invoice.pk} is stuck in {invoice.status}."
    for order in ledger.orders:
        if order.state in (*OPEN_STATES, "needs_attention"):
            yield f"Order {order.id} is stuck in {order.state}."
    for refund in ledger.refunds:
        if refund.status in ("CREATED", "SENDING", "UNKNOWN"):
            yield f"Refund {refund.pk} is stuck in {refund.status}."


def _orders(ledger: ShopLedger) -> Iterable[str]:
    paid = Counter(each.order_pk for each in ledger.invoices if each.status == "PAID")
    for order in ledger.orders:
        if (order.state in PAID_STATES) != (paid[order.pk] == 1):
            yield f"Order {order.id} is {order.state} with {paid[order.pk]} paid invoices."


def _refunds(payments: Collection[Payment], ledger: ShopLedger) -> Iterable[str]:
    invoices = {each.pk: each for each in ledger.invoices}
    at_seqr = {
        ers_reference: (payment.reference, amount)
        for payment in payments
        for ers_reference, amount in payment.refunds
    }
    at_shop = Counter(each.ers_reference for each in ledger.refunds if each.status == "REFUNDED")
    for refund in ledger.refunds:
        if refund.status != "REFUNDED":
            continue
        known = (invoices[refund.invoice_pk].reference, refund.amount)
        if at_seqr.get(refund.ers_reference or "") != known:
            yield f"Refund {refund.pk} of {refund.amount} differs at SEQR."
    for ers_reference, (reference, amount) in at_seqr.items():
        if at_shop[ers_reference] != 1:
            yield (
                f"SEQR's refund {ers_reference} of {amount} for {reference} is here "
                f"{at_shop[ers_reference]} times."
            )
    for payment in payments:
        if sum((amount for _, amount in payment.refunds), Decimal(0)) > payment.amount:
            yield f"More than the payment was refunded for {payment.reference}."


def _receipts(ledger: ShopLedger) -> Iterable[str]:
    """Check that each payment and refund has its receipt, and that no number is missing."""
    captured = {each.pk: each.status in ("PAID", "DUPLICATE") for each in ledger.invoices}
    refunded = {each.pk for each in ledger.refunds if each.status == "REFUNDED"}
    return receipt_violations(ledger.receipts, captured, refunded)


def _totals(payments: Collection[Payment], ledger: ShopLedger) -> Iterable[str]:
    at_seqr: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    at_shop: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for payment in payments:
        if payment.is_kept:
            at_seqr["paid", payment.currency] += payment.amount
        at_seqr["refunded", payment.currency] += sum(
            (amount for _, amount in payment.refunds), Decimal(0)
        )
    for invoice in ledger.invoices:
        if invoice.status == "PAID":
            at_shop["paid", invoice.currency] += invoice.amount
    for refund in ledger.refunds:
        if refund.status == "REFUNDED":
            at_shop["refunded", refund.currency] += refund.amount
    for what, currency in sorted(at_seqr.keys() | at_shop.keys()):
        if at_seqr[what, currency] != at_shop[what, currency]:
            yield (
                f"In all {at_seqr[what, currency]} {currency} is {what} at SEQR, "
                f"{at_shop[what, currency]} here."
            )


def _event_histories(ledger: ShopLedger) -> Iterable[str]:
    """Check that each status was reached by audit events without a gap."""
    states = {
        **{("order", each.pk): each.state for each in ledger.orders},
        **{("invoice", each.pk): each.status for each in ledger.invoices},
        **{("refund", each.pk): each.status for each in ledger.refunds},
    }
    changes_of: defaultdict[tuple[str, int], list[StateChange]] = defaultdict(list)
    for change in ledger.changes:
        changes_of[change.subject_type, change.subject_pk].append(change)
    for (subject_type, pk), status in states.items():
        (reached,) = FIRST_STATE[subject_type]
        for change in changes_of[subject_type, pk]:
            if change.from_state != reached:
                yield (
                    f"The history of {subject_type} {pk} continues from {change.from_state}"
                    f" after {reached}."
                )
            reached = change.to_state
        if reached != status:
            yield (
                f"The history of {subject_type} {pk} ends in {reached or 'nothing'};"
                f" it is {status}."
            )


def _customer_views(
    ledger: ShopLedger,
    shown_orders: Collection[str],
    shown: Mapping[str, str],
    shown_paid: Collection[str],
) -> Iterable[str]:
    orders = {order.id: order for order in ledger.orders}
    invoices = _by_reference(ledger)
    for order_id in shown_orders:
        if order_id not in orders:
            yield f"A customer was shown order {order_id}, which does not exist."
    for order_id in shown_paid:
        if order_id in orders and orders[order_id].state not in PAID_STATES:
            yield f"A customer was shown order {order_id} as paid; it is not."
    for reference, order_id in shown.items():
        invoice = invoices.get(reference)
        if invoice is None or order_id not in orders or invoice.order_pk != orders[order_id].pk:
            yield (
                f"A customer was shown {reference} for order {order_id},"
                " but it belongs to another order."
            )


def _terminals(
    ledger: ShopLedger, issuers: Mapping[str, str], refused: Collection[str]
) -> Iterable[str]:
    """Check that each invoice is with the terminal that issued it, and who was paused."""
    for invoice in ledger.invoices:
        issuer = issuers.get(invoice.reference or "", invoice.terminal)
        if invoice.terminal != issuer:
            yield f"Invoice {invoice.pk} is {invoice.terminal}'s here; {issuer} issued it."
    if ledger.misdirected_calls:
        yield f"{ledger.misdirected_calls} calls were made as another terminal than the issuing."
    for pause in ledger.pauses:
        if pause.terminal not in refused:
            yield f"Payments of {pause.terminal} were paused, and SEQR had not refused it."
        if pause.end is None:
            yield f"Payments of {pause.terminal} are still paused."


def _orphans(
    ledger: ShopLedger, shown: Mapping[str, str], open_at_seqr: Collection[str]
) -> Iterable[str]:
    """Check that no invoice that a customer may pay is open at SEQR: nobody queries it any more."""
    known = {each.reference for each in ledger.invoices} | shown.keys()
    for reference in open_at_seqr:
        if reference in known:
            yield f"Invoice {reference} is still open at SEQR."


def _timestamp(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
