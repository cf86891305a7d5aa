"""Reconciliation runs a few statements, however many periods and refunds there are."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from orders.clock import database_now
from payments.models import (
    CaseKind,
    InvoiceStatus,
    MatchResult,
    PeriodRow,
    PeriodStatus,
    RefundStatus,
    TransactionPeriod,
)
from payments.reconciliation.held_refunds import review_held_refunds
from payments.reconciliation.periods import period_day
from payments.refunds.hold import hold_refunds
from tests.payments.reconciliation.steps import (
    BY_RECONCILIATION,
    cases,
    match_results,
    period_with_report,
    recorded_refund,
    store_rows,
)
from tests.payments.steps import invoice_in, own_terminal

M = MatchResult
pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def reconciled_periods(number: int) -> list[TransactionPeriod]:
    """Return the terminal's periods of the last days, each with the report of one payment."""
    noon = timezone.localtime().replace(hour=12)  # of each day, also where the clocks change
    periods = []
    for days in range(number, 0, -1):
        closed_at = noon - days * A_DAY
        period = TransactionPeriod.objects.create(
            day=period_day(closed_at),
            terminal=own_terminal(),
            status=PeriodStatus.RECONCILED,
            transaction_period_id=f"P{days}",
            marking_started_at=closed_at,
            marking_ended_at=closed_at + timedelta(seconds=1),
            fetched_at=closed_at + timedelta(seconds=10),
        )
        invoice = invoice_in(
            InvoiceStatus.PAID, ers_reference=f"E{days}", paid_at=closed_at - A_DAY / 2
        )
        PeriodRow.objects.create(
            period=period,
            position=1,
            match_result=M.SALE,
            amount=invoice.amount,
            ers_reference=f"E{days}",
            invoice=invoice,
        )
        periods.append(period)
    return periods


def test_report_of_an_old_period_fetched_again_reads_no_later_period(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    oldest, *_, newest = reconciled_periods(40)

    with django_assert_max_num_queries(60):
        store_rows(oldest, ("45.00", "E40"))

    assert match_results(oldest) == [M.SALE]
    assert match_results(newest) == [M.SALE]


def test_payment_that_a_new_report_of_an_old_period_lacks_is_missing() -> None:
    oldest, *_ = reconciled_periods(5)

    store_rows(oldest)

    assert match_results(oldest) == [M.MISSING]
    [case] = cases(CaseKind.REPORT_DIFFERS)
    assert case.period == oldest


def test_payment_that_left_the_report_of_another_time_is_missing_in_its_own() -> None:
    oldest, *_, newest = reconciled_periods(5)
    row = PeriodRow.objects.get(period=newest)
    PeriodRow.objects.filter(pk=row.pk).update(period=oldest, position=2)

    store_rows(oldest, ("45.00", "E5"))

    assert (match_results(oldest), match_results(newest)) == ([M.SALE], [M.MISSING])


def test_report_of_refunds_without_references_needs_few_statements(
    clerk: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = database_now()
    for _ in range(90):
        invoice = invoice_in(InvoiceStatus.PAID, paid_at=now - timedelta(hours=2))
        recorded_refund(invoice, "5.00", clerk, sent_at=now - timedelta(hours=1))

    with django_assert_max_num_queries(80):
        period = period_with_report(now, *[("-5.00", "")] * 90)

    assert match_results(period).count(M.MAYBE_REFUND) == 90


def test_review_of_held_refunds_runs_as_many_statements_for_90_as_for_1(clerk: User) -> None:
    now = database_now()
    earlier = invoice_in(InvoiceStatus.PAID, ers_reference="E", paid_at=now - timedelta(hours=3))
    shown = recorded_refund(
        earlier,
        "1.00",
        clerk,
        sent_at=now - timedelta(hours=3),
        status=RefundStatus.REFUNDED,
        ers_reference="R",
    )
    statements = []
    for number in (1, 90):
        for _ in range(number):
            recorded_refund(earlier, "5.00", clerk, sent_at=None, status=RefundStatus.CREATED)
        if not TransactionPeriod.objects.exists():
            period_with_report(now, ("45.00", "E"), ("-1.00", "R"))
        hold_refunds(now - timedelta(hours=2), BY_RECONCILIATION)
        with CaptureQueriesContext(connection) as queries:
            released = review_held_refunds()
        statements.append((released, len(queries)))

    assert shown.period_rows.exists()
    assert statements[0] == statements[1]
