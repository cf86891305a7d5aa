"""Transaction periods: one a day and terminal, closed once, lost without a certain answer."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from orders.audit import by_staff
from orders.clock import database_now
from payments import tasks
from payments.gateway import own_terminal_id
from payments.models import (
    CaseKind,
    MatchResult,
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
from tests.payments.reconciliation.steps import (
    advance_one_day,
    advance_time,
    at_other_till,
    event_names_of,
    last_period_id_at_seqr,
    mark_by_other_till,
    period_in,
    reconcile_day,
    run_due_periods,
    status_of,
    todays_period,
)
from tests.payments.steps import call_count, paid_invoice
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

    old_terminal = own_terminal_id()
    rows = PeriodRow.objects.order_by("invoice_id").values_list("period__terminal_id", "invoice")
    assert terminals_closed() == [old_terminal, new_terminal, old_terminal, new_terminal]
    assert list(rows) == [(old_terminal, last_sale.pk), (new_terminal, sale.pk)]
    assert MoneyCase.objects.filter(closed_at=None).count() == 0


def test_terminal_replaced_after_its_period_of_the_day_gets_a_last_one_the_next_day(
    sandbox: SandboxProcess,
) -> None:
    reconcile_day(sandbox)
    last_sale = paid_invoice(sandbox)
    advance_time(timedelta(hours=1))

    with at_other_till() as new_terminal:
        reconcile_day(sandbox)  # lists the old terminal's sale as missing, until its last report
        assert MoneyCase.objects.get().kind == CaseKind.REPORT_DIFFERS
        for _ in range(2):
            advance_one_day()
            reconcile_day(sandbox)

    old_terminal = own_terminal_id()
    row = PeriodRow.objects.get(invoice=last_sale)
    assert terminals_closed() == [
        *(old_terminal, new_terminal),  # the day of the change
        *(new_terminal, old_terminal),
        new_terminal,
    ]
    assert (row.period.terminal_id, row.match_result) == (old_terminal, MatchResult.SALE)
    assert MoneyCase.objects.filter(closed_at=None).count() == 0


def test_terminal_that_is_used_again_closes_the_last_period_of_the_other(
    sandbox: SandboxProcess,
) -> None:
    reconcile_day(sandbox)
    with at_other_till() as new_terminal:
        for _ in range(2):
            advance_one_day()
            reconcile_day(sandbox)
        last_sale = paid_invoice(sandbox)

    for _ in range(2):
        reconcile_day(sandbox)
        advance_one_day()
    reconcile_day(sandbox)

    old_terminal = own_terminal_id()
    assert terminals_closed()[4:] == [old_terminal, old_terminal, new_terminal, old_terminal]
    assert PeriodRow.objects.get(invoice=last_sale).period.terminal_id == new_terminal


def terminals_closed() -> list[str]:
    """Return the terminals of all periods, by day, in the order of their creation."""
    periods = TransactionPeriod.objects.order_by("day", "pk")
    return list(periods.values_list("terminal_id", flat=True))


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
