"""Instant Checkout: SEQR posts a purchase, and the customer pays the invoice of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import (
    Customer,
    Delivery,
    OptionGroup,
    Order,
    OrderState,
    Product,
    Shop,
    SourceName,
)
from orders.services.instant_checkout import ensure_key
from payments.invoices.cancel import cancel_invoice, request_cancel
from payments.invoices.send import send_invoice
from payments.models import CancelReason, Invoice, InvoiceStatus, Receipt
from payments.privacy.erasure import erase_customer
from payments.privacy.person import customer_data
from payments.recovery import find_work
from seqrshop.log_format import redact
from seqrshop.storefront import rate_limits
from tests.factories import ProductFactory, ShopFactory
from tests.payments.steps import pause_for_refused_password, refresh, reloaded
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess
from tests.storefront.conftest import JsonClient

BY_STAFF = ChangeSource(SourceName.STAFF)
CUSTOMER = {
    "clientName": "Åsa Ek",
    "street": "Storgatan 1",
    "city": "Umeå",
    "country": "Sweden",
    "state": "",
    "zip": "903 25",
    "email": "asa@example.com",
    "msisdn": "46701234567",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(cafe: Shop) -> Product:
    """A mug at 45.00, which is sold by Instant Checkout too."""
    mug: Product = ProductFactory.create(
        shop=cafe, name_sv="Mugg", name_en="Mug", instant_checkout=True
    )
    ensure_key(cafe)
    cafe.refresh_from_db()
    return mug


def address_of(shop: Shop) -> str:
    """Return the shop's createPurchase address, without its host."""
    return reverse(
        "create_purchase", kwargs={"slug": shop.slug, "secret": shop.instant_checkout_key}
    )


def purchase_of(product: Product, **fields: object) -> dict[str, object]:
    """Return what SEQR posts for a product."""
    return {"purchaseToken": product.purchase_token, **CUSTOMER, **fields}


def post(product: Product, **fields: object) -> Any:
    """Post a purchase as SEQR does; return the response."""
    return JsonClient().send(address_of(product.shop), purchase_of(product, **fields))


def bought(product: Product, **fields: object) -> Invoice:
    """Post a purchase; return the invoice of the answer."""
    response = post(product, **fields)
    assert response.status_code == 200, response.content
    assert list(response.json()) == ["invoiceReferenceId"]
    return Invoice.objects.get(invoice_reference=response.json()["invoiceReferenceId"])


def counts() -> tuple[int, int, int, int]:
    """Return how many customers, orders, invoices and deliveries there are."""
    return (
        Customer.objects.count(),
        Order.objects.count(),
        Invoice.objects.count(),
        Delivery.objects.count(),
    )


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


# --- Refusals -------------------------------------------------------------------


def close(shop: Shop) -> None:
    Shop.objects.filter(pk=shop.pk).update(paused=True)


def sell_out(shop: Shop) -> None:
    shop.products.update(sold_out=True)


def take_off_sale(shop: Shop) -> None:
    shop.products.update(on_sale=False)


def ask_dining(shop: Shop) -> None:
    Shop.objects.filter(pk=shop.pk).update(asks_dining=True)


@pytest.mark.parametrize(
    ("stop", "sentence"),
    [
        (close, "We are not taking orders right now."),
        (sell_out, "Mug is sold out."),
        (take_off_sale, "Mug is no longer for sale."),
        (ask_dining, "Choose whether to eat here or take away."),
    ],
)
def test_purchase_that_the_shop_cannot_take_is_a_409_with_the_reason(
    sandbox: SandboxProcess, mug: Product, stop: Callable[[Shop], None], sentence: str
) -> None:
    stop(mug.shop)

    response = post(mug)

    assert (response.status_code, response.json()["message"]) == (409, sentence)
    assert counts() == (0, 0, 0, 0)
    assert sandbox.invoices() == []


def test_purchase_while_payments_are_paused_is_a_409(mug: Product) -> None:
    pause_for_refused_password()
    before = counts()

    response = post(mug)

    assert response.status_code == 409
    assert response.json()["message"] == "Payments are paused. Try again in a few minutes."
    assert counts() == before


