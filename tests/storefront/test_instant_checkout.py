"""Instant Checkout: SEQR posts a purchase, and the customer pays the invoice of the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import (
    Customer,
    Delivery,
    Order,
    OrderState,
    Product,
    SourceName,
)
from payments.invoices.cancel import cancel_invoice, request_cancel
from payments.invoices.send import send_invoice
from payments.models import CancelReason, Invoice, InvoiceStatus, PaymentPause, Receipt
from payments.privacy.erasure import erase_customer
from payments.privacy.person import customer_data
from payments.recovery import find_work
from tests.factories import ProductFactory
from tests.payments.steps import refresh, reloaded
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess
from tests.storefront.conftest import JsonClient
from tests.storefront.purchases import CUSTOMER, address_of, bought, counts, post

BY_STAFF = ChangeSource(SourceName.STAFF)

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_sandbox_buys_by_http_and_pays(
    sandbox: SandboxProcess, mug: Product, live_server: LiveServer
) -> None:
    order = {
        "url": f"{live_server.url}{address_of(mug.shop)}",
        "purchaseToken": mug.purchase_token,
        "customer": {name: text for name, text in CUSTOMER.items() if text},
    }
    reference = sandbox.control("POST", "/checkout", order)["invoice_reference"]
    sandbox.pay(reference)
    invoice = Invoice.objects.get(invoice_reference=reference)
    refresh(invoice)

    at_seqr = sandbox.invoice(reference)
    assert at_seqr["notification_url"].endswith(f"/notify/{invoice.notify_key}")
    assert reloaded(invoice).order.state == OrderState.PAID
    assert Receipt.objects.get(invoice=invoice).amount == mug.price
    delivery = Delivery.objects.get(order=invoice.order)
    assert (delivery.client_name, delivery.postal_code, delivery.city) == (
        "Åsa Ek",
        "903 25",
        "Umeå",
    )
    assert invoice.order.customer.msisdn == CUSTOMER["msisdn"]


@pytest.mark.usefixtures("sandbox")
def test_repeated_purchase_gets_the_same_reference_and_the_latest_address(mug: Product) -> None:
    first = bought(mug)
    again = bought(mug, street="Storgatan 2")

    assert again == first
    assert counts() == (1, 1, 1, 1)
    assert Delivery.objects.get().street == "Storgatan 2"


@pytest.mark.django_db(transaction=True)
def test_two_purchases_at_once_make_one_invoice(sandbox: SandboxProcess, mug: Product) -> None:
    responses = run_concurrently(2, lambda: post(mug))

    statuses = sorted(response.status_code for response in responses)
    assert statuses in ([200, 200], [200, 503])  # one may find the other's call in progress
    assert counts() == (1, 1, 1, 1)
    assert len(sandbox.invoices()) == 1


def test_purchase_after_a_paid_or_cancelled_one_is_another_order(
    sandbox: SandboxProcess, mug: Product
) -> None:
    paid = bought(mug)
    sandbox.pay(str(paid.invoice_reference))
    refresh(paid)
    canceled = bought(mug)
    cancel_invoice(canceled.pk, CancelReason.STAFF, BY_STAFF)
    third = bought(mug)

    assert len({paid.order_id, canceled.order_id, third.order_id}) == 3
    assert counts() == (1, 3, 3, 3)


@pytest.mark.usefixtures("sandbox")
def test_another_product_waits_until_the_open_purchase_has_ended(mug: Product) -> None:
    bought(mug)
    plate = ProductFactory.create(shop=mug.shop, instant_checkout=True)

    response = post(plate)

    assert response.status_code == 409
    assert response.json()["message"] == "You already have an unpaid order."
    assert counts() == (1, 1, 1, 1)


@pytest.mark.usefixtures("sandbox")
def test_reference_of_a_purchase_that_is_being_cancelled_is_not_given_out(mug: Product) -> None:
    invoice = bought(mug)
    request_cancel(invoice.pk, CancelReason.STAFF, BY_STAFF)

    assert post(mug).status_code == 409


@pytest.mark.usefixtures("sandbox")
def test_purchase_is_apart_from_the_orders_of_scans_with_the_same_number(
    mug: Product, customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    scanned = customer.send("/orders", two_buns)
    number = Order.objects.get().customer.msisdn

    bought(mug, msisdn=number)

    assert scanned.status_code == 201
    assert [each["number"] for each in customer.get("/my-orders.json").json()["orders"]] == [
        scanned.json()["number"]
    ]


# --- SEQR is away ---------------------------------------------------------------------------------


def test_purchase_whose_answer_was_lost_is_sent_again_and_given_out_once(
    sandbox: SandboxProcess, mug: Product
) -> None:
    sandbox.fault("sendInvoice", "drop", count=1)

    lost = post(mug)
    invoice = Invoice.objects.get()
    due = find_work().invoices_to_send
    send_invoice(invoice.pk)
    again = bought(mug)

    assert lost.status_code == 503
    assert lost.json()["error"] == "seqr_unavailable"
    assert due == [invoice.pk]
    assert again == invoice
    assert counts() == (1, 1, 1, 1)


@pytest.mark.usefixtures("seqr_away")
def test_purchase_while_seqr_is_away_is_a_503(mug: Product) -> None:
    response = post(mug)

    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert Invoice.objects.get().invoice_reference is None


def test_purchase_that_seqr_refuses_is_a_503_and_fails(
    sandbox: SandboxProcess, mug: Product
) -> None:
    sandbox.fault("sendInvoice", "result_code", code=49)

    assert post(mug).status_code == 503
    assert Invoice.objects.get().status == InvoiceStatus.FAILED


@pytest.mark.usefixtures("sandbox")
def test_purchase_while_payments_are_paused_says_so(mug: Product, settings: Settings) -> None:
    settings.SEQR_TERMINAL_PASSWORD = "wrong"

    response = post(mug)

    assert (response.status_code, response.json()["error"]) == (503, "payments_paused")
    assert PaymentPause.objects.get().terminal == mug.shop.terminal


# --- Personal data -----------------------------------------------------------------------------


def test_delivery_is_exported_and_erased_with_its_customer(
    sandbox: SandboxProcess, mug: Product
) -> None:
    invoice = bought(mug)
    exported = customer_data(invoice.order.customer, database_now())
    cancel_invoice(invoice.pk, CancelReason.STAFF, BY_STAFF)
    erase_customer(invoice.order.customer_id, BY_STAFF)

    assert exported["orders"][0]["delivery"] == {
        "client_name": "Åsa Ek",
        "street": "Storgatan 1",
        "postal_code": "903 25",
        "city": "Umeå",
        "state": "",
        "country": "Sweden",
        "email": "asa@example.com",
    }
    assert not Delivery.objects.exists()
    assert CUSTOMER["msisdn"] not in json.dumps(list(Customer.objects.values()), default=str)
