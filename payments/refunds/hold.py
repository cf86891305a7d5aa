"""Holds refunds after the database has lost transactions, so that none is sent a second time.

A refund that SEQR made in the lost time looks unsent. No refund is sent until SEQR's reports of
that time, or a person, have shown which ones SEQR made.
"""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from orders.audit import ChangeSource, record_event
from orders.audit_marker import MarkerUnavailable, accept_loss, check_marker
from orders.clock import database_now
from orders.marker_stores import AuditMarker
from orders.models import AuditEvent, EventName
from payments.cases.cases import close_case, close_refund_cases, open_case, open_refund_case
from payments.models import (
    UNSENT_REFUND_STATUSES,
    CaseKind,
    MoneyCase,
    RefundHold,
    RefundStatus,
)
from payments.refund_transitions import transition_refund
from payments.refunds.locks import lock_refund

logger = logging.getLogger(__name__)

HOLD_KEY = "refunds"


class SendingHeld(Exception):
    """No refund may be sent now: the database has lost transactions, or cannot be checked."""


def open_hold() -> RefundHold | None:
    """Return the hold that is in force."""
    return RefundHold.objects.select_related("case").filter(case__closed_at=None).first()


def refunds_are_held() -> bool:
    """Return whether refunds are on hold: none is sent."""
    return open_hold() is not None


def require_complete_database(source: ChangeSource) -> None:
    """Check just before a call that no refund is held, and that the database has lost nothing.

    Raises SendingHeld otherwise, and while the marker is unavailable. Must be called outside a
    transaction, with the refund's SENDING committed: the marker then has it, before SEQR is called.
    """
    try:
        hold_after_loss(source)
    except MarkerUnavailable as error:
        raise SendingHeld(str(error)) from error
    # After the marker: another process that finds the loss holds the refunds, then sets it back.
    if refunds_are_held():
        raise SendingHeld("refunds are on hold")


def hold_after_loss(source: ChangeSource) -> None:
    """Hold all refunds if the database has lost transactions; advance the marker otherwise.

    Raises MarkerUnavailable.
    """
    lost = check_marker()
    if lost is None:
        return
    if not _is_known(lost):
        hold_refunds(_newest_before(lost), source)
    accept_loss()


@transaction.atomic
def hold_refunds(lost_since: datetime, source: ChangeSource) -> RefundHold:
    """Hold all unsent refunds and those requested from now on, and open the case of the hold.

    The database has everything until `lost_since`. A hold in force is extended.
    """
    now = database_now()
    lost_since = min(lost_since, now)  # the clock of another server may be ahead
    since = timezone.localtime(lost_since).strftime("%Y-%m-%d %H:%M:%S")
    summary = f"The database has lost transactions since {since}; refunds are on hold"
    open_cases = MoneyCase.objects.filter(kind=CaseKind.REFUNDS_HELD, closed_at=None)
    # Locked, so that nobody closes it meanwhile. One that a person has just closed is left out.
    while (case := open_cases.select_for_update(no_key=True).first()) is None:
        new_case = open_case(CaseKind.REFUNDS_HELD, source, summary, key=HOLD_KEY)
        if new_case is not None:
            logger.error("%s", summary)
            return RefundHold.objects.create(case=new_case, lost_since=lost_since, lost_until=now)
    hold = RefundHold.objects.select_for_update(no_key=True).get(case=case)
    hold.lost_since = min(hold.lost_since, lost_since)
    hold.lost_until = now
    hold.save(update_fields=["lost_since", "lost_until"])
    record_event(case, EventName.REFUND_HOLD_EXTENDED, source, detail=summary)
    return hold


def release_refunds(source: ChangeSource, reason: str) -> bool:
    """End the hold, so that the unsent refunds are sent; return whether one was in force.

    Closing the case of the hold does the same. Raises ValueError without a reason.
    """
    hold = open_hold()
    return hold is not None and close_case(hold.case_id, source, reason)


@transaction.atomic
def mark_possibly_made(refund_id: int, source: ChangeSource, detail: str) -> bool:
    """Make an unsent refund UNKNOWN that SEQR may have made; return whether that was possible.

    Only while refunds are on hold: it was sent in the lost time. A person records its outcome.
    """
    refund = lock_refund(refund_id)
    hold = open_hold()
    if refund.status not in UNSENT_REFUND_STATUSES or hold is None:
        return False
    close_refund_cases(refund, source, detail)
    sent = {"sent_at": hold.lost_since, "sent_until": hold.lost_until}
    transition_refund(refund, RefundStatus.UNKNOWN, source, detail=detail, **sent)
    open_refund_case(refund, source, detail)
    return True


def _is_known(lost: AuditMarker) -> bool:
    """Whether a hold has been placed for this loss, as by another machine with its own marker."""
    at = lost.occurred_at
    return RefundHold.objects.filter(lost_since__lt=at, lost_until__gte=at).exists()


def _newest_before(lost: AuditMarker) -> datetime:
    """Return the time of the newest event that is older than the lost one."""
    earlier = AuditEvent.objects.filter(occurred_at__lt=lost.occurred_at).order_by("-occurred_at")
    occurred_at = earlier.values_list("occurred_at", flat=True).first()
    return occurred_at or lost.first_occurred_at
