"""What SEQR's reports say about a refund whose outcome is unknown. A person decides."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from payments.models import Invoice, MatchResult, PeriodRow, Refund, RefundStatus
from payments.reconciliation.matching import may_have_been_made, sent_between
from payments.reconciliation.report_coverage import Coverage


@dataclass(frozen=True)
class RefundSuggestion:
    """Whether the money went back as far as the reports tell, or None; and why, to a person."""

    was_refunded: bool | None
    why: str
    ers_reference: str = ""


def suggest_refund_outcome(refund: Refund) -> RefundSuggestion:
    """Return what the reports that we have say about an unknown refund.

    A row that fits is one of its amount that is no other refund's. Where there are fewer such rows
    than unknown refunds that each may be, nobody can tell which of them went back.
    """
    if refund.sent_at is None:
        return RefundSuggestion(None, _("The time of sending is not recorded; see SEQR's reports."))
    coverage = Coverage()
    rows = _rows_that_fit(refund, coverage)
    rivals = _unknown_refunds_that_fit(rows, refund, coverage)
    if rows and len(rows) >= len(rivals):
        row = rows[rivals.index(refund.pk)]
        text = _("The money was returned: SEQR's report of %(day)s has it as %(reference)s.")
        why = text % {
            "day": row.period.day,
            "reference": row.ers_reference or _("a row without a reference"),
        }
        return RefundSuggestion(True, why, row.ers_reference)
    if rows:
        why = _(
            "%(rows)d of %(refunds)d unknown refunds of this amount were made, and the reports do "
            "not show which ones: ask SEQR."
        ) % {"rows": len(rows), "refunds": len(rivals)}
        return RefundSuggestion(None, why)
    if coverage.covers(*sent_between(refund)):
        return RefundSuggestion(
            False,
            _("Probably not returned: no report from that time has a matching refund."),
        )
    return RefundSuggestion(None, _("Not known yet: the report for that time is not available."))


def _rows_that_fit(refund: Refund, coverage: Coverage) -> list[PeriodRow]:
    """Return the rows that may be this refund: under its payment's reference, or under no one's."""
    rows = (
        PeriodRow.objects.filter(
            match_result__in=(MatchResult.MAYBE_REFUND, MatchResult.UNKNOWN_REFUND),
            amount=-refund.amount,
            period__in=coverage.may_be_in(*sent_between(refund)),
        )
        .select_related("period")
        .order_by("period__day", "position")
    )
    own = [row for row in rows if row.ers_reference == refund.invoice.ers_reference]
    if own:
        return own
    payments = Invoice.objects.filter(ers_reference__in=[row.ers_reference for row in rows])
    of_payments = set(payments.values_list("ers_reference", flat=True))
    return [row for row in rows if row.ers_reference not in of_payments]


def _unknown_refunds_that_fit(
    rows: list[PeriodRow], refund: Refund, coverage: Coverage
) -> list[int]:
    """Return the ids of the unknown refunds that these rows may be, this one among them."""
    periods = {row.period_id for row in rows}
    unknown = may_have_been_made(refund.amount).filter(status=RefundStatus.UNKNOWN)
    if rows and rows[0].ers_reference == refund.invoice.ers_reference:
        unknown = unknown.filter(invoice=refund.invoice_id)
    return [each.pk for each in unknown if periods & coverage.may_be_in(*sent_between(each))]
