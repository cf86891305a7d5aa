"""The kitchen's steps of an order: recorded once, undone, and never of an unpaid order."""

from itertools import product

import pytest
from django.db import IntegrityError, transaction

from orders.audit import ChangeSource
from orders.models import AuditEvent, Order, OrderState, SourceName, SubjectType
from orders.models.order import PROGRESS_FIELDS, SERVABLE_STATES
from orders.services import advance_order, serve_order, undo_step
from orders.state_machine import TransitionError
from orders.transitions import TABLE, lock_order, transition_order
from tests.factories import OrderFactory
from tests.races import run_concurrently

S = OrderState
STEPS = tuple(PROGRESS_FIELDS)
BY_TEST = ChangeSource(SourceName.STAFF)
NOT_TO_SERVE = tuple(state for state in S if state not in (*SERVABLE_STATES, S.SERVED))

pytestmark = pytest.mark.django_db


def events() -> list[str]:
    """Return the events of orders, as they were recorded."""
    recorded = AuditEvent.objects.filter(subject_type=SubjectType.ORDER).order_by("pk")
    return list(recorded.values_list("name", flat=True))


def progress_of(order: Order) -> tuple[OrderState, list[OrderState]]:
    """Return the order's state, and the steps that have a time."""
    order.refresh_from_db()
    return S(order.state), [
        step for step, name in PROGRESS_FIELDS.items() if getattr(order, name) is not None
    ]


def test_kitchen_records_each_step_with_its_time_and_event() -> None:
    order = OrderFactory.create(state=S.PAID)

    seen = [(advance_order(order.pk, step, BY_TEST), progress_of(order)) for step in STEPS]

    assert seen == [
        (True, (S.PREPARING, [S.PREPARING])),
        (True, (S.READY, [S.PREPARING, S.READY])),
        (True, (S.SERVED, [S.PREPARING, S.READY, S.SERVED])),
    ]
    assert events() == ["order_preparing", "order_ready", "order_served"]


def test_partly_refunded_order_is_prepared_and_served_and_keeps_its_state() -> None:
    order = OrderFactory.create(state=S.PARTLY_REFUNDED)

    changed = [advance_order(order.pk, step, BY_TEST) for step in STEPS]
    undone = undo_step(order.pk, S.SERVED, BY_TEST)

    assert ([*changed, undone], order.progress) == ([True] * 4, S.PAID)
    assert progress_of(order) == (S.PARTLY_REFUNDED, [S.PREPARING, S.READY])
    assert order.progress == S.READY
    assert events() == ["order_preparing", "order_ready", "order_served", "order_step_undone"]
    assert AuditEvent.objects.latest("pk").detail == "served to ready"


@pytest.mark.parametrize(("done", "late"), [(S.READY, S.PREPARING), (S.READY, S.READY)])
def test_step_that_another_screen_has_recorded_or_passed_changes_nothing(
    done: OrderState, late: OrderState
) -> None:
    order = OrderFactory.create(state=S.PAID)
    advance_order(order.pk, done, BY_TEST)

    changed = advance_order(order.pk, late, BY_TEST)

    assert (changed, progress_of(order)) == (False, (S.READY, [S.READY]))
    assert events() == ["order_ready"]


def test_undo_leads_back_step_by_step_to_paid() -> None:
    order = OrderFactory.create(state=S.PAID)
    for step in STEPS:
        advance_order(order.pk, step, BY_TEST)

    states = [
        (undo_step(order.pk, step, BY_TEST), progress_of(order)[0]) for step in reversed(STEPS)
    ]

    assert states == [(True, S.READY), (True, S.PREPARING), (True, S.PAID)]
    assert progress_of(order) == (S.PAID, [])


def test_undo_of_skipped_steps_leads_to_the_step_before_them() -> None:
    order = OrderFactory.create(state=S.PREPARING)
    serve_order(order.pk, BY_TEST)

    undo_step(order.pk, S.SERVED, BY_TEST)

    assert progress_of(order) == (S.PREPARING, [S.PREPARING])


