"""Releases refunds on hold once SEQR's reports show which of them were made in the lost time.

The reports prove it only if they have no gap in that time, and show refunds as negative rows, which
SEQR does not document. A period that was closed in it, under a lost ID, leaves a gap: no payment
before the lost time is in the report then. Otherwise a person decides.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from orders.audit import ChangeSource
from orders.models import SourceName, Terminal
from payments.leases import call_lease_duration
from payments.models import (
    CAPTURED_STATUSES,
    UNSENT_REFUND_STATUSES,
    Invoice,
    Refund,
    RefundHold,
)
from payments.reconciliation.possible_rows import possible_rows_of_each
from payments.reconciliation.report_coverage import Coverage, reports_show_refunds
from payments.refunds.hold import mark_possibly_made, open_hold, release_refunds

SOURCE = ChangeSource(SourceName.RECONCILIATION)
RELEASE_REASON = "SEQR's reports of the lost time contain none of the refunds that are left"


def review_held_refunds() -> bool:
    """Release the refunds on hold if the reports are conclusive; return whether they were.

    A refund that a report's row may be becomes UNKNOWN, and a person records its outcome. All
    others are released.
    """
    hold = open_hold()
    if hold is None:
        return False
    coverages: dict[int, Coverage] = {}
    for terminal_id in _terminals_that_refund():
        coverages[terminal_id] = Coverage(terminal_id)
        if not _is_conclusive(hold, coverages[terminal_id]):
            return False
    waiting = Refund.objects.filter(status__in=UNSENT_REFUND_STATUSES).order_by("id")
    lost_time = hold.lost_since, _lost_until(hold)
    periods = {
        terminal_id: coverage.possible_period_ids(*lost_time)
        for terminal_id, coverage in coverages.items()
    }
    searches = [
        (refund, periods[refund.invoice.terminal_id])
        for refund in waiting.select_related("invoice")
    ]
    rows = possible_rows_of_each(searches)
    for refund, _ in searches:
        if rows[refund.pk]:
            row = rows[refund.pk][0]
            reference = row.ers_reference or "a row without a reference"
            detail = f"SEQR's report of {row.period.day} has it as {reference}"
            mark_possibly_made(refund.pk, SOURCE, detail)
    return release_refunds(SOURCE, RELEASE_REASON)


def _terminals_that_refund() -> list[int]:
    """Return the terminals that may have made a refund in the lost time, or are to make one."""
    invoices = Invoice.objects.filter(terminal=OuterRef("pk"))
    payments = invoices.filter(status__in=CAPTURED_STATUSES)
    waiting = invoices.filter(refunds__status__in=UNSENT_REFUND_STATUSES)
    may_refund = Q(Exists(payments), retired_at=None) | Q(Exists(waiting))
    terminals = Terminal.objects.filter(may_refund).order_by("pk")
    return list(terminals.values_list("pk", flat=True))


def _lost_until(hold: RefundHold) -> datetime:
    """Return until when SEQR may have received a refund that was sent in the lost time."""
    return hold.lost_until + call_lease_duration()


def _is_conclusive(hold: RefundHold, coverage: Coverage) -> bool:
    return (
        coverage.gap_between(hold.lost_since, _lost_until(hold)) is None and reports_show_refunds()
    )
