"""The steps of the kitchen survive refunds, reversals and another payment of their order."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import Order, OrderState, SourceName
from orders.services import advance_order, serve_order
from payments.balance import update_order_refund_state
from payments.invoices.apply_payments import apply_payments
from payments.invoices.transitions import lock_invoice, transition_invoice
from payments.models import Invoice, InvoiceStatus, Refund, RefundStatus
from tests.payments.invoices.test_apply_payments import payment_of
from tests.payments.steps import BY_POLLER, invoice_in, reloaded

S = InvoiceStatus
BY_TEST = ChangeSource(SourceName.STAFF)
PAID_FIELDS: dict[InvoiceStatus, dict[str, Any]] = {
    S.PAID: {"ers_reference": "ERS1", "paid_at": "2026-01-01T00:00:00Z"}
}

pytestmark = pytest.mark.django_db


def transition(invoice: Invoice, to: InvoiceStatus) -> None:
    with transaction.atomic():
        locked = lock_invoice(invoice.pk)
        transition_invoice(locked, to, BY_TEST, **PAID_FIELDS.get(to, {}))


def state_of(invoice: Invoice) -> str:
    return Order.objects.get(pk=invoice.order_id).state


def refund_of(invoice: Invoice, amount: str) -> None:
    """Record a refund that SEQR has made, and let the order follow."""
    Refund.objects.create(
        invoice=invoice,
        status=RefundStatus.REFUNDED,
        amount=Decimal(amount),
        currency="SEK",
        reason="cold",
        nonce=amount,
        requested_by=User.objects.get_or_create(username="clerk")[0],
        ers_reference=f"ERS {amount}",
    )
    with transaction.atomic():
        update_order_refund_state(lock_invoice(invoice.pk), BY_TEST)


@pytest.mark.parametrize("step", [OrderState.PREPARING, OrderState.READY, OrderState.SERVED])
def test_order_paid_again_after_reversal_keeps_its_progress(step: OrderState) -> None:
    invoice = invoice_in(S.ISSUED)
    transition(invoice, S.PAID)
    advance_order(invoice.order_id, step, BY_TEST)
    transition(invoice, S.CANCELED)
    reversed_state = state_of(invoice)

    transition(invoice, S.PAID)

    assert (reversed_state, state_of(invoice)) == (OrderState.NEEDS_ATTENTION, step)


def test_batch_of_payments_keeps_the_progress_of_an_order_that_was_served_before() -> None:
    invoice = invoice_in(S.ISSUED)
    Order.objects.filter(pk=invoice.order_id).update(served_at=database_now())

    apply_payments([payment_of(reloaded(invoice))], BY_POLLER)

    assert (reloaded(invoice).status, state_of(invoice)) == (S.PAID, OrderState.SERVED)


@pytest.mark.parametrize("step", [OrderState.PREPARING, OrderState.READY, OrderState.SERVED])
def test_order_in_the_kitchen_is_partly_refunded_and_continues(step: OrderState) -> None:
    invoice = invoice_in(S.PAID)
    advance_order(invoice.order_id, step, BY_TEST)

    refund_of(invoice, "10.00")
    partly = state_of(invoice)
    served = serve_order(invoice.order_id, BY_TEST)
    refund_of(invoice, "35.00")

    assert (partly, state_of(invoice)) == (OrderState.PARTLY_REFUNDED, OrderState.REFUNDED)
    assert served == (step != OrderState.SERVED)
    served_at = Order.objects.values_list("served_at", flat=True).get(pk=invoice.order_id)
    assert served_at is not None
    assert database_now() - served_at < timedelta(minutes=1)
