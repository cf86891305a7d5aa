"""Matches the rows of a report with the shop's records: by reference, or else by amount.

SEQR does not document how a report shows a refund. A row with a refund's own reference is that
refund, whatever its sign. A negative row with a payment's reference is a refund of that payment.
Any other negative row may be a refund whose reference never reached the shop.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

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

_M = MatchResult


def match_rows(period: TransactionPeriod, rows: list[PeriodRow], coverage: Coverage) -> None:
    """Set the match result, invoice and refund of rows of a period's report. Saves nothing.

    The rows are new, or unexplained so far.
    """
    ledger = _Ledger(rows, coverage)
    for row in rows:
        row.invoice = row.refund = None
        row.match_result = ledger.match_by_reference(row)
    for row in rows:
        if row.match_result == _M.UNKNOWN_REFUND:
            row.match_result = ledger.match_by_amount(row, period)


class _Ledger:
    """The shop's payments and refunds with the rows' references, and which are in other rows."""

    def __init__(self, rows: Iterable[PeriodRow], coverage: Coverage) -> None:
        references = {row.ers_reference for row in rows} - {""}
        self._coverage = coverage
        self._others = PeriodRow.objects.exclude(pk__in=[row.pk for row in rows if row.pk])
        self._invoices = {
            str(invoice.ers_reference): invoice
            for invoice in Invoice.objects.filter(ers_reference__in=references)
        }
        self._refunds = {
            str(refund.ers_reference): refund
            for refund in Refund.objects.filter(ers_reference__in=references)
        }
        reported = self._others.exclude(match_result=_M.MISSING)
        paid = reported.filter(invoice__in=self._invoices.values())
        refunded = reported.filter(refund__in=self._refunds.values())
        self._reported_invoice_ids = set(paid.values_list("invoice_id", flat=True))
        self._reported_refund_ids = set(refunded.values_list("refund_id", flat=True))

    def match_by_reference(self, row: PeriodRow) -> MatchResult:
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

    def match_by_amount(self, row: PeriodRow, period: TransactionPeriod) -> MatchResult:
        """Return the match result of a negative row by its amount, and set its match if certain."""
        possible = [
            refund
            for refund in self._possible_refunds(row)
            if refund.pk not in self._reported_refund_ids
            and period.pk in self._coverage.possible_period_ids(*sent_between(refund))
        ]
        for refund in possible:
            if refund.status == RefundStatus.REFUNDED:
                return self._match_refund(row, refund)
        return _M.MAYBE_REFUND if possible else _M.UNKNOWN_REFUND

    def _possible_refunds(self, row: PeriodRow) -> QuerySet[Refund]:
        payment = self._invoices.get(row.ers_reference)
        condition = Q(ers_reference=None) if payment is None else Q(invoice=payment)
        return possibly_made_refunds(-row.amount).filter(
            condition, ~Exists(self._others.filter(refund=OuterRef("pk")))
        )


def possibly_made_refunds(amount: Decimal) -> QuerySet[Refund]:
    """Return the refunds of this amount that SEQR made, or may have made, in order of sending."""
    return Refund.objects.filter(
        amount=amount,
        status__in=(RefundStatus.REFUNDED, RefundStatus.UNKNOWN),
        sent_at__isnull=False,
    ).order_by("sent_at", "id")


def sent_between(refund: Refund) -> tuple[datetime, datetime]:
    """Return the time from which and until which SEQR may have received a sent refund."""
    assert refund.sent_at is not None
    return refund.sent_at, refund.sent_at + call_lease_duration()
