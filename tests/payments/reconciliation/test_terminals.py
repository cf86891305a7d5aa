"""Periods and reports of many terminals, each by itself."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from orders.clock import database_now
from orders.models import Terminal
from payments.models import (
    CaseKind,
    Invoice,
    InvoiceStatus,
    MatchResult,
    PeriodRow,
    PeriodStatus,
    RefundStatus,
    TransactionPeriod,
)
from payments.reconciliation import held_refunds
from payments.reconciliation.held_refunds import review_held_refunds
from payments.reconciliation.periods import advance_period, period_day, periods_due
from payments.reconciliation.refund_suggestion import suggest_refund_outcome
from payments.reconciliation.report_coverage import Coverage
from payments.refunds.hold import hold_refunds
from payments.seqr import SeqrError
from tests.factories import SellerFactory, TerminalFactory
from tests.payments.reconciliation.steps import (
    BY_RECONCILIATION,
    advance_one_day,
    advance_time,
    cases,
    earlier_known_refund,
    match_results,
    reconcile_day,
    run_due_periods,
    sent_refund,
    unknown_refund,
)
from tests.payments.refunds.steps import requested_refund
from tests.payments.steps import (
    added_terminal,
    invoice_in,
    own_terminal,
    paid_invoice,
    querying_terminals,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def make_terminals(count: int) -> None:
    """Store so many terminals that SEQR does not know."""
    for number in range(count):
        TerminalFactory.create(principal_id=f"till-{number}", password="its own")


def test_periods_of_200_terminals_need_as_many_queries_as_that_of_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """The task runs every two seconds: it read each terminal's period by itself."""
    make_terminals(200)
    now = database_now()
    first = periods_due(now)

    with django_assert_num_queries(3):
        second = periods_due(now)

    assert len(first) == len(set(first)) == 200
    assert sorted(second) == sorted(first)


def test_period_of_a_terminal_added_during_the_day_is_created_the_same_day() -> None:
    make_terminals(1)
    now = database_now()
    periods_due(now)
    added = TerminalFactory.create(principal_id="added", password="its own")

    periods_due(now)

    assert TransactionPeriod.objects.filter(terminal=added).count() == 1
    assert TransactionPeriod.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_concurrent_tasks_create_one_period_for_each_terminal() -> None:
    make_terminals(20)
    now = database_now()

    run_concurrently(4, lambda: periods_due(now))

    assert TransactionPeriod.objects.values("terminal").distinct().count() == 20
    assert TransactionPeriod.objects.count() == 20


def test_period_is_closed_and_reported_by_the_reseller_of_its_terminal(
    sandbox: SandboxProcess,
) -> None:
    sandbox.add_reseller("another_reseller", "9901", "their own")
    sandbox.add_terminal("their-web", "password of their-web", reseller_id="another_reseller")
    seller = SellerFactory.create(
        reseller_id="another_reseller", reseller_user_id="9901", reseller_password="their own"
    )
    theirs = TerminalFactory.create(
        principal_id="their-web", seller=seller, password="password of their-web"
    )
    sales = {
        theirs.pk: paid_invoice(sandbox, theirs).pk,
        own_terminal().pk: paid_invoice(sandbox).pk,
    }

    reconcile_day(sandbox)

    resellers = {"public_test_shop", "another_reseller"}
    assert set(querying_terminals(sandbox, "markTransactionPeriod")) == resellers
    assert set(querying_terminals(sandbox, "executeReport")) == resellers
    rows = PeriodRow.objects.values_list("period__terminal", "invoice")
    assert dict(rows) == sales


def test_terminal_that_seqr_refuses_keeps_no_report_of_another_back(
    sandbox: SandboxProcess,
) -> None:
    sale = paid_invoice(sandbox)
    TerminalFactory.create(principal_id="unknown at SEQR", password="its own")
    advance_time(timedelta(hours=1))

    for _ in range(2):
        sandbox.advance(3)
        advance_time(timedelta(seconds=3))
        for period_id in sorted(periods_due(database_now()), reverse=True):
            with suppress(SeqrError):  # which the task logs
                advance_period(period_id)

    period = own_terminal().periods.get()
    assert (period.status, match_results(period)) == (PeriodStatus.RECONCILED, [MatchResult.SALE])
    assert [row.invoice for row in period.rows.all()] == [sale]


