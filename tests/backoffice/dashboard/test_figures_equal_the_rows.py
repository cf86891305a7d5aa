"""The dashboard's figures of orders, times and calls equal the rows, after any history."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import AuditEvent, Order, OrderState, Shop
from payments.models import (
    NO_SHOP,
    ORDER_COUNTS,
    CallsDay,
    Invoice,
    TimesDay,
)
from payments.receipts.content import STOCKHOLM
from payments.takings.activity import update_activity
from payments.takings.histogram import bucket_of
from seqrshop.backoffice.dashboard import figures
from seqrshop.backoffice.dashboard.periods import Grain, Period
from tests.factories import OrderFactory, ShopFactory
from tests.payments.takings.test_activity import KINDS, call_of, event_of, set_state

DAYS = 70  # so that a month and the one before are whole, and others are not


def place(shop: Shop, data: st.DataObject) -> Order:
    """Place an order, and give it some states one after the other."""
    minutes = data.draw(st.integers(1, DAYS * 24 * 60))
    created_at = timezone.now() - timedelta(minutes=minutes)
    order: Order = OrderFactory.create(shop=shop, created_at=created_at)
    event_of(order)
    for state in data.draw(st.lists(st.sampled_from(list(OrderState)), max_size=2)):
        paid_at = created_at + timedelta(seconds=data.draw(st.integers(5, 300)))
        set_state(order, state, paid_at, data.draw(st.integers(0, 90)))
    return order


def counts_of(orders: list[Order], first: date, last: date) -> dict[str, int]:
    """Return how many orders of these days became what."""
    states = [order.state for order in orders if first <= day_of(order) <= last]
    counts = {name: sum(state in KINDS[name] for state in states) for name in KINDS}
    return {"placed": len(states), **counts}


def day_of(order: Order) -> date:
    """Return the local day of an order."""
    return order.created_at.astimezone(STOCKHOLM).date()


def times_of(orders: list[Order], first: date, last: date) -> dict[str, Counter[int]]:
    """Return the histograms of the kitchen's steps of these days' orders."""
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for order in orders:
        paid = Invoice.objects.filter(order=order, status="PAID").first()
        for measure in ("ready", "served"):
            at = getattr(order, f"{measure}_at")
            if first <= day_of(order) <= last and paid and paid.paid_at and at:
                delay = (at - paid.paid_at).total_seconds() * 1000
                found[measure][bucket_of(delay)] += 1
    return found


@pytest.mark.django_db
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_orders_times_and_calls_equal_the_rows_of_each_period(data: st.DataObject) -> None:
    for model in (CallsDay, TimesDay):
        model.objects.all().delete()  # of the example before
    before = AuditEvent.objects.count()
    shops = ShopFactory.create_batch(2)
    for _ in range(data.draw(st.integers(1, 6))):
        order = place(data.draw(st.sampled_from(shops)), data)
        call_of(
            data.draw(st.sampled_from([order, None])),
            data.draw(st.sampled_from([0, 54, None])),
            data.draw(st.integers(1, 90_000)),
            name=data.draw(st.sampled_from(["sendInvoice", "refundPayment"])),
        )
        if data.draw(st.booleans()):
            update_activity()
    update_activity()

    orders = list(Order.objects.filter(shop__in=shops))
    ids = [shop.pk for shop in shops]
    today = timezone.now().astimezone(STOCKHOLM).date()
    first = today - timedelta(days=data.draw(st.integers(0, DAYS)))
    for grain in Grain:
        period = Period.of(grain, first, today)
        sums: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for (is_now, _key), counts in figures.orders_by_bucket(period, ids).items():
            sums[is_now].update(counts)
        for is_now, part in ((True, period), (False, period.before)):
            expected = counts_of(orders, part.first, part.last)
            assert {name: sums[is_now][name] for name in ORDER_COUNTS} == expected
            times: dict[str, Any] = figures.histograms(part, ids)
            steps = {name: times[name] for name in ("ready", "served") if name in times}
            assert steps == times_of(orders, part.first, part.last)
        assert calls_of(figures.calls(period, [*ids, NO_SHOP])) == calls_in_audit(before)


def calls_of(found: dict[str, figures.Calls]) -> dict[str, tuple[int, int, int]]:
    """Return the counts of the calls by operation."""
    return {name: (of.calls, of.refused, of.unanswered) for name, of in found.items()}


def calls_in_audit(before: int) -> dict[str, tuple[int, int, int]]:
    """Return what the events after the first ones say of the calls."""
    codes: defaultdict[str, list[int | None]] = defaultdict(list)
    for event in AuditEvent.objects.order_by("id")[before:]:
        if event.subject_type == "call":
            codes[event.name].append(event.result_code)
    return {
        name: (
            len(of_name),
            sum(code not in (0, None) for code in of_name),
            of_name.count(None),
        )
        for name, of_name in codes.items()
    }
