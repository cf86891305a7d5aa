"""Finds the rows of SEQR's reports that may be a refund of which the shop knows no row."""

from collections.abc import Collection

from payments.models import Invoice, MatchResult, PeriodRow, Refund


def possible_rows(refund: Refund, period_ids: set[int]) -> list[PeriodRow]:
    """Return the rows of these periods that may be this refund, in the reports' order.

    Such a row has the refund's amount and no other payment's reference. It is unexplained, or
    matched with another refund by the amount alone: that refund's own row may be in another till's
    report, which the shop does not get.
    """
    return possible_rows_of_each([(refund, period_ids)])[refund.pk]


def possible_rows_of_each(
    searches: Collection[tuple[Refund, set[int]]],
) -> dict[int, list[PeriodRow]]:
    """Return the possible rows of each refund, by its ID, in two queries for all of them."""
    rows = (
        PeriodRow.objects.filter(
            match_result__in=(
                MatchResult.MAYBE_REFUND,
                MatchResult.UNKNOWN_REFUND,
                MatchResult.REFUND,
            ),
            amount__in={-refund.amount for refund, _ in searches},
            period__in=set().union(*(period_ids for _, period_ids in searches)),
        )
        .select_related("period", "refund")
        .order_by("period__day", "position")
    )
    payments = Invoice.objects.filter(ers_reference__in=[row.ers_reference for row in rows])
    payment_ids = dict(payments.values_list("ers_reference", "pk"))
    return {
        refund.pk: [
            row
            for row in rows
            if row.amount == -refund.amount
            and row.period_id in period_ids
            and payment_ids.get(row.ers_reference) in (None, refund.invoice_id)
            and not _is_certainly_another(row, refund)
        ]
        for refund, period_ids in searches
    }


def _is_certainly_another(row: PeriodRow, refund: Refund) -> bool:
    """Whether a row has another refund's own reference, and not the payment's."""
    return (
        row.refund is not None
        and row.refund.ers_reference == row.ers_reference
        and row.ers_reference != refund.invoice.ers_reference
    )