def test_report_of_one_terminal_suggests_nothing_about_a_refund_of_another(
    sandbox: SandboxProcess, clerk: User
) -> None:
    """A row of the same amount in the other terminal's report is another refund."""
    earlier_known_refund(sandbox, clerk)
    own, other = paid_invoice(sandbox), paid_invoice(sandbox, added_terminal(sandbox))
    advance_time(timedelta(minutes=5))
    made = unknown_refund(sandbox, other, "6.00", clerk, is_made=True)
    lost = unknown_refund(sandbox, own, "6.00", clerk, is_made=False)

    reconcile_day(sandbox)

    for refund in (made, lost):
        refund.refresh_from_db()
    assert suggest_refund_outcome(made).was_refunded is True
    assert suggest_refund_outcome(lost).was_refunded is False


def test_reports_of_all_terminals_are_needed_to_release_held_refunds(
    sandbox: SandboxProcess, clerk: User
) -> None:
    """The other terminal's report arrives later; it may have the refund."""
    own = own_terminal()  # reviewed first
    other = added_terminal(sandbox)
    sent_refund(paid_invoice(sandbox), "5.00", clerk)  # shows that the reports contain refunds
    reconcile_day(sandbox)
    paid_invoice(sandbox)
    waiting = requested_refund(paid_invoice(sandbox, other), "5.00", clerk)
    advance_time(timedelta(minutes=5))
    hold_refunds(database_now(), BY_RECONCILIATION)
    advance_one_day()
    for _ in range(2):
        run_due_periods_of(own, sandbox)

    by_one = review_held_refunds()
    for _ in range(2):
        run_due_periods(sandbox)
    by_both = review_held_refunds()

    waiting.refresh_from_db()
    assert (by_one, by_both, waiting.status) == (False, True, RefundStatus.CREATED)


def run_due_periods_of(terminal: Terminal, sandbox: SandboxProcess) -> None:
    """Take the due step of a terminal's periods three seconds later."""
    sandbox.advance(3)
    advance_time(timedelta(seconds=3))
    for period in terminal.periods.filter(pk__in=periods_due(database_now())):
        advance_period(period.pk)


def test_review_of_held_refunds_reads_no_further_than_the_first_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It runs every two seconds, and read the periods of 200 terminals each time."""
    for number in range(5):
        terminal = TerminalFactory.create(principal_id=f"till-{number}", password="its own")
        invoice = invoice_in(InvoiceStatus.PAID)
        Invoice.objects.filter(pk=invoice.pk).update(terminal=terminal)
    hold_refunds(database_now(), BY_RECONCILIATION)
    read: list[int] = []

    def counted(terminal_id: int) -> Coverage:
        read.append(terminal_id)
        return Coverage(terminal_id)

    monkeypatch.setattr(held_refunds, "Coverage", counted)

    assert not review_held_refunds()
    assert len(read) == 1


def test_waiting_refund_of_a_payment_that_is_no_longer_paid_stops_no_reconciliation(
    clerk: User,
) -> None:
    """Its terminal has no other payment: the task failed, and no period was closed any more."""
    invoice = invoice_in(InvoiceStatus.PAID)
    requested_refund(invoice, "5.00", clerk)
    Invoice.objects.filter(pk=invoice.pk).update(status=InvoiceStatus.FAILED)
    hold_refunds(database_now(), BY_RECONCILIATION)

    assert not review_held_refunds()


@pytest.mark.django_db(transaction=True)
def test_reports_of_two_terminals_are_compared_side_by_side(sandbox: SandboxProcess) -> None:
    """The one waited for the locks of the other's periods."""
    own, other = own_terminal(), added_terminal(sandbox)
    for terminal in (own, other):
        paid_invoice(sandbox, terminal)
    advance_time(timedelta(hours=1))
    run_due_periods(sandbox)
    sandbox.advance(3)
    advance_time(timedelta(seconds=3))
    by_terminal = {period.terminal_id: period for period in TransactionPeriod.objects.all()}

    with transaction.atomic():
        TransactionPeriod.objects.select_for_update(no_key=True).get(pk=by_terminal[own.pk].pk)
        run_concurrently(1, lambda: advance_period(by_terminal[other.pk].pk))

    assert Terminal.objects.get(pk=other.pk).periods.get().status == PeriodStatus.RECONCILED


def test_terminal_without_transactions_gets_a_period_and_an_empty_report(
    sandbox: SandboxProcess,
) -> None:
    quiet = added_terminal(sandbox)
    paid_invoice(sandbox)

    reconcile_day(sandbox)

    period = quiet.periods.get(day=period_day(database_now()))
    assert (period.status, period.rows.count()) == (PeriodStatus.RECONCILED, 0)
    assert cases(CaseKind.REPORT_DIFFERS) == []
