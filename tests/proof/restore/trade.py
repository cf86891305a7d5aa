"""What the shop and SEQR do around a backup, and what must be true after its restore."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from orders.audit import by_staff
from orders.clock import database_now
from payments.models import (
    UNSENT_REFUND_STATUSES,
    Invoice,
    InvoiceStatus,
    MatchResult,
    PeriodRow,
    Refund,
    RefundStatus,
)
from payments.reconciliation.periods import advance_period, periods_due
from payments.refunds.hold import mark_possibly_made
from payments.refunds.refund import resolve_unknown_refund
from payments.refunds.send import send_refund
from tests.payments.refunds.steps import requested_refund
from tests.payments.steps import issued_invoice, paid_invoice, reference, refresh
from tests.sandbox_process import SandboxProcess

REPORT_SECONDS = 3.5  # SEQR has a report three seconds after the period's end
GIVE_UP_SECONDS = 60.0
SINCE = "SEQR's list of the lost time"


@dataclass(frozen=True)
class Trade:
    """What the backup has, and what came after it: `lost_…` are SEQR's references.

    `paid_later` was issued before the backup and paid after it. Of the refunds that the backup has
    as unsent, SEQR made `sent_later` and never got `unsent`.
    """

    paid_later: Invoice
    sent_later: Refund
    unsent: Refund
    lost_sale: str = ""
    lost_refund: str = ""


def trade_before(sandbox: SandboxProcess, clerk: User) -> Trade:
    """Sell and refund; return what the backup is to have."""
    send_refund(requested_refund(paid_invoice(sandbox), "5.00", clerk).pk)
    return Trade(
        paid_later=issued_invoice(),
        sent_later=requested_refund(paid_invoice(sandbox), "12.00", clerk),
        unsent=requested_refund(paid_invoice(sandbox), "7.00", clerk),
    )


def trade_after(sandbox: SandboxProcess, clerk: User, trade: Trade) -> Trade:
    """Sell and refund what the backup lacks; return the trade with it."""
    sandbox.pay(reference(trade.paid_later))
    refresh(trade.paid_later)
    send_refund(trade.sent_later.pk)
    lost_refund = requested_refund(trade.unsent.invoice, "3.00", clerk)
    send_refund(lost_refund.pk)
    lost_refund.refresh_from_db()
    return replace(
        trade,
        lost_sale=reference(paid_invoice(sandbox)),
        lost_refund=lost_refund.ers_reference or "",
    )


def resolve_from_list(sandbox: SandboxProcess, colleague: User) -> int:
    """Record the unsent refunds that SEQR's list has, as staff do in the admin; return how many."""
    resolved = 0
    waiting = Refund.objects.filter(status__in=UNSENT_REFUND_STATUSES).select_related("invoice")
    for refund in waiting.filter(invoice__invoice_reference__in=_references(sandbox)):
        for made in _unrecorded(sandbox, refund.invoice):
            if Decimal(made["amount"]) == refund.amount:
                source = by_staff(colleague)
                assert mark_possibly_made(refund.pk, source, SINCE)
                resolve_unknown_refund(
                    refund.pk,
                    source,
                    was_refunded=True,
                    reason=SINCE,
                    ers_reference=made["ers_reference"],
                )
                resolved += 1
    return resolved


def reconcile() -> None:
    """Close the periods of the day, fetch SEQR's reports, and compare them."""
    settings.RECONCILIATION_HOUR = 0
    for period_id in periods_due(database_now()):
        advance_period(period_id)
    time.sleep(REPORT_SECONDS)
    for period_id in periods_due(database_now() + timedelta(minutes=5)):
        advance_period(period_id)


def violations(sandbox: SandboxProcess, trades: list[Trade]) -> Iterator[str]:
    """Describe what differs between SEQR and the restored shop, one sentence each."""
    lost_sales = {trade.lost_sale for trade in trades}
    for sale in sandbox.invoices():
        if sale["paid_at"] is None:
            continue
        name = sale["invoice_reference"]
        if sale["reversed_at"] is not None:
            yield f"SEQR reversed the payment of {name}."
        invoice = Invoice.objects.filter(invoice_reference=name).first()
        if name in lost_sales:
            if _matches(sale["ers_reference"]) != [MatchResult.UNKNOWN_SALE]:
                yield f"SEQR's report did not show the lost sale {name}."
        elif invoice is None or invoice.status != InvoiceStatus.PAID:
            yield f"{name} is paid at SEQR and not here."
        elif invoice.ers_reference != sale["ers_reference"]:
            yield f"{name} has another payment here than at SEQR."
        amounts = [Decimal(refund["amount"]) for refund in sale["refunds"]]
        if len(amounts) != len(set(amounts)):
            yield f"SEQR made a refund of {name} twice."
    for trade in trades:
        if _matches(trade.lost_refund) != [MatchResult.UNKNOWN_REFUND]:
            yield f"SEQR's report did not show the lost refund {trade.lost_refund}."
        for refund in (trade.sent_later, trade.unsent):
            status = Refund.objects.get(pk=refund.pk).status
            if status != RefundStatus.REFUNDED:
                yield f"The refund of {refund.amount} is {status}."


def wait_until(condition: Callable[[], object], what: str) -> float:
    """Wait until a condition is true; return the seconds. Raises TimeoutError, naming `what`."""
    began_at = time.monotonic()
    while not condition():
        if time.monotonic() - began_at > GIVE_UP_SECONDS:
            raise TimeoutError(f"{what} has not happened")
        time.sleep(0.1)
    return time.monotonic() - began_at


def is_paid(invoice: Invoice) -> bool:
    """Return whether the shop has recorded the payment."""
    return Invoice.objects.get(pk=invoice.pk).status == InvoiceStatus.PAID


def is_refunded(refund: Refund) -> bool:
    """Return whether the shop has recorded the refund as made."""
    return Refund.objects.get(pk=refund.pk).status == RefundStatus.REFUNDED


def _matches(ers_reference: str) -> list[str]:
    """Return what the report's rows about a payment or refund match in our ledger."""
    rows = PeriodRow.objects.filter(ers_reference=ers_reference)
    return list(rows.values_list("match_result", flat=True))


def _references(sandbox: SandboxProcess) -> list[str]:
    return [str(each["invoice_reference"]) for each in sandbox.invoices()]


def _unrecorded(sandbox: SandboxProcess, invoice: Invoice) -> list[Any]:
    known = set(Refund.objects.filter(invoice=invoice).values_list("ers_reference", flat=True))
    made: list[Any] = sandbox.invoice(reference(invoice))["refunds"]
    return [each for each in made if each["ers_reference"] not in known]
