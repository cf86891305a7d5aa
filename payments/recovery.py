"""Finds the work that a lost message, a killed process or the passing of time has left."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from orders.clock import database_now
from orders.query_plans import planned_by_index
from payments.availability.pause import paused_terminals
from payments.invoices.cancel import CANCEL_LEASE
from payments.invoices.unconfirmed import open_unconfirmed_cases, unconfirmed_at
from payments.leases import LEASE
from payments.models import (
    OPEN_STATUSES,
    Invoice,
    InvoiceStatus,
    PaymentPause,
    Refund,
    RefundStatus,
)
from payments.receipts.submit import receipts_due
from payments.refunds.hold import refunds_are_held

ENQUEUE_TIME = timedelta(seconds=1)  # an invoice younger than this is still on its way by broker
BATCH_SIZE = 500  # of each kind in one run; the next run is seconds away
RECEIPT_BATCH_SIZE = 24  # share their statements, and their locks for milliseconds
RECEIPT_BATCHES = 3  # in one run, so that no invoice waits in the queue behind many receipts


@dataclass(frozen=True)
class Work:
    """Ids of the invoices, refunds and payment pauses that need work, by the work.

    Receipts come in batches of invoices that are submitted together.
    """

    invoices_to_send: list[int]
    invoices_to_expire: list[int]
    invoices_to_cancel: list[int]
    refunds_to_send: list[int]
    interrupted_refunds: list[int]
    receipts_to_submit: list[list[int]]
    pauses_to_probe: list[int]
    loyalty_answers_due: list[int]
    late_queries_to_repeat: list[int]
    unconfirmed_payments: list[int]


@planned_by_index()
def find_work() -> Work:
    """Return the work that is due now. All of it is safe to do twice.

    Each kind of work has an index of the rows that may need it.
    """
    now = database_now()
    unsent = Q(status=InvoiceStatus.CREATED, created_at__lt=now - ENQUEUE_TIME) | Q(
        LEASE.lapsed_at(now), status=InvoiceStatus.SENDING
    )
    overdue = Q(
        status__in=OPEN_STATUSES,
        cancel_reason="",
        created_at__lt=now - timedelta(seconds=settings.INVOICE_LIFETIME_SECONDS),
    )
    awaits_loyalty_answer = Q(status=InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE) | Q(
        status=InvoiceStatus.ISSUED, discount_unconfirmed=True
    )
    unconfirmed = open_unconfirmed_cases().filter(invoice=OuterRef("invoice"))
    unsent_refunds = Q(LEASE.lapsed_at(now), ~Exists(unconfirmed), status=RefundStatus.CREATED)
    paused = Q(order__shop__terminal__in=paused_terminals())
    longest_call = timedelta(seconds=2 * settings.SEQR_TIMEOUT_SECONDS)
    return Work(
        invoices_to_send=_invoices(unsent & ~overdue & ~paused),
        invoices_to_expire=_invoices(overdue),
        invoices_to_cancel=_invoices(
            Q(status__in=OPEN_STATUSES) & ~Q(cancel_reason="") & CANCEL_LEASE.lapsed_at(now)
        ),
        refunds_to_send=[] if refunds_are_held() else _refunds(unsent_refunds),
        interrupted_refunds=_refunds(Q(LEASE.lapsed_at(now), status=RefundStatus.SENDING)),
        receipts_to_submit=_receipt_batches(now),
        pauses_to_probe=_payment_pauses(now),
        loyalty_answers_due=_invoices(awaits_loyalty_answer & Q(cancel_reason="")),
        late_queries_to_repeat=_invoices(Q(late_query_pending_since__lt=now - longest_call)),
        unconfirmed_payments=_invoices(unconfirmed_at(now)),
    )


def _invoices(condition: Q, limit: int = BATCH_SIZE) -> list[int]:
    invoices = Invoice.objects.filter(condition).order_by("id")
    return list(invoices.values_list("pk", flat=True)[:limit])


def _receipt_batches(now: datetime) -> list[list[int]]:
    due = _invoices(receipts_due(now), RECEIPT_BATCH_SIZE * RECEIPT_BATCHES)
    starts = range(0, len(due), RECEIPT_BATCH_SIZE)
    return [due[start : start + RECEIPT_BATCH_SIZE] for start in starts]


def _refunds(condition: Q) -> list[int]:
    refunds = Refund.objects.filter(condition).order_by("id")
    return list(refunds.values_list("pk", flat=True)[:BATCH_SIZE])


def _payment_pauses(now: datetime) -> list[int]:
    due = PaymentPause.objects.filter(LEASE.lapsed_at(now), ended_at=None, next_probe_at__lte=now)
    return list(due.values_list("pk", flat=True))
