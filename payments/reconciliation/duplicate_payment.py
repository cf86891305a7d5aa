"""A notification for an invoice whose order another one has paid: did SEQR take the money twice?

Nobody asks about such an invoice, so SEQR returns its payment; then no report has a sale of it.
"""

from django.db.models import Q

from orders.audit import ChangeSource, record_event_once
from orders.models import AuditEvent, EventName, SubjectType
from payments.cases.cases import close_case
from payments.models import CaseKind, MatchResult, MoneyCase, PeriodRow
from payments.reconciliation.report_coverage import MARGIN, Coverage

NO_SALE = "SEQR's reports of that time hold no sale of this invoice: the money went back"


def close_duplicate_payment_cases(coverage: Coverage, source: ChangeSource) -> None:
    """Close the open cases about a second payment whose time the reports cover without a sale.

    A sale that we do not know of the same amount keeps its case open, and is noted there.
    """
    for case in MoneyCase.objects.filter(kind=CaseKind.DUPLICATE_PAYMENT, closed_at=None):
        if not coverage.covers(case.opened_at - MARGIN, case.opened_at + MARGIN):
            continue
        sale = _sale_of(case)
        if sale is not None:
            detail = f"{sale.ers_reference} of {sale.amount:.2f} in the report of {sale.period.day}"
            record_event_once(case, EventName.POSSIBLE_MATCHING_SALE, source, detail=detail)
        elif not _was_accepted(case):
            close_case(case.pk, source, NO_SALE)


def _sale_of(case: MoneyCase) -> PeriodRow | None:
    invoice = case.invoice
    assert invoice is not None
    amounts = (invoice.amount, invoice.order.total)  # SEQR may not know of a discount
    return (
        PeriodRow.objects.filter(
            Q(match_result=MatchResult.UNKNOWN_SALE, amount__in=amounts) | Q(invoice=invoice),
            period__marking_ended_at__gt=case.opened_at - 2 * MARGIN,
        )
        .select_related("period")
        .order_by("period__day", "position")
        .first()
    )


def _was_accepted(case: MoneyCase) -> bool:
    """Whether SEQR has answered PAID to us about it, which accepts the money."""
    told = AuditEvent.objects.filter(subject_type=SubjectType.INVOICE, subject_id=case.invoice_id)
    return told.filter(name=EventName.ANSWER_AFTER_ORDER_WAS_PAID, detail="PAID").exists()
