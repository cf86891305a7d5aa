"""Transaction periods: one a day, closed once, lost without a certain answer, and reconciled."""

from datetime import date, datetime, timedelta
from itertools import product
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from pytest_django import Settings

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType
from orders.state_machine import TransitionError
from payments import tasks
from payments.gateway import own_terminal_id
from payments.models import CaseKind, MoneyCase, PeriodRow, PeriodStatus, TransactionPeriod
from payments.reconciliation.fetch_report import fetch_report, request_report
from payments.reconciliation.periods import (
    PeriodNotAccepted,
    advance_period,
    declare_interrupted_period_lost,
    period_day,
    periods_due,
    resolve_lost_period,
)
from payments.reconciliation.transitions import TABLE, lock_period, transition_period
from payments.seqr import (
    SeqrAuthenticationError,
    SeqrRejected,
    SeqrReportNotReady,
    SeqrReportTooLarge,
    SeqrUnavailable,
)
from tests.payments.reconciliation.steps import (
    advance_one_day,
    advance_time,
    at_other_till,
    last_period_id_at_seqr,
    mark_by_other_till,
    reconcile_day,
    run_due_periods,
)
from tests.payments.steps import call_count, paid_invoice
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = PeriodStatus
BY_STAFF = ChangeSource(SourceName.STAFF)
BY_RECONCILIATION = ChangeSource(SourceName.RECONCILIATION)
pytestmark = pytest.mark.django_db

NOW = "2026-01-01T00:00:00Z"
CLOSED = {"marking_started_at": NOW, "marking_ended_at": NOW}
REQUIRED_FIELDS: dict[PeriodStatus, dict[str, Any]] = {
    S.MARKING: {"marking_started_at": NOW, "lease_until": NOW},
    S.MARKED: CLOSED | {"transaction_period_id": "P1"},
    S.RECONCILED: CLOSED | {"transaction_period_id": "P1", "fetched_at": NOW},
    S.LOST: CLOSED,
}


def period_in(status: PeriodStatus, **fields: Any) -> TransactionPeriod:
    """Return yesterday's period with this status."""
    needed = REQUIRED_FIELDS.get(status, {}) | fields
    day = period_day(database_now()) - timedelta(days=1)
    return TransactionPeriod.objects.create(
        day=day, terminal_id=own_terminal_id(), status=status, **needed
    )


def todays_period() -> TransactionPeriod:
    periods_due(database_now())
    return TransactionPeriod.objects.latest("day")


def status_of(period: TransactionPeriod) -> str:
    return TransactionPeriod.objects.get(pk=period.pk).status


def event_names_of(period: TransactionPeriod) -> list[str]:
    events = AuditEvent.objects.filter(subject_type=SubjectType.PERIOD, subject_id=period.pk)
    return list(events.values_list("name", flat=True))


def test_period_of_a_day_is_closed_once_and_reconciled(sandbox: SandboxProcess) -> None:
    period = reconcile_day(sandbox)

    assert (period.status, event_names_of(period)) == (
        S.RECONCILED,
        ["marking_started", "period_marked", "period_reconciled"],
    )
    assert period.transaction_period_id == last_period_id_at_seqr(sandbox)
    assert run_due_periods(sandbox) == []
    assert call_count(sandbox, "markTransactionPeriod") == 1


def test_only_the_terminals_period_is_closed_and_its_report_fetched(
    sandbox: SandboxProcess,
) -> None:
    reconcile_day(sandbox)

    terminal = "<key>TERMINALID</key><value>public_test_shop_terminal</value>"
    [mark] = sandbox.calls("markTransactionPeriod")
    [report] = sandbox.calls("executeReport")
    assert terminal in mark["request"]
    assert terminal in report["request"]
    assert "<reportId>Reconciliation/STD_RECON_007.xml<" in report["request"]


def test_report_is_that_of_the_terminal_whose_period_was_closed_after_the_setting_has_changed(
    sandbox: SandboxProcess,
) -> None:
    sale = paid_invoice(sandbox)
    advance_time(timedelta(hours=1))
    run_due_periods(sandbox)

    with at_other_till():
        run_due_periods(sandbox)

    closed = TransactionPeriod.objects.get(status=S.RECONCILED)
    assert closed.terminal_id == "public_test_shop_terminal"
    assert [row.invoice for row in closed.rows.all()] == [sale]


