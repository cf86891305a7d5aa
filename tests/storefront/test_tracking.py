"""How long the pages of an order follow it, and what they show of its way through the kitchen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import CustomerSession, Order, OrderState, SourceName
from orders.services import advance_order, undo_step
from payments.models import Invoice
from seqrshop.storefront.tracking import KITCHEN_TIME, Phase, phase_of
from tests.factories import InvoiceFactory, OrderFactory
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of

STAFF = ChangeSource(SourceName.STAFF)
MINUTE = timedelta(minutes=1)


def reloaded(invoice: Invoice) -> Invoice:
    return Invoice.objects.select_related("order").get(pk=invoice.pk)


def phase(invoice: Invoice, later: timedelta = timedelta(0)) -> Phase:
    return phase_of(reloaded(invoice), database_now() + later)


@pytest.mark.parametrize(
    ("trait", "expected"),
    [
        (None, Phase.PAYMENT),
        ("issued", Phase.PAYMENT),
        ("cancel_pending", Phase.PAYMENT),
        ("needs_attention", Phase.PAYMENT),
        ("paid", Phase.KITCHEN),
        ("canceled", Phase.FINAL),
        ("failed", Phase.FINAL),
        ("expired", Phase.FINAL),
    ],
)
def test_phase_follows_from_the_state(
    customer_session: CustomerSession, trait: str | None, expected: Phase
) -> None:
    assert phase(invoice_of(customer_session, trait)) == expected


def test_order_is_awaited_until_served_and_again_once_that_is_undone(
    customer_session: CustomerSession,
) -> None:
    invoice = invoice_of(customer_session, "paid")

    phases = []
    for step in (OrderState.PREPARING, OrderState.READY, OrderState.SERVED):
        advance_order(invoice.order_id, step, STAFF)
        phases.append(phase(invoice))
    undo_step(invoice.order_id, OrderState.SERVED, STAFF)

    assert phases == [Phase.KITCHEN, Phase.KITCHEN, Phase.RARE]
    assert phase(invoice) == Phase.KITCHEN


@pytest.mark.parametrize(
    ("state", "served", "expected"),
    [
        (OrderState.PARTLY_REFUNDED, False, Phase.KITCHEN),
        (OrderState.PARTLY_REFUNDED, True, Phase.RARE),
        (OrderState.REFUNDED, False, Phase.FINAL),
        (OrderState.REFUNDED, True, Phase.FINAL),
    ],
)
def test_rest_of_a_partly_refunded_order_is_awaited(
    customer_session: CustomerSession, state: OrderState, served: bool, expected: Phase
) -> None:
    invoice = invoice_of(customer_session, "paid")
    served_at = database_now() if served else None
    Order.objects.filter(pk=invoice.order_id).update(state=state, served_at=served_at)

    assert phase(invoice) == expected


def test_order_that_nobody_records_as_served_is_awaited_for_an_hour_from_its_payment(
    customer_session: CustomerSession,
) -> None:
    """An order may be paid long after it was placed: its payment is retried."""
    invoice = invoice_of(customer_session, "paid")
    Order.objects.filter(pk=invoice.order_id).update(created_at=database_now() - 2 * KITCHEN_TIME)

    assert phase(invoice, KITCHEN_TIME - MINUTE) == Phase.KITCHEN
    assert phase(invoice, KITCHEN_TIME + MINUTE) == Phase.RARE


def test_usual_time_is_shown_until_the_order_is_ready(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    paid_at = database_now() - 8 * MINUTE
    for _ in range(5):
        order = OrderFactory.create(shop=customer_session.shop, state=OrderState.READY)
        InvoiceFactory.create(order=order, paid=True, paid_at=paid_at)
    invoice = invoice_of(customer_session, "paid")

    shown = []
    for step in (OrderState.PREPARING, OrderState.READY, OrderState.SERVED):
        shown.append(customer.get(path_of(invoice)).json())
        advance_order(invoice.order_id, step, STAFF)
    unpaid = customer.get(path_of(invoice_of(customer_session, "issued"))).json()

    assert [order["estimate_minutes"] for order in shown] == [9, 9, None]
    assert all(order["paid_at"] for order in shown)
    assert (unpaid["estimate_minutes"], unpaid["paid_at"]) == (None, None)
