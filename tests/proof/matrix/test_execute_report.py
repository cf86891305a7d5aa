"""executeReport."""

from datetime import timedelta

import pytest

from payments import tasks
from payments.models import PeriodStatus, TransactionPeriod
from tests.payments.reconciliation.steps import advance_time
from tests.payments.steps import paid_invoice
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault, each_fault
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import World, calls_in_the_audit, cases

OPERATION = "executeReport"
S = PeriodStatus
pytestmark = pytest.mark.django_db


def fetched_again(world: World) -> None:
    """The period waits for its report, which is asked for again after 5 s, then ever more seldom,
    every 10 minutes at the most; after three hours a case tells a person. When the report comes, it
    is compared, and the case is closed.
    """
    assert the_period().status == S.MARKED
    asked = calls_in_the_audit(OPERATION)
    tasks.advance_periods()
    assert calls_in_the_audit(OPERATION) == asked == 1

    advance_time(timedelta(hours=4))
    tasks.advance_periods()
    assert cases() == ["reconciliation_stuck"]
    world.clear_faults()
    advance_time(timedelta(minutes=10))
    tasks.advance_periods()

    is_compared()


def fetched_at_once(world: World) -> None:
    """libcurl asks again by itself, on a new connection."""
    assert (world.left(), world.arrived(OPERATION)) == (1, 1)

    is_compared()


EXPECTED = Expected(
    OPERATION,
    {fetched_again: all_but(KEPT_CONNECTION_DIES), fetched_at_once: [KEPT_CONNECTION_DIES]},
)


@each_fault
def test_a_report_is_fetched_in_the_end(world: World, fault: Fault) -> None:
    paid_invoice(world.sandbox)
    advance_time(timedelta(hours=1))
    tasks.advance_periods()
    advance_time(timedelta(seconds=3))
    world.sandbox.advance(3)
    world.strike(OPERATION)

    tasks.advance_periods()

    EXPECTED.of(fault)(world)


def the_period() -> TransactionPeriod:
    return TransactionPeriod.objects.get()


def is_compared() -> None:
    assert the_period().status == S.RECONCILED
    assert [row.match_result for row in the_period().rows.all()] == ["sale"]
    assert cases() == []
