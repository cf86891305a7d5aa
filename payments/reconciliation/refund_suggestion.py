"""Suggests the outcome of an unknown refund from SEQR's reports. A person decides."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.models import PeriodRow, Refund, RefundStatus
from payments.reconciliation.matching import possibly_made_refunds, sent_between
from payments.reconciliation.possible_rows import possible_rows
from payments.reconciliation.report_coverage import Coverage, Gap, reports_show_refunds


@dataclass(frozen=True)
class RefundSuggestion:
    """The suggested outcome, or None if the reports do not show it, with the reason for staff.

    `ers_reference` is the refund's own, empty if the reports name it by its payment's.
    """

    was_refunded: bool | None
    reason: str
    ers_reference: str = ""


def suggest_refund_outcome(refund: Refund) -> RefundSuggestion:
    """Return the outcome of an unknown refund that the fetched reports suggest.

    There is no suggestion if fewer unmatched rows exist than unknown refunds that they may be, nor
    if a row that may be this refund is matched with another one by the amount alone.
    """
    if refund.sent_at is None:
        return RefundSuggestion(None, _("The time of sending is not recorded; see SEQR's reports."))
    coverage = Coverage(refund.invoice.terminal_id)
    possible = possible_rows(refund, coverage.possible_period_ids(*sent_between(refund)))
    rows = _unexplained(possible, refund)
    refund_ids = _competing_refund_ids(rows, refund, coverage)
    if rows and len(rows) >= len(refund_ids):
        row = rows[refund_ids.index(refund.pk)]
        reason = _("The money was returned: SEQR's report of %(day)s has it as %(reference)s.") % {
            "day": row.period.day,
            "reference": row.ers_reference or _("a row without a reference"),
        }
        is_payments = row.ers_reference == refund.invoice.ers_reference
        return RefundSuggestion(True, reason, "" if is_payments else row.ers_reference)
    if any(row.refund is not None for row in possible):
        return RefundSuggestion(
            None,
            _(
                "Not certain: a row of the report may be this refund or another one of the same "
                "amount. Ask SEQR."
            ),
        )
    if rows:
        reason = _(
            "%(rows)d of %(refunds)d unknown refunds of this amount were made, and the reports do "
            "not show which ones: ask SEQR."
        ) % {"rows": len(rows), "refunds": len(refund_ids)}
        return RefundSuggestion(None, reason)
    doubt = _doubt_about_absence(refund, coverage)
    if doubt is not None:
        return RefundSuggestion(None, doubt)
    return RefundSuggestion(
        False, _("Probably not returned: no report from that time has a matching refund.")
    )


def _doubt_about_absence(refund: Refund, coverage: Coverage) -> str | None:
    """Return why the absence of a row does not show that a refund was not made."""
    gap = coverage.gap_between(*sent_between(refund))
    if gap is not None:
        return str(_GAP_REASONS[gap])
    if not reports_show_refunds():
        return _(
            "Not certain: SEQR's reports have not shown any refund of this shop yet. Ask SEQR."
        )
    return None


_GAP_REASONS = {
    Gap.NOT_REPORTED: gettext_lazy("Not known yet: the report for that time is not available."),
    Gap.PAYMENT_MISSING: gettext_lazy(
        "Not certain: the report for that time lacks a payment of this shop, so another till may "
        "have closed a period. Ask SEQR."
    ),
    Gap.NOT_PROVEN: gettext_lazy(
        "Not certain: the report for that time has no earlier payment of this shop, so another "
        "till may have closed a period. Ask SEQR."
    ),
}


def _unexplained(rows: list[PeriodRow], refund: Refund) -> list[PeriodRow]:
    """Return the unmatched rows with its payment's reference; if there are none, all unmatched."""
    unmatched = [row for row in rows if row.refund is None]
    with_reference = [row for row in unmatched if row.ers_reference == refund.invoice.ers_reference]
    return with_reference or unmatched


def _competing_refund_ids(rows: list[PeriodRow], refund: Refund, coverage: Coverage) -> list[int]:
    """Return the IDs of the unknown refunds that these rows may be, this one included."""
    periods = {row.period_id for row in rows}
    unknown = possibly_made_refunds().filter(
        status=RefundStatus.UNKNOWN,
        amount=refund.amount,
        invoice__terminal=refund.invoice.terminal_id,
    )
    if rows and rows[0].ers_reference == refund.invoice.ers_reference:
        unknown = unknown.filter(invoice=refund.invoice_id)
    return [
        each.pk for each in unknown if periods & coverage.possible_period_ids(*sent_between(each))
    ]
