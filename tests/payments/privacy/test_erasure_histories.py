"""Random histories of a customer: data is kept while it is needed, and not longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import AuditEvent, Customer, CustomerSession, Order, OrderState, Shop, SourceName
from orders.services import create_session
from payments.cases.cases import close_case, open_case
from payments.models import CaseKind, Invoice, MoneyCase, Receipt, Refund, RefundStatus
from payments.privacy.erasure import ErasureHeld, erase_customer, erase_old_customers
from payments.refunds.refund import request_refund
from tests.factories import ShopFactory
from tests.payments.privacy.steps import KEY, PHONE, served_order

pytestmark = pytest.mark.django_db

BY_TEST = ChangeSource(SourceName.POLLER)
STEPS = (
    "scan",
    "session_ends",
    "order",
    "need_attention",
    "attention_ends",
    "request_refund",
    "refund_ends",
    "open_case",
    "close_case",
    "day_passes",
    "period_passes",
    "run",
    "erase",
)


@dataclass
class PlacedOrder:
    """What the test knows of an order of the person's present customer row."""

    invoice: Invoice
    age: timedelta = timedelta()
    open: set[str] = field(default_factory=set)


class History:
    """A person's history, carried out in the database and remembered here."""

    def __init__(self, clerk: User, shop: Shop) -> None:
        self._clerk = clerk
        self._shop = shop
        self._customer: Customer | None = None
        self._orders: list[PlacedOrder] = []
        self._has_session = False
        self._sold = Decimal(0)

    def take(self, step: str) -> None:
        """Take a step, and check what must always hold."""
        getattr(self, f"_{step}")()
        self._check()

    def _check(self) -> None:
        rows = Customer.objects.filter(msisdn=PHONE)
        assert list(rows) == ([] if self._customer is None else [self._customer])
        assert Customer.objects.filter(subscriber_key=KEY).count() == len(rows)
        stray = Order.objects.filter(note__contains=PHONE).exclude(customer__in=rows)
        assert not stray.exists()
        assert (Receipt.objects.aggregate(sum=Sum("amount"))["sum"] or 0) == self._sold
        assert not AuditEvent.objects.filter(detail__contains=PHONE).exists()

    def _is_held(self) -> bool:
        return any(order.open for order in self._orders)

    def _scan(self) -> None:
        session = create_session(
            self._shop, f"token-{id(self)}", msisdn=PHONE, subscriber_key=KEY, parameters={}
        )
        assert self._customer is None or self._customer.pk == session.customer_id
        self._customer, self._has_session = session.customer, True

    def _session_ends(self) -> None:
        CustomerSession.objects.all().delete()
        self._has_session = False

    def _order(self) -> None:
        if self._customer is None:
            self._scan()
        assert self._customer is not None
        self._orders.append(PlacedOrder(served_order(self._customer, database_now())))
        self._sold += Decimal("45.00")

    def _each_order(self, change: Callable[[PlacedOrder], None]) -> None:
        if self._orders:
            change(self._orders[-1])

    def _need_attention(self) -> None:
        self._set_state(OrderState.NEEDS_ATTENTION)

    def _attention_ends(self) -> None:
        self._set_state(OrderState.SERVED)

    def _set_state(self, state: OrderState) -> None:
        def change(order: PlacedOrder) -> None:
            Order.objects.filter(pk=order.invoice.order_id).update(state=state)
            is_open = state == OrderState.NEEDS_ATTENTION
            (order.open.add if is_open else order.open.discard)("attention")

        self._each_order(change)

    def _request_refund(self) -> None:
        def change(order: PlacedOrder) -> None:
            if "refund" not in order.open and "attention" not in order.open:
                nonce = f"nonce-{Refund.objects.count()}"
                request_refund(order.invoice.pk, Decimal(1), "cold", by_staff(self._clerk), nonce)
                order.open.add("refund")

        self._each_order(change)

    def _refund_ends(self) -> None:
        def change(order: PlacedOrder) -> None:
            refunds = Refund.objects.filter(invoice=order.invoice)
            refunds.update(status=RefundStatus.REJECTED)
            order.open.discard("refund")

        self._each_order(change)

    def _open_case(self) -> None:
        def change(order: PlacedOrder) -> None:
            open_case(CaseKind.AMOUNT_DIFFERS, BY_TEST, "another amount", invoice=order.invoice)
            order.open.add("case")

        self._each_order(change)

    def _close_case(self) -> None:
        def change(order: PlacedOrder) -> None:
            for case in MoneyCase.objects.filter(invoice=order.invoice, closed_at=None):
                close_case(case.pk, BY_TEST, "it is right")
            order.open.discard("case")

        self._each_order(change)

    def _day_passes(self) -> None:
        self._pass(timedelta(days=1))

    def _period_passes(self) -> None:
        self._pass(timedelta(days=settings.CUSTOMER_DATA_DAYS))

    def _pass(self, time: timedelta) -> None:
        Order.objects.update(created_at=F("created_at") - time)
        for order in self._orders:
            order.age += time

    def _run(self) -> None:
        erase_old_customers(database_now())
        period = timedelta(days=settings.CUSTOMER_DATA_DAYS)
        is_old = all(order.age >= period for order in self._orders)
        if is_old and not self._has_session and not self._is_held():
            self._customer, self._orders = None, []

    def _erase(self) -> None:
        if self._customer is None:
            return
        if self._is_held():
            with pytest.raises(ErasureHeld):
                erase_customer(self._customer.pk, BY_TEST)
            return
        assert erase_customer(self._customer.pk, BY_TEST)
        self._customer, self._orders, self._has_session = None, [], False


@given(steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=14))
@hypothesis_settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_data_is_kept_exactly_as_long_as_it_is_needed(steps: list[str]) -> None:
    with transaction.atomic():
        history = History(User.objects.create_user("clerk"), ShopFactory.create())
        for step in steps:
            history.take(step)
        transaction.set_rollback(True)
