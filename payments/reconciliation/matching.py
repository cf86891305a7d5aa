"""Matches the rows of a report with the shop's records: by reference, or else by amount.

SEQR does not document how a report shows a refund. A row with a refund's own reference is that
refund, whatever its sign. A negative row with a payment's reference is a refund of that payment,
matched by its amount.
Any other negative row may be a refund whose reference never reached the shop.

Both work on batches of rows, with a few queries for each.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from payments.balance import captured_amount
from payments.leases import call_lease_duration
from payments.models import (
    Invoice,
    MatchResult,
    PeriodRow,
    Refund,
    RefundStatus,
    TransactionPeriod,
)
from payments.reconciliation.report_coverage import Coverage

ROW_BATCH_SIZE = 1000

_M = MatchResult
_UNMATCHED_REFUNDS = (_M.UNKNOWN_REFUND, _M.MAYBE_REFUND)


def batches(rows: Iterable[PeriodRow]) -> Iterator[list[PeriodRow]]:
    """Yield the rows in lists of ROW_BATCH_SIZE at most."""
    remaining = iter(rows)
    while batch := list(islice(remaining, ROW_BATCH_SIZE)):
        yield batch


def stored_batches(rows: QuerySet[PeriodRow]) -> Iterator[list[PeriodRow]]:
    """Yield stored rows in lists of ROW_BATCH_SIZE at most; a row may be changed meanwhile."""
    last_id = 0
    while batch := list(rows.filter(pk__gt=last_id).order_by("pk")[:ROW_BATCH_SIZE]):
        last_id = batch[-1].pk
        yield batch


def match_by_reference(rows: list[PeriodRow]) -> None:
    """Set the match result, invoice and refund of a batch of rows. Saves nothing.

    The rows are new, or unexplained so far.
    """
    ledger = _Ledger(rows)
    for row in rows:
        may_be_refund = row.match_result == _M.MAYBE_REFUND
        row.invoice = row.refund = None
        row.match_result = ledger.match(row)
        row.shop_id = _shop_of_match(row)
        if may_be_refund and row.match_result == _M.UNKNOWN_REFUND:
            row.match_result = _M.MAYBE_REFUND  # until its amount is compared again


def match_by_amount(period: TransactionPeriod, coverage: Coverage) -> None:
    """Match the stored negative rows of a period that no reference explains, and save them."""
    unmatched = period.rows.filter(match_result__in=_UNMATCHED_REFUNDS)
    candidates = _refunds_without_row(period, coverage)
    for rows in stored_batches(unmatched):
        references = [row.ers_reference for row in rows]
        payments = Invoice.objects.filter(ers_reference__in=references)
        payment_ids = dict(payments.values_list("ers_reference", "pk"))
        before = [match_of(row) for row in rows]
        for row in rows:
            _match_amount(row, payment_ids.get(row.ers_reference), candidates.get(-row.amount, []))
        save_changed_matches(rows, before)


def match_of(row: PeriodRow) -> tuple[str, int | None, int | None]:
    """Return a row's match, to be compared with a later one."""
    return row.match_result, row.invoice_id, row.refund_id


def save_changed_matches(
    rows: list[PeriodRow], before: list[tuple[str, int | None, int | None]]
) -> None:
    """Save the matches of stored rows that differ from those before."""
    changed = [row for row, match in zip(rows, before, strict=True) if match_of(row) != match]
    PeriodRow.objects.bulk_update(changed, ["match_result", "invoice", "refund", "shop"])


def _shop_of_match(row: PeriodRow) -> int | None:
    """Return the ID of the shop whose payment or refund a row is matched with."""
    invoice = row.invoice if row.refund is None else row.refund.invoice
    return None if invoice is None else invoice.shop_id


