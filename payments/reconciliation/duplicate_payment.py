"""Closes cases about duplicate payments that SEQR has reversed.

SEQR may notify of a payment for an invoice whose order another invoice has paid. The shop does not
query that invoice, so SEQR reverses the payment, and no report contains a sale of it. A duplicate
payment that SEQR has kept is known by its reference, and is refunded by a person.
"""

from django.db.models import Q

from orders.audit import ChangeSource, record_event_once
from orders.models import EventName
from payments.cases.cases import close_case
from payments.models import CaseKind, InvoiceStatus, MatchResult, MoneyCase, PeriodRow
from payments.reconciliation.report_coverage import RECORDING_MARGIN, Coverage

NO_SALE = "SEQR's reports of that time contain no sale of this invoice: SEQR reversed the payment"


def close_duplicate_payment_cases(
    terminal_id: int, coverage: Coverage, source: ChangeSource
) -> None:
    """Close each case about a terminal's duplicate payment if the reports prove that it is no sale.

    An unknown sale of the same amount keeps the case open, and is recorded in its history.
    """
    cases = MoneyCase.objects.filter(
        kind=CaseKind.DUPLICATE_PAYMENT, closed_at=None, invoice__terminal=terminal_id
    )
    for case in cases.exclude(invoice__status=InvoiceStatus.DUPLICATE):
        begin, end = case.opened_at - RECORDING_MARGIN, case.opened_at + RECORDING_MARGIN
        if coverage.gap_between(begin, end) is not None:
            continue
        sale = _sale_of(case)
        if sale is not None:
            detail = f"{sale.ers_reference} of {sale.amount:.2f} in the report of {sale.period.day}"
            record_event_once(case, EventName.POSSIBLE_MATCHING_SALE, source, detail=detail)
        else:
            close_case(case.pk, source, NO_SALE)


def _sale_of(case: MoneyCase) -> PeriodRow | None:
    invoice = case.invoice
    assert invoice is not None
    amounts = (invoice.amount, invoice.order.total)  # SEQR may not know of a discount
    return (
        PeriodRow.objects.filter(
            Q(match_result=MatchResult.UNKNOWN_SALE, amount__in=amounts) | Q(invoice=invoice),
            period__terminal=invoice.terminal_id,
            period__marking_ended_at__gt=case.opened_at - 2 * RECORDING_MARGIN,
        )
        .select_related("period")
        .order_by("period__day", "position")
        .first()
    )
