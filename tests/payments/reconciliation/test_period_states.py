"""The states of a transaction period: which changes are made, and which rows are stored."""

from itertools import product

import pytest
from django.db import IntegrityError, transaction

from orders.audit import ChangeSource
from orders.models import SourceName
from orders.state_machine import TransitionError
from payments.models import PeriodStatus, TransactionPeriod
from payments.reconciliation.transitions import TABLE, lock_period, transition_period
from tests.factories import TerminalFactory
from tests.payments.reconciliation.steps import (
    REQUIRED_FIELDS,
    event_names_of,
    period_in,
    status_of,
)

S = PeriodStatus
BY_STAFF = ChangeSource(SourceName.STAFF)
pytestmark = pytest.mark.django_db


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
    TransactionPeriod.objects.create(
        day=period.day, terminal=TerminalFactory.create(principal_id="another till")
    )

    with pytest.raises(IntegrityError):
        TransactionPeriod.objects.create(day=period.day, terminal=period.terminal)
