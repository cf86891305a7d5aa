"""A customer whose data is erased while a request is on its way has to scan again."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from orders.models import Customer, CustomerSession, Order
from payments.models import Invoice
from payments.privacy.erasure import SOURCE, erase_customer
from tests.factories import InvoiceFactory
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import path_of

SCAN_AGAIN = {"status": 401, "code": "invalid_session"}


@pytest.fixture
def ended(customer_session: CustomerSession) -> Invoice:
    """An order of the customer that was not paid."""
    invoice: Invoice = InvoiceFactory.create(
        expired=True, order__customer=customer_session.customer, order__shop=customer_session.shop
    )
    return invoice


@pytest.fixture
def _erased_meanwhile(ended: Invoice) -> None:
    """Erase the customer, as if the session had been read before."""
    Customer.objects.filter(pk=ended.order.customer_id).update(erased_at=timezone.now(), msisdn="")


def answer(response: Any) -> dict[str, object]:
    return {"status": response.status_code, "code": response.json()["error"]}


@pytest.mark.usefixtures("_erased_meanwhile")
def test_order_is_refused_and_nothing_is_stored(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    response = customer.send("/lyktan/orders", two_buns)

    assert answer(response) == SCAN_AGAIN
    assert Order.objects.count() == 1


@pytest.mark.usefixtures("_erased_meanwhile")
def test_unpaid_order_cannot_be_paid_again(customer: JsonClient, ended: Invoice) -> None:
    response = customer.send(path_of(ended, "/pay"))

    assert answer(response) == SCAN_AGAIN
    assert Invoice.objects.count() == 1


def test_session_ends_with_the_erasure(
    customer: JsonClient, customer_session: CustomerSession, ended: Invoice
) -> None:
    erase_customer(customer_session.customer_id, SOURCE)

    assert answer(customer.get("/lyktan/my-orders.json")) == SCAN_AGAIN
