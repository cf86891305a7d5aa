"""Orders, kitchen times and calls to SEQR are counted as the rows have them, each once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import AuditEvent, Order, OrderState, SourceName, SubjectType
from payments.models import (
    NO_SHOP,
    ORDER_COUNTS,
    ActivityCursor,
    ActivityName,
    CallsDay,
    Invoice,
    OrdersDay,
    OrdersHour,
    TimesDay,
    TimesMonth,
)
from payments.receipts.content import STOCKHOLM
from payments.takings.activity import update_activity
from payments.takings.calls import update_calls
from payments.takings.check import rebuild
from payments.takings.histogram import BOUNDS, bucket_of, percentile
from payments.takings.orders import update_orders
from payments.takings.update import update_takings
from tests.factories import InvoiceFactory, OrderFactory, OrderRowFactory, ShopFactory
from tests.payments.receipts.test_receipt_numbers import issued_invoice, seller
from tests.races import wait_for_lock_wait, with_own_connection

S = OrderState
PAID = {S.PAID, S.PREPARING, S.READY, S.SERVED, S.PARTLY_REFUNDED, S.REFUNDED}
KINDS = {
    "paid": PAID,
    "abandoned": {S.CANCELED, S.EXPIRED},
    "failed": {S.FAILED},
    "refunded": {S.PARTLY_REFUNDED, S.REFUNDED},
}


def event_of(order: Order | None, **fields: Any) -> AuditEvent:
    """Record an event of an order, or a call."""
    defaults = {
        "subject_type": SubjectType.ORDER,
        "subject_label": "x",
        "name": "order_paid",
        "source": SourceName.POLLER,
    }
    return AuditEvent.objects.create(order=order, **(defaults | fields))


def call_of(order: Order | None, code: int | None = 0, ms: int = 120, **fields: Any) -> AuditEvent:
    """Record a call to SEQR."""
    return event_of(
        order,
        subject_type=SubjectType.CALL,
        name=fields.pop("name", "sendInvoice"),
        result_code=code,
        duration_ms=ms,
        **fields,
    )


def set_state(order: Order, state: str, paid_at: datetime | None, minutes: int) -> None:
    """Give an order a state, its payment if it has one, and its latest step."""
    steps: dict[str, datetime | None] = {"preparing_at": None, "ready_at": None, "served_at": None}
    if state in (S.PREPARING, S.READY, S.SERVED):
        steps[f"{state}_at"] = (paid_at or order.created_at) + timedelta(minutes=minutes)
    Order.objects.filter(pk=order.pk).update(state=state, **steps)
    if state in PAID and not order.invoices.exists():
        order.refresh_from_db()
        InvoiceFactory.create(order=order, paid=True, paid_at=paid_at)
    event_of(order)


def require_months_equal_days() -> None:
    """Compare the sums by month with those of the days."""
    days: Counter[Any] = Counter()
    for row in TimesDay.objects.all():
        days[row.shop_id, row.day.replace(day=1), row.measure, row.bucket] += row.count
    months = {
        (row.shop_id, row.month, row.measure, row.bucket): row.count
        for row in TimesMonth.objects.exclude(count=0)
    }
    assert months == days


@pytest.mark.django_db
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_orders_equal_the_rows_after_any_history(data: st.DataObject) -> None:
    shops = ShopFactory.create_batch(2)
    orders: list[Order] = []
    for _ in range(data.draw(st.integers(1, 10))):
        if not orders or data.draw(st.booleans()):
            placed_at = timezone.now() - timedelta(minutes=data.draw(st.integers(1, 5000)))
            shop = data.draw(st.sampled_from(shops))
            orders.append(OrderFactory.create(shop=shop, created_at=placed_at))
            event_of(orders[-1])
        else:
            order = data.draw(st.sampled_from(orders))
            state = data.draw(st.sampled_from(list(OrderState)))
            set_state(
                order,
                state,
                order.created_at + timedelta(seconds=30),
                data.draw(st.integers(0, 90)),
            )
        if data.draw(st.integers(0, 2)) == 0:
            update_orders()
    while update_orders():
        pass

    expected: dict[Any, Counter[str]] = {}
    times: Counter[Any] = Counter()
    for order in Order.objects.filter(shop__in=shops):
        key = (order.shop_id, order.created_at.astimezone(STOCKHOLM).date())
        counts = expected.setdefault(key, Counter())
        counts["placed"] += 1
        for name, states in KINDS.items():
            counts[name] += order.state in states
        paid = Invoice.objects.filter(order=order, status="PAID").first()
        for measure in ("ready", "served"):
            at = getattr(order, f"{measure}_at")
            if paid and paid.paid_at and at:
                delay = (at - paid.paid_at).total_seconds() * 1000
                times[(*key, measure, bucket_of(delay))] += 1
    for model in (OrdersDay, OrdersHour):
        found: dict[Any, Counter[str]] = {}
        for row in model.objects.filter(shop__in=shops):
            counts = found.setdefault((row.shop_id, row.day), Counter())
            counts.update({name: getattr(row, name) for name in ORDER_COUNTS})
        assert found == expected
    stored = TimesDay.objects.filter(shop_id__in=[shop.pk for shop in shops])
    assert {(row.shop_id, row.day, row.measure, row.bucket): row.count for row in stored} == dict(
        times
    )
    require_months_equal_days()


@pytest.mark.django_db
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_calls_equal_the_audit_however_often_they_are_counted(data: st.DataObject) -> None:
    order = OrderFactory.create()
    for model in (CallsDay, TimesDay):
        model.objects.all().delete()  # of the example before
    before = AuditEvent.objects.count()
    for _ in range(data.draw(st.integers(1, 10))):
        call_of(
            data.draw(st.sampled_from([order, None])),
            data.draw(st.sampled_from([0, 0, 54, None])),
            data.draw(st.integers(0, 100_000)),
            name=data.draw(st.sampled_from(["sendInvoice", "refundPayment"])),
        )
        if data.draw(st.booleans()):
            update_calls()
    while update_calls():
        pass

    counts: Counter[Any] = Counter()
    times: Counter[Any] = Counter()
    for event in AuditEvent.objects.order_by("id")[before:]:
        key = (order.shop_id if event.order_id else NO_SHOP, event.name)
        counts[(*key, "calls")] += 1
        counts[(*key, "refused")] += event.result_code not in (0, None)
        counts[(*key, "unanswered")] += event.result_code is None
        if event.result_code is not None:
            times[(*key, bucket_of(event.duration_ms or 0))] += 1
    found: Counter[Any] = Counter()
    for row in CallsDay.objects.all():
        for name in ("calls", "refused", "unanswered"):
            found[row.shop_id, row.operation, name] += getattr(row, name)
    assert found == counts
    assert {(t.shop_id, t.measure, t.bucket): t.count for t in TimesDay.objects.all()} == times
    require_months_equal_days()


@pytest.mark.django_db
def test_night_on_which_the_clock_is_set_back_has_twenty_five_hours() -> None:
    for hour in (22, 0, 1, 22, 23):
        day = 24 if hour == 22 and not Order.objects.exists() else 25
        event_of(OrderFactory.create(created_at=datetime(2026, 10, day, hour, 5, tzinfo=UTC)))

    update_activity()

    by_day: Counter[str] = Counter()
    for row in OrdersDay.objects.all():
        by_day[str(row.day)] += row.placed
    assert by_day == {"2026-10-25": 4, "2026-10-26": 1}


@pytest.mark.django_db
def test_time_from_payment_to_record_is_counted_by_seqrs_clock() -> None:
    paid_at = timezone.now()
    invoice = InvoiceFactory.create(
        paid=True, paid_at=paid_at, paid_at_seqr=paid_at - timedelta(seconds=3)
    )
    OrderRowFactory.create(order=invoice.order)
    InvoiceFactory.create(paid=True)  # SEQR's time is not known

    update_takings()

    [row] = TimesDay.objects.filter(measure="recorded")
    assert (row.shop_id, row.count) == (invoice.shop_id, 1)
    assert 2900 <= BOUNDS[row.bucket] <= 4400

    require_months_equal_days()
    rebuild()
    assert not TimesMonth.objects.exclude(count=0).exists()
    update_takings()
    require_months_equal_days()


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "days"), [(60, 3), (-1, 1)])
def test_run_counts_orders_and_calls_step_by_step_for_its_time_each(
    seconds: float, days: int
) -> None:
    first = timezone.now() - timedelta(days=2.5)
    call_of(OrderFactory.create(), occurred_at=first)

    update_activity(seconds)

    counted = {each.name: each.until - first for each in ActivityCursor.objects.all()}
    assert {name: ceil(time / timedelta(days=1)) for name, time in counted.items()} == {
        ActivityName.ORDERS: days,
        ActivityName.CALLS: days,
    }


@pytest.mark.django_db(transaction=True)
def test_call_whose_transaction_is_still_open_is_counted_once_it_commits() -> None:
    order = OrderFactory.create()
    call_of(order, occurred_at=timezone.now() - timedelta(minutes=1))
    written, commit = Event(), Event()

    def record_slowly() -> None:
        with transaction.atomic():
            call_of(order)
            written.set()
            assert commit.wait(30)

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(with_own_connection, record_slowly)
        assert written.wait(30)
        later = call_of(order, name="refundPayment")
        update_activity()
        between = {row.operation: row.calls for row in CallsDay.objects.all()}
        commit.set()
        slow.result()
    update_activity()

    assert between == {"sendInvoice": 1}
    assert {row.operation: row.calls for row in CallsDay.objects.all()} == {
        "sendInvoice": 2,
        "refundPayment": 1,
    }
    assert ActivityCursor.objects.get(name="calls").until > later.occurred_at


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [CallsDay, TimesDay, OrdersDay, ActivityCursor])
def test_process_killed_while_it_counts_has_counted_nothing(model: Any) -> None:
    order = issued_invoice(seller("one")).order
    call_of(order, occurred_at=timezone.now() - timedelta(seconds=5))
    update_activity()
    call_of(order)
    set_state(order, S.READY, None, 5)

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {model._meta.db_table} IN EXCLUSIVE MODE")
            update = threads.submit(with_own_connection, update_activity)
            wait_for_lock_wait()
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND wait_event_type = 'Lock'"
            )
        with pytest.raises((DatabaseError, InterfaceError)):
            update.result()
    update_activity()

    assert CallsDay.objects.get().calls == 2
    assert sum(t.count for t in TimesDay.objects.filter(measure="sendInvoice")) == 2
    assert OrdersDay.objects.get().placed == 1


def test_percentiles_are_those_of_the_durations_within_a_bucket() -> None:
    durations = [(n * 37) % 1000 + 1 for n in range(1000)]
    counts = Counter(map(bucket_of, durations))

    for share in (0.5, 0.9, 0.99):
        exact = sorted(durations)[int(share * 1000) - 1]
        estimated = percentile(counts, share)
        assert estimated is not None
        assert abs(estimated / exact - 1) < 0.05
    assert percentile({}, 0.5) is None
    assert percentile({0: 1}, 0.5) == Decimal("0.5")
    assert percentile({bucket_of(10**12): 2}, 0.99) == BOUNDS[-1]
