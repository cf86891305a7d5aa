"""Finds the rows of SEQR's reports that may be a refund of which the shop knows no row."""

from payments.models import Invoice, MatchResult, PeriodRow, Refund


def possible_rows(refund: Refund, period_ids: set[int]) -> list[PeriodRow]:
    """Return the rows of these periods that may be this refund, in the reports' order.

    Such a row has the refund's amount and no other payment's reference. It is unexplained, or
    matched with another refund by the amount alone: that refund's own row may be in another till's
    report, which the shop does not get.
    """
    rows = (
        PeriodRow.objects.filter(
            match_result__in=(
                MatchResult.MAYBE_REFUND,
                MatchResult.UNKNOWN_REFUND,
                MatchResult.REFUND,
            ),
            amount=-refund.amount,
            period__in=period_ids,
        )
        .select_related("period", "refund")
        .order_by("period__day", "position")
    )
    payments = Invoice.objects.filter(ers_reference__in=[row.ers_reference for row in rows])
    others = set(payments.exclude(pk=refund.invoice_id).values_list("ers_reference", flat=True))
    return [
        row
        for row in rows
        if row.ers_reference not in others and not _is_certainly_another(row, refund)
    ]


def _is_certainly_another(row: PeriodRow, refund: Refund) -> bool:
    """Whether a row has another refund's own reference, and not the payment's."""
    return (
        row.refund is not None
        and row.refund.ers_reference == row.ers_reference
        and row.ers_reference != refund.invoice.ers_reference
    )