def test_second_undo_of_one_step_changes_nothing() -> None:
    order = OrderFactory.create(state=S.PREPARING)
    advance_order(order.pk, S.READY, BY_TEST)

    undone = [undo_step(order.pk, S.READY, BY_TEST) for _ in range(2)]

    assert (undone, progress_of(order)) == ([True, False], (S.PREPARING, [S.PREPARING]))


@pytest.mark.parametrize("state", NOT_TO_SERVE)
@pytest.mark.parametrize("step", STEPS)
def test_kitchen_changes_no_order_that_is_not_paid(state: OrderState, step: OrderState) -> None:
    order = OrderFactory.create(state=state)

    with pytest.raises(TransitionError):
        advance_order(order.pk, step, BY_TEST)

    assert (progress_of(order), events()) == ((state, []), [])


@pytest.mark.parametrize("state", NOT_TO_SERVE)
def test_step_of_an_order_that_is_not_paid_any_more_is_not_undone(state: OrderState) -> None:
    order = OrderFactory.create(state=S.SERVED)
    Order.objects.filter(pk=order.pk).update(state=state)

    with pytest.raises(TransitionError):
        undo_step(order.pk, S.SERVED, BY_TEST)

    assert (progress_of(order), events()) == ((state, [S.SERVED]), [])


@pytest.mark.django_db(transaction=True)
def test_eight_screens_that_record_one_step_write_one_event() -> None:
    order = OrderFactory.create(state=S.PAID)

    changed = run_concurrently(8, lambda: advance_order(order.pk, S.PREPARING, BY_TEST))

    assert sorted(changed) == [False] * 7 + [True]
    assert events() == ["order_preparing"]


@pytest.mark.django_db(transaction=True)
def test_eight_screens_that_undo_one_step_take_back_no_other() -> None:
    order = OrderFactory.create(state=S.PAID)
    for step in STEPS:
        advance_order(order.pk, step, BY_TEST)

    run_concurrently(8, lambda: undo_step(order.pk, S.SERVED, BY_TEST))

    assert progress_of(order)[0] == S.READY
    assert events().count("order_step_undone") == 1


@pytest.mark.parametrize(
    ("from_state", "to"), [pair for pair in product(S, S) if pair[0] != pair[1]], ids=str
)
def test_edge_of_the_table_is_taken_and_other_pairs_are_refused(
    from_state: OrderState, to: OrderState
) -> None:
    order = OrderFactory.create(state=from_state)
    times = {name: "2026-01-01T00:00Z" if step == to else None for step, name in FIELDS}

    if to not in TABLE[from_state]:
        with pytest.raises(TransitionError), transaction.atomic():
            transition_order(lock_order(order.pk), to, BY_TEST, **times)
        assert events() == []
    else:
        with transaction.atomic():
            transition_order(lock_order(order.pk), to, BY_TEST, **times)
        assert events() == [TABLE[from_state][to]]
    assert progress_of(order)[0] == (to if to in TABLE[from_state] else from_state)


FIELDS = tuple(PROGRESS_FIELDS.items())


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": S.SERVED},
        {"state": S.READY},
        {"state": S.PREPARING},
        {"served_at": "2026-01-01T00:00Z"},
        {"preparing_at": "2026-01-01T00:00Z"},
        {
            "state": S.PREPARING,
            "preparing_at": "2026-01-01T00:00Z",
            "ready_at": "2026-01-02T00:00Z",
        },
        {"state": S.READY, "ready_at": "2026-01-01T00:00Z", "served_at": "2026-01-02T00:00Z"},
    ],
    ids=str,
)
def test_database_refuses_a_state_that_differs_from_the_progress(wrong: dict[str, str]) -> None:
    order = OrderFactory.create(state=S.PAID)

    with pytest.raises(IntegrityError, match="order_state_matches_progress"):
        Order.objects.filter(pk=order.pk).update(**wrong)
