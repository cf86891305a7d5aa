"""When a period's report is fetched, fetched again, and given up."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import SourceName
from payments.models import CaseKind, MoneyCase, PeriodStatus, TransactionPeriod
from payments.reconciliation.fetch_report import fetch_report, request_report
from payments.reconciliation.periods import (
    advance_period,
    periods_due,
)
from payments.seqr import (
    SeqrAuthenticationError,
    SeqrReportNotReady,
    SeqrReportTooLarge,
    SeqrUnavailable,
)
from tests.payments.reconciliation.steps import (
    advance_time,
    event_names_of,
    period_in,
    reconcile_day,
    run_due_periods,
    status_of,
    todays_period,
)
from tests.payments.steps import call_count, paid_invoice
from tests.sandbox_process import SandboxProcess

S = PeriodStatus
BY_RECONCILIATION = ChangeSource(SourceName.RECONCILIATION)
pytestmark = pytest.mark.django_db


def test_refused_settings_open_one_case_that_the_report_closes(
    sandbox: SandboxProcess,
) -> None:
    period = todays_period()
    sandbox.fault("markTransactionPeriod", "result_code", count=2, code=20)
    for _ in range(2):
        with pytest.raises(SeqrAuthenticationError):
            advance_period(period.pk)
        advance_time(timedelta(minutes=11))
    case = MoneyCase.objects.get()

    reconcile_day(sandbox)

    case.refresh_from_db()
    assert case.kind == CaseKind.RECONCILIATION_STUCK
    assert (status_of(period), case.closing_reason) == (S.RECONCILED, "the report has arrived")


def test_report_that_is_not_ready_is_fetched_again_and_opens_a_case_after_hours(
    sandbox: SandboxProcess,
) -> None:
    period = todays_period()
    advance_period(period.pk)
    advance_time(timedelta(seconds=3))
    with pytest.raises(SeqrReportNotReady):
        advance_period(period.pk)
    case_at_first = MoneyCase.objects.exists()
    advance_time(timedelta(hours=4))
    with pytest.raises(SeqrReportNotReady):
        advance_period(period.pk)
    case_after_hours = MoneyCase.objects.get().kind
    advance_time(timedelta(minutes=11))

    run_due_periods(sandbox)

    assert (case_at_first, case_after_hours) == (False, CaseKind.RECONCILIATION_STUCK)
    assert status_of(period) == S.RECONCILED
    assert MoneyCase.objects.get().closed_at is not None


def test_report_that_never_arrives_is_no_longer_due_after_a_day() -> None:
    period = period_in(S.MARKED)
    due = periods_due(database_now())
    TransactionPeriod.objects.update(since=database_now() - timedelta(days=2))

    later = periods_due(database_now())

    assert period.pk in due
    assert period.pk not in later


def test_report_of_a_killed_worker_is_fetched_after_its_lease(
    sandbox: SandboxProcess,
) -> None:
    period = todays_period()
    advance_period(period.pk)
    lease = database_now() + timedelta(seconds=15)
    TransactionPeriod.objects.update(lease_until=lease)
    fetched_during_lease = fetch_report(period.pk, BY_RECONCILIATION)
    advance_time(timedelta(seconds=16))
    sandbox.advance(3)

    fetched = fetch_report(period.pk, BY_RECONCILIATION)

    assert (fetched_during_lease, fetched, status_of(period)) == (False, True, S.RECONCILED)


def test_reconciled_period_that_is_delivered_again_is_not_fetched_again(
    sandbox: SandboxProcess,
) -> None:
    period = reconcile_day(sandbox)
    advance_time(timedelta(minutes=11))

    advance_period(period.pk)

    assert status_of(period) == S.RECONCILED
    assert call_count(sandbox, "executeReport") == 1


def test_requested_report_is_fetched_again_by_the_next_run(
    sandbox: SandboxProcess, boss: User
) -> None:
    period = reconcile_day(sandbox)
    sandbox.fault("executeReport", "result_code", count=1, code=93)

    requested = request_report(period.pk, by_staff(boss))
    with pytest.raises(SeqrUnavailable):
        run_due_periods(sandbox)
    deferred = run_due_periods(sandbox)
    run_due_periods(sandbox)

    assert (requested, deferred) == (True, [])
    assert event_names_of(period)[-3:] == [
        "report_requested",
        "report_deferred",
        "report_fetched_again",
    ]
    assert run_due_periods(sandbox) == []


def test_report_of_a_lost_period_cannot_be_requested(boss: User) -> None:
    period = period_in(S.LOST)

    assert request_report(period.pk, by_staff(boss)) is False
    assert event_names_of(period) == []


def test_report_with_too_many_rows_opens_a_case_at_once_and_is_not_fetched_again(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.seqr.report_reader.MAX_REPORT_ROWS", 1)
    for _ in range(2):
        paid_invoice(sandbox)
    run_due_periods(sandbox)

    with pytest.raises(SeqrReportTooLarge):
        run_due_periods(sandbox)

    case = MoneyCase.objects.get()
    advance_time(timedelta(hours=12))
    assert case.kind == CaseKind.RECONCILIATION_STUCK
    assert "the report has more than 1 rows" in case.summary
    assert run_due_periods(sandbox) == []


def test_lease_of_a_report_outlasts_the_longest_call(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    settings.SEQR_REPORT_TIMEOUT_SECONDS = 300
    leases: list[timedelta] = []
    run_due_periods(sandbox)
    period = TransactionPeriod.objects.get()

    def note_lease(*_: object) -> None:
        lease_until = TransactionPeriod.objects.get().lease_until
        assert lease_until is not None
        leases.append(lease_until - database_now())

    with patch("payments.reconciliation.fetch_report.store_report", note_lease):
        advance_time(timedelta(seconds=3))
        sandbox.advance(3)
        advance_period(period.pk)

    assert leases[0] > timedelta(seconds=300)
