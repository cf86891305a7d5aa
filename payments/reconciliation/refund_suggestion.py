"""Suggests the outcome of an unknown refund from SEQR's reports. A person decides."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.models import Invoice, MatchResult, PeriodRow, Refund, RefundStatus
from payments.reconciliation.matching import possibly_made_refunds, sent_between
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

    A row may be this refund if it has its amount and is not matched with another refund. There is
    no suggestion if fewer such rows exist than unknown refunds that they may be.
    """
    if refund.sent_at is None:
        return RefundSuggestion(None, _("The time of sending is not recorded; see SEQR's reports."))
    coverage = Coverage()
    rows = _possible_rows(refund, coverage)
    refund_ids = _competing_refund_ids(rows, refund, coverage)
    if rows and len(rows) >= len(refund_ids):
        row = rows[refund_ids.index(refund.pk)]
        reason = _("The money was returned: SEQR's report of %(day)s has it as %(reference)s.") % {
            "day": row.period.day,
            "reference": row.ers_reference or _("a row without a reference"),
        }
        is_payments = row.ers_reference == refund.invoice.ers_reference
        return RefundSuggestion(True, reason, "" if is_payments else row.ers_reference)
    if rows:
        reason = _(
            "%(rows)d of %(refunds)d unknown refunds of this amount were made, and the reports do "
            "not show which ones: ask SEQR."
        ) % {"rows": len(rows), "refunds": len(refund_ids)}
        return RefundSuggestion(None, reason)
    gap = coverage.gap_between(*sent_between(refund))
    if gap is not None:
        return RefundSuggestion(None, str(_GAP_REASONS[gap]))
    if not reports_show_refunds():
        return RefundSuggestion(
            None,
            _("Not certain: SEQR's reports have not shown any refund of this shop yet. Ask SEQR."),
        )
    return RefundSuggestion(
        False, _("Probably not returned: no report from that time has a matching refund.")
    )


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


def _possible_rows(refund: Refund, coverage: Coverage) -> list[PeriodRow]:
    """Return the rows with its payment's reference; if there are none, those with no payment's."""
    rows = (
        PeriodRow.objects.filter(
            match_result__in=(MatchResult.MAYBE_REFUND, MatchResult.UNKNOWN_REFUND),
            amount=-refund.amount,
            period__in=coverage.possible_period_ids(*sent_between(refund)),
        )
        .select_related("period")
        .order_by("period__day", "position")
    )
    with_reference = [row for row in rows if row.ers_reference == refund.invoice.ers_reference]
    if with_reference:
        return with_reference
    payments = Invoice.objects.filter(ers_reference__in=[row.ers_reference for row in rows])
    payment_references = set(payments.values_list("ers_reference", flat=True))
    return [row for row in rows if row.ers_reference not in payment_references]


def _competing_refund_ids(rows: list[PeriodRow], refund: Refund, coverage: Coverage) -> list[int]:
    """Return the IDs of the unknown refunds that these rows may be, this one included."""
    periods = {row.period_id for row in rows}
    unknown = possibly_made_refunds().filter(status=RefundStatus.UNKNOWN, amount=refund.amount)
    if rows and rows[0].ers_reference == refund.invoice.ers_reference:
        unknown = unknown.filter(invoice=refund.invoice_id)
    return [
        each.pk for each in unknown if periods & coverage.possible_period_ids(*sent_between(each))
    ]