def test_last_period_of_a_replaced_terminal_is_reconciled_and_no_other(
    sandbox: SandboxProcess,
) -> None:
    reconcile_day(sandbox)
    advance_one_day()
    last_sale = paid_invoice(sandbox)

    with at_other_till() as new_terminal:
        sale = paid_invoice(sandbox)
        reconcile_day(sandbox)
        advance_one_day()
        reconcile_day(sandbox)

    closed = TransactionPeriod.objects.order_by("day", "pk").values_list("terminal_id", flat=True)
    old_terminal = own_terminal_id()
    rows = PeriodRow.objects.order_by("period_id").values_list("period__terminal_id", "invoice")
    assert list(closed) == [old_terminal, old_terminal, new_terminal, new_terminal]
    assert list(rows) == [(old_terminal, last_sale.pk), (new_terminal, sale.pk)]
    assert MoneyCase.objects.filter(closed_at=None).count() == 0


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ((2026, 11, 24, 3, 59), date(2026, 11, 23)),
        ((2026, 11, 24, 4, 0), date(2026, 11, 24)),
        ((2026, 11, 24, 23, 59), date(2026, 11, 24)),
        ((2026, 11, 25, 0, 0), date(2026, 11, 24)),
        ((2026, 7, 1, 4, 0), date(2026, 7, 1)),
    ],
)
def test_period_is_due_from_four_in_the_morning_in_sweden(
    moment: tuple[int, int, int, int, int], day: date
) -> None:
    assert period_day(datetime(*moment, tzinfo=ZoneInfo("Europe/Stockholm"))) == day


def test_reconciliation_hour_is_a_setting(settings: Settings) -> None:
    settings.RECONCILIATION_HOUR = 22
    noon = datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo("Europe/Stockholm"))

    assert period_day(noon) == date(2026, 11, 23)
    assert period_day(noon + timedelta(hours=10)) == date(2026, 11, 24)


@pytest.mark.django_db(transaction=True)
def test_concurrent_workers_close_one_period(sandbox: SandboxProcess) -> None:
    def advance_due_periods() -> None:
        for period_id in periods_due(database_now()):
            advance_period(period_id)

    run_concurrently(6, advance_due_periods)

    assert status_of(TransactionPeriod.objects.get()) == S.MARKED
    assert call_count(sandbox, "markTransactionPeriod") == 1


def test_scheduled_task_enqueues_due_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    enqueued: list[Any] = []
    monkeypatch.setattr("payments.tasks.enqueue", lambda *args, **_: enqueued.append(args))

    tasks.advance_periods()

    assert enqueued == [(tasks.advance_period, TransactionPeriod.objects.get().pk)]


def test_period_with_lost_answer_is_lost_with_one_case_and_never_closed_again(
    sandbox: SandboxProcess,
) -> None:
    sandbox.fault("markTransactionPeriod", "drop", count=1)

    for _ in range(4):
        run_due_periods(sandbox)

    period = TransactionPeriod.objects.get()
    case = MoneyCase.objects.get()
    assert (period.status, period.transaction_period_id) == (S.LOST, None)
    assert call_count(sandbox, "markTransactionPeriod") == 1
    assert (case.kind, case.period) == (CaseKind.LOST_PERIOD, period)


@pytest.mark.parametrize("code", [1, 90, 94])
def test_period_with_uncertain_answer_is_lost(sandbox: SandboxProcess, code: int) -> None:
    sandbox.fault("markTransactionPeriod", "result_code", count=1, code=code)

    run_due_periods(sandbox)

    assert status_of(TransactionPeriod.objects.get()) == S.LOST


def test_period_of_a_killed_worker_is_lost_after_its_lease(sandbox: SandboxProcess) -> None:
    lease = database_now() + timedelta(seconds=30)
    period = period_in(S.MARKING, marking_started_at=database_now(), lease_until=lease)
    during_lease = declare_interrupted_period_lost(period.pk)
    advance_time(timedelta(seconds=31))

    advance_period(period.pk)
    again = declare_interrupted_period_lost(period.pk)

    assert (during_lease, again, status_of(period)) == (False, False, S.LOST)
    assert MoneyCase.objects.get().kind == CaseKind.LOST_PERIOD
    assert call_count(sandbox, "markTransactionPeriod") == 0


def test_next_day_after_a_lost_period_has_its_own_period(sandbox: SandboxProcess) -> None:
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    run_due_periods(sandbox)
    advance_one_day()

    latest = reconcile_day(sandbox)

    assert latest.status == S.RECONCILED
    assert set(TransactionPeriod.objects.values_list("status", flat=True)) == {
        S.LOST,
        S.RECONCILED,
    }


def test_period_is_closed_later_the_same_day_after_seqr_was_unavailable(
    sandbox: SandboxProcess,
) -> None:
    period = todays_period()
    sandbox.fault("markTransactionPeriod", "result_code", count=1, code=93)
    with pytest.raises(SeqrUnavailable):
        advance_period(period.pk)
    deferred = status_of(period), periods_due(database_now())
    advance_time(timedelta(seconds=6))

    advance_period(period.pk)

    assert deferred == (S.TO_MARK, [])
    assert status_of(period) == S.MARKED
    assert MoneyCase.objects.count() == 0


