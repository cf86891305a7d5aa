"""What a lost message, a killed process or the passing of time has left to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from orders.clock import database_now
from payments.availability.pause import payments_are_paused
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

LEFT_BEHIND_AFTER = timedelta(seconds=2)  # younger ones are on their way through the broker
AT_MOST = 500  # of each kind in one sweep; the next one is seconds away
RECEIPTS_AT_MOST = 50  # so that no invoice waits in the queue behind many of them


@dataclass(frozen=True)
class Work:
    """Ids of invoices, refunds and times without paying, by what is to be done with them."""

    to_send: list[int]
    to_expire: list[int]
    to_settle: list[int]
    refunds_to_send: list[int]
    refunds_to_give_up: list[int]
    to_receipt: list[int]
    to_probe: list[int]
    to_answer: list[int]
    to_ask_once_more: list[int]


def find_work() -> Work:
    """Return what is left to do now. Each of it is safe to do twice."""
    now = database_now()
    unsent = Q(status=InvoiceStatus.CREATED, created_at__lt=now - LEFT_BEHIND_AFTER) | Q(
        LEASE.lapsed_at(now), status=InvoiceStatus.SENDING
    )
    overdue = Q(
        status__in=OPEN_STATUSES,
        cancel_reason="",
        created_at__lt=now - timedelta(seconds=settings.INVOICE_LIFETIME_SECONDS),
    )
    waits_for_us = Q(status=InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE) | Q(
        status=InvoiceStatus.ISSUED, discount_unconfirmed=True
    )
    return Work(
        to_send=[] if payments_are_paused() else _ids(unsent & ~overdue),
        to_expire=_ids(overdue),
        to_settle=_ids(Q(status__in=OPEN_STATUSES) & ~Q(cancel_reason="")),
        refunds_to_send=_refunds(RefundStatus.CREATED, now),
        refunds_to_give_up=_refunds(RefundStatus.SENDING, now),
        to_receipt=_ids(receipts_due(now), RECEIPTS_AT_MOST),
        to_probe=_stops(now),
        to_answer=_ids(waits_for_us & Q(cancel_reason="")),
        to_ask_once_more=_ids(Q(late_query_pending_since__lt=now - _whole_call())),
    )


def _whole_call() -> timedelta:
    return timedelta(seconds=2 * settings.SEQR_TIMEOUT_SECONDS)


def _ids(which: Q, at_most: int = AT_MOST) -> list[int]:
    return list(Invoice.objects.filter(which).order_by("id").values_list("pk", flat=True)[:at_most])


def _refunds(status: RefundStatus, now: datetime) -> list[int]:
    return list(
        Refund.objects.filter(LEASE.lapsed_at(now), status=status)
        .order_by("id")
        .values_list("pk", flat=True)[:AT_MOST]
    )


def _stops(now: datetime) -> list[int]:
    due = PaymentPause.objects.filter(LEASE.lapsed_at(now), ended_at=None, next_probe_at__lte=now)
    return list(due.values_list("pk", flat=True))
