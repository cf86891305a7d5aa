"""What each row of a report is in our books: by its reference, or else by its amount.

How SEQR shows a refund is not documented. So a row is a refund of ours by the refund's own
reference, whatever its sign; a negative row with a payment's reference is a refund of that payment;
any other negative row may be a refund whose reference never reached us.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.conf import settings
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

_V = MatchResult


def match(period: TransactionPeriod, rows: list[PeriodRow], coverage: Coverage) -> None:
    """Set the match_result of these rows of a period's report, and what they are in our books.

    They are new, or were not explained before. Saves nothing.
    """
    books = _Books(rows, coverage)
    for row in rows:
        row.invoice = row.refund = None
        row.match_result = books.verdict_by_reference(row)
    for row in rows:
        if row.match_result == _V.UNKNOWN_REFUND:
            row.match_result = books.verdict_by_amount(row, period)
    own_terminals = _own_terminals(period, rows)
    for row in rows:
        if row.match_result in (_V.UNKNOWN_SALE, _V.UNKNOWN_REFUND):
            row.match_result = (
                row.match_result if row.terminal_id in own_terminals else _V.ELSEWHERE
            )


class _Books:
    """What we have under the references of these rows, and what of it is in a report already."""

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
        reported = self._others.exclude(match_result=_V.MISSING)
        paid = reported.filter(invoice__in=self._invoices.values())
        refunded_amount = reported.filter(refund__in=self._refunds.values())
        self._paid_in_report = set(paid.values_list("invoice_id", flat=True))
        self._given_back_in_report = set(refunded_amount.values_list("refund_id", flat=True))

    def verdict_by_reference(self, row: PeriodRow) -> MatchResult:
        refund = self._refunds.get(row.ers_reference)
        if refund is not None:
            return self._refund(row, refund)
        if row.amount < 0:
            return _V.UNKNOWN_REFUND
        invoice = self._invoices.get(row.ers_reference)
        return _V.UNKNOWN_SALE if invoice is None else self._sale(row, invoice)

    def _sale(self, row: PeriodRow, invoice: Invoice) -> MatchResult:
        if invoice.pk in self._paid_in_report:
            return _V.REPEATED
        self._paid_in_report.add(invoice.pk)
        row.invoice = invoice
        return _V.SALE if row.amount == captured_amount(invoice) else _V.AMOUNT_DIFFERS

    def _refund(self, row: PeriodRow, refund: Refund) -> MatchResult:
        if refund.pk in self._given_back_in_report:
            return _V.REPEATED
        self._given_back_in_report.add(refund.pk)
        row.refund = refund
        return _V.REFUND if abs(row.amount) == refund.amount else _V.AMOUNT_DIFFERS

    def verdict_by_amount(self, row: PeriodRow, period: TransactionPeriod) -> MatchResult:
        fitting = [
            refund
            for refund in self._fitting(row)
            if refund.pk not in self._given_back_in_report
            and period.pk in self._coverage.may_be_in(*sent_between(refund))
        ]
        for refund in fitting:
            if refund.status == RefundStatus.REFUNDED:
                return self._refund(row, refund)
        return _V.MAYBE_REFUND if fitting else _V.UNKNOWN_REFUND

    def _fitting(self, row: PeriodRow) -> QuerySet[Refund]:
        payment = self._invoices.get(row.ers_reference)
        of_it = Q(ers_reference=None) if payment is None else Q(invoice=payment)
        return may_have_been_made(-row.amount).filter(
            of_it, ~Exists(self._others.filter(refund=OuterRef("pk")))
        )


def may_have_been_made(amount: Decimal) -> QuerySet[Refund]:
    """Return the refunds of this amount that went back or may have, in the order of sending."""
    return Refund.objects.filter(
        amount=amount,
        status__in=(RefundStatus.REFUNDED, RefundStatus.UNKNOWN),
        sent_at__isnull=False,
    ).order_by("sent_at", "id")


def sent_between(refund: Refund) -> tuple[datetime, datetime]:
    """Return the moments between which SEQR had a refund, if it had it at all."""
    assert refund.sent_at is not None
    return refund.sent_at, refund.sent_at + call_lease_duration()


def _own_terminals(period: TransactionPeriod, rows: list[PeriodRow]) -> set[str]:
    """Return our terminal's id, and those that the report gives to what is surely ours."""
    explained = period.rows.filter(match_result__in=(_V.SALE, _V.REFUND))
    before = explained.values_list("terminal_id", flat=True).distinct()
    now = {row.terminal_id for row in rows if row.match_result in (_V.SALE, _V.REFUND)}
    return {"", settings.SEQR_TERMINAL_ID, *before, *now}
