"""Transaction periods: one a day and terminal, closed once, lost without a certain answer."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import Shop
from payments import tasks
from payments.models import (
    CaseKind,
    MoneyCase,
    PeriodRow,
    PeriodStatus,
    TransactionPeriod,
)
from payments.reconciliation.periods import (
    PeriodNotAccepted,
    advance_period,
    declare_interrupted_period_lost,
    period_day,
    periods_due,
    resolve_lost_period,
)
from payments.seqr import (
    SeqrRejected,
    SeqrUnavailable,
)
from tests.factories import TerminalFactory
from tests.payments.reconciliation.steps import (
    advance_one_day,
    advance_time,
    event_names_of,
    last_period_id_at_seqr,
    mark_by_other_till,
    match_results,
    period_in,
    reconcile_day,
    run_due_periods,
    status_of,
    todays_period,
)
from tests.payments.steps import call_count, other_terminal, own_terminal, paid_invoice
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = PeriodStatus
pytestmark = pytest.mark.django_db


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


def test_report_of_a_closed_period_is_fetched_after_its_terminal_was_replaced(
    sandbox: SandboxProcess,
) -> None:
    sale = paid_invoice(sandbox)
    advance_time(timedelta(hours=1))
    run_due_periods(sandbox)
    Shop.objects.update(terminal=other_terminal())

    run_due_periods(sandbox)

    closed = TransactionPeriod.objects.get(status=S.RECONCILED)
    assert closed.terminal == sale.terminal
    assert [row.invoice for row in closed.rows.all()] == [sale]


def test_each_terminal_in_use_gets_its_period_and_a_retired_one_none(
    sandbox: SandboxProcess,
) -> None:
    first, second = own_terminal(), other_terminal()
    TerminalFactory.create(principal_id="till-3", password="", retired_at=database_now())
    sales = {terminal.pk: paid_invoice(sandbox, terminal).pk for terminal in (first, second)}

    for _ in range(2):
        reconcile_day(sandbox)
        advance_one_day()

    periods = TransactionPeriod.objects.order_by("day", "terminal")
    rows = PeriodRow.objects.values_list("period__terminal", "invoice")
    assert [period.terminal for period in periods] == [first, second] * 2
    assert {period.status for period in periods} == {S.RECONCILED}
    assert sorted(rows) == sorted(sales.items())
    assert MoneyCase.objects.count() == 0


def test_payment_at_one_terminal_is_not_missing_from_the_report_of_another(
    sandbox: SandboxProcess,
) -> None:
    """The other terminal's report arrives later, or never."""
    own, other = own_terminal(), other_terminal()
    paid_invoice(sandbox, other)
    advance_time(timedelta(hours=1))
    periods_due(database_now())
    period = own.periods.get()

    advance_period(period.pk)
    sandbox.advance(3)
    advance_time(timedelta(seconds=3))
    advance_period(period.pk)

    assert (status_of(period), match_results(period)) == (S.RECONCILED, [])
    assert MoneyCase.objects.count() == 0


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
    own_terminal()

    def advance_due_periods() -> None:
        for period_id in periods_due(database_now()):
            advance_period(period_id)

    run_concurrently(6, advance_due_periods)

    assert status_of(TransactionPeriod.objects.get()) == S.MARKED
    assert call_count(sandbox, "markTransactionPeriod") == 1


def test_scheduled_task_enqueues_due_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    own_terminal()
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

    with pytest.raises(PeriodNotAccepted, match=r"^Enter how you know the outcome\.$"):
        resolve("7", reason=" ")
    resolved = [resolve(last_period_id_at_seqr(sandbox)), resolve("")]
    run_due_periods(sandbox)

    assert resolved == [True, False]
    assert status_of(period) == S.RECONCILED
    assert [row.invoice for row in period.rows.all()] == [sale]
    assert MoneyCase.objects.get().closing_reason == "SEQR's support by phone"


def test_id_of_a_period_that_is_known_is_refused_for_a_lost_period(
    sandbox: SandboxProcess, boss: User
) -> None:
    known = reconcile_day(sandbox)
    advance_one_day()
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    lost = reconcile_day(sandbox)

    with pytest.raises(PeriodNotAccepted, match=r"^Another period already has this ID\.$"):
        resolve_lost_period(
            lost.pk,
            by_staff(boss),
            transaction_period_id=known.transaction_period_id or "",
            reason="by phone",
        )

    assert (status_of(known), status_of(lost)) == (S.RECONCILED, S.LOST)


def test_id_of_another_tills_period_is_refused_for_a_lost_period(
    sandbox: SandboxProcess, boss: User
) -> None:
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    period = reconcile_day(sandbox)
    mark_by_other_till(sandbox, terminal_id=other_terminal().principal_id)
    sandbox.advance(3)
    other_id = last_period_id_at_seqr(sandbox)

    with pytest.raises(SeqrRejected):
        resolve_lost_period(
            period.pk, by_staff(boss), transaction_period_id=other_id, reason="by phone"
        )

    assert status_of(period) == S.LOST


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
