"""Customers with orders of some age, which the tests of privacy share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from orders.models import Customer, Order, OrderState
from payments.models import Invoice
from tests.factories import CustomerFactory, InvoiceFactory, OrderRowFactory

PHONE = "46709876543"
KEY = "SubscriberKeyOfThePerson"
DAY = timedelta(days=1)


def long_ago() -> datetime:
    """Return a time before the retention period."""
    return timezone.now() - timedelta(days=settings.CUSTOMER_DATA_DAYS) - DAY


def person(**fields: Any) -> Customer:
    """Return the customer whom the tests are about."""
    return CustomerFactory.create(**({"msisdn": PHONE, "subscriber_key": KEY} | fields))


def served_order(customer: Customer, ordered_at: datetime | None = None) -> Invoice:
    """Return the payment of an order that was paid, served and acknowledged to SEQR."""
    at = ordered_at or long_ago()
    invoice: Invoice = InvoiceFactory.create(
        paid=True, acknowledged_at=at, order__customer=customer, order__note=f"call {PHONE}"
    )
    OrderRowFactory.create(order=invoice.order, note="extra hot")
    Order.objects.filter(pk=invoice.order_id).update(
        created_at=at, served_at=at, state=OrderState.SERVED
    )
    invoice.order.refresh_from_db()
    return invoice


def is_erased(customer: Customer) -> bool:
    """Return whether nothing of the person is left in the row."""
    row = Customer.objects.filter(pk=customer.pk).first()
    return row is None or (
        row.erased_at is not None and row.msisdn == "" and KEY not in row.subscriber_key
    )
