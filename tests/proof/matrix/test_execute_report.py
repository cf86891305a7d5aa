"""executeReport."""

from datetime import timedelta

import pytest

from payments import tasks
from payments.models import PeriodStatus, TransactionPeriod
from tests.payments.reconciliation.steps import advance_time
from tests.payments.steps import paid_invoice
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import Scenario, audited_calls, open_cases

OPERATION = "executeReport"
S = PeriodStatus
pytestmark = pytest.mark.django_db


def fetched_later(scenario: Scenario) -> None:
    """The period waits for its report, which is fetched again after 5 s, with a backoff of up to 10
    minutes; after three hours a case is opened. When the report arrives, it is reconciled, and the
    case is closed.
    """
    assert first_period().status == S.MARKED
    asked = audited_calls(OPERATION)
    tasks.advance_periods()
    assert audited_calls(OPERATION) == asked == 1

    advance_time(timedelta(hours=4))
    tasks.advance_periods()
    assert open_cases() == ["reconciliation_stuck"]
    scenario.clear_faults()
    advance_time(timedelta(minutes=10))
    tasks.advance_periods()

    is_compared()


def repeated_by_libcurl(scenario: Scenario) -> None:
    """libcurl repeats the call by itself on a new connection."""
    assert (scenario.faulty_calls(), scenario.answered_calls(OPERATION)) == (1, 1)

    is_compared()


EXPECTED = Expected(
    OPERATION,
    {fetched_later: all_except(KEPT_CONNECTION_DIES), repeated_by_libcurl: [KEPT_CONNECTION_DIES]},
)


@EXPECTED.each_fault
def test_report_is_fetched_after_fault(scenario: Scenario, fault: Fault) -> None:
    paid_invoice(scenario.sandbox)
    advance_time(timedelta(hours=1))
    tasks.advance_periods()
    advance_time(timedelta(seconds=3))
    scenario.sandbox.advance(3)
    scenario.inject(OPERATION)

    tasks.advance_periods()

    EXPECTED.of(fault)(scenario)


def first_period() -> TransactionPeriod:
    return TransactionPeriod.objects.get()


def is_compared() -> None:
    assert first_period().status == S.RECONCILED
    assert [row.match_result for row in first_period().rows.all()] == ["sale"]
    assert open_cases() == []