def test_product_that_needs_a_choice_is_a_409(latte: Product, milk: OptionGroup) -> None:
    Product.objects.filter(pk=latte.pk).update(instant_checkout=True)
    ensure_key(latte.shop)
    latte.shop.refresh_from_db()

    response = post(latte)

    assert response.status_code == 409
    assert milk.name_en in response.json()["message"]
    assert counts() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "status", "named"),
    [
        ({"purchaseToken": "P999999"}, 404, "No product is sold by this code."),
        ({"purchaseToken": "mug"}, 404, "No product is sold by this code."),
        ({"purchaseToken": "P0007"}, 404, "No product is sold by this code."),
        ({"purchaseToken": "P" + "9" * 60}, 404, "No product is sold by this code."),
        ({"purchaseToken": "a b"}, 400, "The purchaseToken must be"),
        ({"purchaseToken": None}, 400, "The purchaseToken must be"),
        ({"msisdn": "letters"}, 400, "The msisdn must be"),
        ({"msisdn": "+46701234567"}, 400, "The msisdn must be"),
        ({"msisdn": 46701234567}, 400, "The msisdn must be"),
        ({"msisdn": None}, 400, "The msisdn must be"),
        ({"street": 7}, 400, "This must be a text."),
        *(({name: "x" * 10_000}, 400, "can have at most") for name in CUSTOMER if name != "msisdn"),
        ({"msisdn": "4" * 10_000}, 400, "The msisdn must be"),
        ({"purchaseToken": "P" * 10_000}, 400, "The purchaseToken must be"),
    ],
)
def test_bad_field_is_a_4xx_that_says_why_and_changes_nothing(
    sandbox: SandboxProcess, mug: Product, fields: dict[str, object], status: int, named: str
) -> None:
    response = post(mug, **fields)

    assert response.status_code == status
    assert named in response.json()["message"]
    if status == 400:
        assert response.json()["field"] == next(iter(fields))
    assert counts() == (0, 0, 0, 0)
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"purchaseToken=P1", "application/x-www-form-urlencoded", 415),
        (b"not JSON", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"purchaseToken": "P1"' + b" " * 1_000_000 + b"}", "application/json", 413),
    ],
    ids=["form", "text", "bytes", "list", "1 MB"],
)
def test_bad_body_is_a_4xx_that_says_why(
    mug: Product, body: bytes, content_type: str, status: int
) -> None:
    response = JsonClient().post(address_of(mug.shop), body, content_type)

    assert response.status_code == status
    assert response.json()["message"]
    assert counts() == (0, 0, 0, 0)


def test_wrong_secret_is_a_404_whether_the_shop_sells_so_or_not(mug: Product) -> None:
    other = ShopFactory.create(name="Another", slug="another", service_id="ANOTHER")
    addresses = [
        f"/{mug.shop.slug}/instant-checkout/wrong/createPurchase",
        f"/{other.slug}/instant-checkout/{mug.shop.instant_checkout_key}/createPurchase",
        f"/no-such-shop/instant-checkout/{mug.shop.instant_checkout_key}/createPurchase",
    ]

    responses = [JsonClient().send(each, purchase_of(mug)) for each in addresses]

    assert [each.status_code for each in responses] == [404, 404, 404]
    assert len({each.content for each in responses}) == 1
    assert counts() == (0, 0, 0, 0)


def test_product_is_sold_so_only_once_staff_turn_it_on(mug: Product, bun: Product) -> None:
    assert bun.instant_checkout is False
    assert post(bun).status_code == 404


@pytest.mark.usefixtures("sandbox")
def test_address_outside_the_allow_list_is_a_403(mug: Product, settings: Settings) -> None:
    settings.INSTANT_CHECKOUT_ADDRESSES = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]
    path, body = address_of(mug.shop), purchase_of(mug)

    statuses = {
        address: JsonClient(REMOTE_ADDR=address).send(path, body).status_code
        for address in ("203.0.113.9", "", "2001:db9::1", "192.0.2.7", "2001:db8::1")
    }

    assert statuses == {
        "203.0.113.9": 403, "": 403, "2001:db9::1": 403, "192.0.2.7": 200, "2001:db8::1": 200
    }  # fmt: skip


@pytest.mark.usefixtures("sandbox")
def test_one_persons_purchases_are_limited(mug: Product) -> None:
    statuses = [post(mug).status_code for _ in range(rate_limits.PURCHASE.per_token or 0)]
    refused = post(mug)

    assert set(statuses) == {200}
    assert refused.status_code == 429
    assert post(mug, msisdn="46700000002").status_code == 200


def test_secret_is_not_logged(mug: Product) -> None:
    line = f'"POST {address_of(mug.shop)} HTTP/1.1" 404'

    assert mug.shop.instant_checkout_key not in redact(line)


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
