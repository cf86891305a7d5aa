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
from tests.proof.matrix.faults import CODE_93, CONNECT_TIME_OUT, REFUSED, Fault, each_fault
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import World, cases

OPERATION = "markTransactionPeriod"
S = PeriodStatus
pytestmark = pytest.mark.django_db


def closed_later(world: World) -> None:
    """The period is to be closed again, after 5 s and then ever more seldom, every 10 minutes at
    the most: certainly nothing happened. After three hours of it a case tells a person.
    """
    assert world.left() == int(world.fault.leaves)
    assert story(the_period()) == ["marking_started", "marking_deferred"]
    tasks.advance_periods()
    assert world.left() == int(world.fault.leaves)

    advance_time(timedelta(hours=4))
    tasks.advance_periods()
    assert (the_period().status, cases()) == (S.TO_MARK, ["reconciliation_stuck"])
    world.clear_faults()
    advance_time(timedelta(minutes=10))
    run_due_periods(world.sandbox)
    run_due_periods(world.sandbox)

    assert the_period().status == S.RECONCILED
    closed_once(world)


def lost(world: World) -> None:
    """The period is LOST and a case tells a person: SEQR may have closed one, under an id that we
    do not have. It is never closed again by itself. SEQR's support tells the person which it was;
    then its report is fetched, or the next night's has its sales too.
    """
    assert world.left() == 1
    assert story(the_period()) == ["marking_started", "period_lost"]
    assert cases() == ["lost_period"]

    world.clear_faults()
    for hours in (1, 10):
        advance_time(timedelta(hours=hours))
        tasks.advance_periods()
    assert world.arrived(OPERATION) == 0
    world.sandbox.advance(3)
    found = last_period_id_at_seqr(world.sandbox) if world.fault.is_done else ""
    resolve_lost_period(
        the_period().pk,
        by_staff(User.objects.create_user("clerk")),
        transaction_period_id=found,
        reason="SEQR's support says so",
    )

    assert the_period().status == (S.RECONCILED if found else S.VOID)
    closed_once(world, earlier=int(not found))


NOT_DONE_FOR_SURE = [REFUSED, CONNECT_TIME_OUT, CODE_93]
EXPECTED = Expected(OPERATION, {closed_later: NOT_DONE_FOR_SURE, lost: all_but(*NOT_DONE_FOR_SURE)})


@each_fault
def test_a_days_period_is_closed_once_and_its_sale_found(world: World, fault: Fault) -> None:
    paid_invoice(world.sandbox)
    advance_time(timedelta(hours=1))
    world.strike(OPERATION)

    tasks.advance_periods()

    EXPECTED.of(fault)(world)


def the_period() -> TransactionPeriod:
    """The day's period, which is the first one."""
    return TransactionPeriod.objects.earliest("pk")


def story(period: TransactionPeriod) -> list[str]:
    events = AuditEvent.objects.filter(subject_type=SubjectType.PERIOD, subject_id=period.pk)
    return list(events.values_list("name", flat=True))


def closed_once(world: World, *, earlier: int = 0) -> None:
    """The sale is in a report, the next night finds nothing that differs, and no case is open."""
    advance_one_day()
    night = reconcile_day(world.sandbox)
    assert night.status == S.RECONCILED
    sales = [period.rows.filter(match_result="sale").count() for period in (the_period(), night)]
    assert sales == [1 - earlier, earlier]
    assert cases() == []