def test_period_not_closed_on_its_day_is_void(seqr_away: None) -> None:
    period = todays_period()
    with pytest.raises(SeqrUnavailable):
        advance_period(period.pk)
    advance_one_day()

    due = periods_due(database_now())

    assert status_of(period) == S.VOID
    assert due == [TransactionPeriod.objects.latest("day").pk]


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


def test_lost_period_is_reconciled_once_with_the_id_from_support(
    sandbox: SandboxProcess, boss: User
) -> None:
    sale = paid_invoice(sandbox)
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    period = reconcile_day(sandbox)

    def resolve(transaction_period_id: str, reason: str = "SEQR's support by phone") -> bool:
        return resolve_lost_period(
            period.pk,
            by_staff(boss),
            transaction_period_id=transaction_period_id,
            reason=reason,
        )

    with pytest.raises(PeriodNotAccepted):
        resolve("7", reason=" ")
    resolved = [resolve(last_period_id_at_seqr(sandbox)), resolve("")]
    run_due_periods(sandbox)

    assert resolved == [True, False]
    assert status_of(period) == S.RECONCILED
    assert [row.invoice for row in period.rows.all()] == [sale]
    assert MoneyCase.objects.get().closing_reason == "SEQR's support by phone"


def test_id_of_another_tills_period_is_refused_for_a_lost_period(
    sandbox: SandboxProcess, boss: User
) -> None:
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    period = reconcile_day(sandbox)
    with at_other_till() as terminal_id:
        mark_by_other_till(sandbox, terminal_id=terminal_id)
    sandbox.advance(3)
    other_id = last_period_id_at_seqr(sandbox)

    with pytest.raises(SeqrRejected):
        resolve_lost_period(
            period.pk, by_staff(boss), transaction_period_id=other_id, reason="by phone"
        )

    assert status_of(period) == S.LOST


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


def test_sales_of_a_period_that_was_never_closed_are_in_the_next_report(
    sandbox: SandboxProcess, boss: User
) -> None:
    sale = paid_invoice(sandbox)
    sandbox.fault("markTransactionPeriod", "result_code", count=1, code=90)
    period = reconcile_day(sandbox)
    resolve_lost_period(
        period.pk, by_staff(boss), transaction_period_id="", reason="none was closed"
    )
    advance_one_day()

    next_period = reconcile_day(sandbox)

    assert status_of(period) == S.VOID
    assert [row.invoice for row in next_period.rows.all()] == [sale]
    assert MoneyCase.objects.get().closing_reason == "none was closed"


@pytest.mark.parametrize(("from_state", "to"), [p for p in product(S, S) if p[0] != p[1]])
def test_transition_is_made_only_along_the_table(
    from_state: PeriodStatus, to: PeriodStatus
) -> None:
    period = period_in(from_state)
    is_allowed = to in TABLE[from_state]
    needed = {"transaction_period_id": None} | REQUIRED_FIELDS.get(to, {})

    with transaction.atomic():
        if is_allowed:
            transition_period(lock_period(period.pk), to, BY_STAFF, **needed)
        else:
            with pytest.raises(TransitionError):
                transition_period(lock_period(period.pk), to, BY_STAFF, **needed)

    assert status_of(period) == (to if is_allowed else from_state)
    assert event_names_of(period) == ([TABLE[from_state][to]] if is_allowed else [])


def test_no_transition_leads_back_to_closing_once_seqr_may_have_closed_the_period() -> None:
    again = {from_state for from_state in S if {S.TO_MARK, S.MARKING} & set(TABLE[from_state])}

    assert again == {S.TO_MARK, S.MARKING}


@pytest.mark.parametrize(
    "invalid",
    [
        {"status": "CLOSED"},
        {"transaction_period_id": None},
        {"status": S.LOST},
        {"marking_started_at": None},
        {"marking_ended_at": None},
        {"fetched_at": None},
    ],
    ids=str,
)
def test_database_refuses_an_invalid_period(invalid: dict[str, object]) -> None:
    period_in(S.RECONCILED)

    with pytest.raises(IntegrityError):
        TransactionPeriod.objects.update(**invalid)


def test_database_refuses_a_second_period_of_a_terminal_on_a_day() -> None:
    period = period_in(S.TO_MARK)
    TransactionPeriod.objects.create(day=period.day, terminal_id="another till")

    with pytest.raises(IntegrityError):
        TransactionPeriod.objects.create(day=period.day, terminal_id=period.terminal_id)
