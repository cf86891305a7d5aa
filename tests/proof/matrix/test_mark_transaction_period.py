"""markTransactionPeriod."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from orders.audit import by_staff
from orders.models import AuditEvent, SubjectType
from payments import tasks
from payments.models import PeriodStatus, TransactionPeriod
from payments.reconciliation.periods import resolve_lost_period
from tests.payments.reconciliation.steps import (
    advance_one_day,
    advance_time,
    last_period_id_at_seqr,
    reconcile_day,
    run_due_periods,
)
from tests.payments.steps import paid_invoice
from tests.proof.matrix.faults import CODE_93, CONNECT_TIME_OUT, REFUSED, Fault
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import Scenario, open_cases

OPERATION = "markTransactionPeriod"
S = PeriodStatus
pytestmark = pytest.mark.django_db


def marked_later(scenario: Scenario) -> None:
    """Nothing happened at SEQR for certain. The period is marked again after 5 s, with a backoff of
    up to 10 minutes; after three hours a case is opened.
    """
    assert scenario.faulty_calls() == int(scenario.fault.is_sent)
    assert story(first_period()) == ["marking_started", "marking_deferred"]
    tasks.advance_periods()
    assert scenario.faulty_calls() == int(scenario.fault.is_sent)

    advance_time(timedelta(hours=4))
    tasks.advance_periods()
    assert (first_period().status, open_cases()) == (S.TO_MARK, ["reconciliation_stuck"])
    scenario.clear_faults()
    advance_time(timedelta(minutes=10))
    run_due_periods(scenario.sandbox)
    run_due_periods(scenario.sandbox)

    assert first_period().status == S.RECONCILED
    is_reconciled_once(scenario)


def lost(scenario: Scenario) -> None:
    """The period is LOST and a case is opened: SEQR may have marked a period whose id never
    arrived. It is never marked again automatically. Staff get the id from SEQR's support; then its
    report is fetched, or the next period's report contains its sales.
    """
    assert scenario.faulty_calls() == 1
    assert story(first_period()) == ["marking_started", "period_lost"]
    assert open_cases() == ["lost_period"]

    scenario.clear_faults()
    for hours in (1, 10):
        advance_time(timedelta(hours=hours))
        tasks.advance_periods()
    assert scenario.answered_calls(OPERATION) == 0
    scenario.sandbox.advance(3)
    found = last_period_id_at_seqr(scenario.sandbox) if scenario.fault.takes_effect else ""
    resolve_lost_period(
        first_period().pk,
        by_staff(User.objects.create_user("clerk")),
        transaction_period_id=found,
        reason="SEQR's support says so",
    )
    tasks.advance_periods()

    assert first_period().status == (S.RECONCILED if found else S.VOID)
    is_reconciled_once(scenario, earlier=int(not found))


NOT_EXECUTED = [REFUSED, CONNECT_TIME_OUT, CODE_93]
EXPECTED = Expected(OPERATION, {marked_later: NOT_EXECUTED, lost: all_except(*NOT_EXECUTED)})


@EXPECTED.each_fault
def test_period_is_marked_once_and_its_sale_reconciled(scenario: Scenario, fault: Fault) -> None:
    paid_invoice(scenario.sandbox)
    advance_time(timedelta(hours=1))
    scenario.inject(OPERATION)

    tasks.advance_periods()

    EXPECTED.of(fault)(scenario)


def first_period() -> TransactionPeriod:
    """Return the first period."""
    return TransactionPeriod.objects.earliest("pk")


def story(period: TransactionPeriod) -> list[str]:
    events = AuditEvent.objects.filter(subject_type=SubjectType.PERIOD, subject_id=period.pk)
    return list(events.values_list("name", flat=True))


def is_reconciled_once(scenario: Scenario, *, earlier: int = 0) -> None:
    """Assert that the sale is in one report, and that the next period has no difference."""
    advance_one_day()
    night = reconcile_day(scenario.sandbox)
    assert night.status == S.RECONCILED
    sales = [period.rows.filter(match_result="sale").count() for period in (first_period(), night)]
    assert sales == [1 - earlier, earlier]
    assert open_cases() == []