class _Ledger:
    """The shop's payments and refunds with the rows' references, and which are in other rows."""

    def __init__(self, rows: list[PeriodRow]) -> None:
        references = {row.ers_reference for row in rows} - {""}
        self._invoices = {
            str(invoice.ers_reference): invoice
            for invoice in Invoice.objects.filter(ers_reference__in=references)
        }
        # Staff may have recorded a payment's reference as its refund's: it names no one refund.
        own_references = references - self._invoices.keys()
        self._refunds = {
            str(refund.ers_reference): refund
            for refund in Refund.objects.filter(ers_reference__in=own_references).select_related(
                "invoice"
            )
        }
        others = PeriodRow.objects.exclude(match_result=_M.MISSING)
        stored_ids = [row.pk for row in rows if row.pk]
        if stored_ids:
            others = others.exclude(pk__in=stored_ids)
        paid = others.filter(invoice__in=self._invoices.values())
        refunded = others.filter(refund__in=self._refunds.values())
        self._reported_invoice_ids = set(paid.values_list("invoice_id", flat=True))
        self._reported_refund_ids = set(refunded.values_list("refund_id", flat=True))

    def match(self, row: PeriodRow) -> MatchResult:
        """Return the match result of a row by its reference, and set its match."""
        refund = self._refunds.get(row.ers_reference)
        if refund is not None:
            return self._match_refund(row, refund)
        if row.amount < 0:
            return _M.UNKNOWN_REFUND
        invoice = self._invoices.get(row.ers_reference)
        return _M.UNKNOWN_SALE if invoice is None else self._match_sale(row, invoice)

    def _match_sale(self, row: PeriodRow, invoice: Invoice) -> MatchResult:
        if invoice.pk in self._reported_invoice_ids:
            return _M.REPEATED
        self._reported_invoice_ids.add(invoice.pk)
        row.invoice = invoice
        return _M.SALE if row.amount == captured_amount(invoice) else _M.AMOUNT_DIFFERS

    def _match_refund(self, row: PeriodRow, refund: Refund) -> MatchResult:
        if refund.pk in self._reported_refund_ids:
            return _M.REPEATED
        self._reported_refund_ids.add(refund.pk)
        row.refund = refund
        return _M.REFUND if abs(row.amount) == refund.amount else _M.AMOUNT_DIFFERS


def _refunds_without_row(
    period: TransactionPeriod, coverage: Coverage
) -> dict[Decimal, list[Refund]]:
    """Return the refunds that this period may contain and no report does, by their amounts."""
    found: dict[Decimal, list[Refund]] = {}
    span = coverage.span_of(period)
    if span is None:
        return found
    unreported = (
        possibly_made_refunds()
        .annotate(last_sent_at=Coalesce("sent_until", "sent_at"))
        .filter(
            ~Exists(PeriodRow.objects.filter(refund=OuterRef("pk"))),
            invoice__terminal=period.terminal_id,
            last_sent_at__gt=span.begin - call_lease_duration(),
            sent_at__lt=span.end,
        )
    )
    for refund in unreported.select_related("invoice"):
        found.setdefault(refund.amount, []).append(refund)
    return found


def _match_amount(row: PeriodRow, payment_id: int | None, candidates: list[Refund]) -> None:
    """Set a negative row's match to a known refund, of which there may be one less afterwards."""
    possible = [
        refund
        for refund in candidates
        if (refund.ers_reference is None if payment_id is None else refund.invoice_id == payment_id)
    ]
    row.match_result = _M.MAYBE_REFUND if possible else _M.UNKNOWN_REFUND
    for refund in possible:
        if refund.status == RefundStatus.REFUNDED:
            row.refund, row.match_result = refund, _M.REFUND
            row.shop_id = _shop_of_match(row)
            candidates.remove(refund)
            return


def possibly_made_refunds() -> QuerySet[Refund]:
    """Return the refunds that SEQR made, or may have made, in order of sending."""
    return Refund.objects.filter(
        status__in=(RefundStatus.REFUNDED, RefundStatus.UNKNOWN), sent_at__isnull=False
    ).order_by("sent_at", "id")


def sent_between(refund: Refund) -> tuple[datetime, datetime]:
    """Return the time from which and until which SEQR may have received a sent refund."""
    assert refund.sent_at is not None
    return refund.sent_at, (refund.sent_until or refund.sent_at) + call_lease_duration()
