"""Instant Checkout: the sandbox posts a purchase to the merchant's createPurchase."""

import json
from typing import Any

import pytest

from tests.sandbox.raw_soap import SoapClient, invoice
from tests.sandbox.shop_server import ShopServer
from tests.sandbox_process import ControlError, SandboxProcess

CUSTOMER = {
    "clientName": "Åsa Ek",
    "street": "Storgatan 1",
    "city": "Umeå",
    "country": "Sweden",
    "state": "Västerbotten",
    "zip": "90325",
    "email": "asa@example.com",
    "msisdn": "46701234567",
}

NOTIFICATION_URL = "http://127.0.0.1:1/notify"


def buy(sandbox: SandboxProcess, merchant: ShopServer, **fields: object) -> Any:
    """Have the sandbox post a purchase to the merchant."""
    order = {"url": f"{merchant.url}/shop/createPurchase", "purchaseToken": "mug", **fields}
    return sandbox.control("POST", "/checkout", order)


def test_purchase_becomes_payable_invoice(
    soap: SoapClient, sandbox: SandboxProcess, shop: ShopServer
) -> None:
    def send_invoice() -> tuple[int, bytes]:
        reference = soap.new_invoice(invoice(notification_url=NOTIFICATION_URL))
        return 200, json.dumps({"invoiceReferenceId": reference}).encode()

    shop.respond = send_invoice

    bought = buy(sandbox, shop, purchaseToken="mug_1.blue-2", customer=CUSTOMER)

    sent = {"purchaseToken": "mug_1.blue-2", **CUSTOMER}
    path, content_type, body = shop.next_request()
    assert (path, content_type) == ("/shop/createPurchase", "application/json")
    assert json.loads(body) == sent
    assert shop.received.empty()
    assert bought["sent"] == sent
    assert bought["status"] == "ISSUED"
    assert sandbox.pay(bought["invoice_reference"])["status"] == "PAID"


def test_missing_customer_details_get_defaults(sandbox: SandboxProcess, shop: ShopServer) -> None:
    with pytest.raises(ControlError, match="502"):
        buy(sandbox, shop)

    sent = json.loads(shop.next_request().body)
    assert sent.keys() == {"purchaseToken", *CUSTOMER}
    assert all(sent.values())


@pytest.mark.parametrize(
    ("status", "response", "sentence"),
    [
        (500, b"", "The merchant responded with HTTP 500."),
        (302, b"", "The merchant responded with HTTP 302."),
        (200, b"sorry", "The merchant's response is not"),
        (200, b'{"invoiceReferenceId": 7}', "The merchant's response is not"),
        (200, b"[]", "The merchant's response is not"),
        (200, b'{"invoiceReferenceId": "77"}', "There is no invoice '77'."),
        (200, b" " * 70_000, "The merchant's response is longer than 65536 bytes."),
    ],
    ids=["500", "redirect", "no JSON", "number", "list", "unknown", "long"],
)
def test_unusable_merchant_response_is_reported(
    sandbox: SandboxProcess, shop: ShopServer, status: int, response: bytes, sentence: str
) -> None:
    shop.respond = lambda: (status, response)

    with pytest.raises(ControlError, match=f"502: {sentence}"):
        buy(sandbox, shop)

    assert shop.received.qsize() == 1


def test_invoice_without_notification_url_is_reported(
    soap: SoapClient, sandbox: SandboxProcess, shop: ShopServer
) -> None:
    reference = soap.new_invoice()
    shop.respond = lambda: (200, json.dumps({"invoiceReferenceId": reference}).encode())

    with pytest.raises(ControlError, match=f"502: Invoice {reference} lacks the notificationUrl"):
        buy(sandbox, shop)


def test_unreachable_merchant_is_reported(sandbox: SandboxProcess) -> None:
    order = {"url": "http://127.0.0.1:1/createPurchase", "purchaseToken": "mug"}

    with pytest.raises(ControlError, match="502: The merchant cannot be reached"):
        sandbox.control("POST", "/checkout", order)


ORDER = {"url": "https://shop.example/createPurchase", "purchaseToken": "mug"}


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (ORDER | {"url": "https://shop.example/buy"}, "url"),
        (ORDER | {"url": "ftp://shop.example/createPurchase"}, "url"),
        (ORDER | {"url": None}, "url"),
        (ORDER | {"purchaseToken": "a b"}, "purchaseToken"),
        (ORDER | {"purchaseToken": ""}, "purchaseToken"),
        (ORDER | {"customer": "Åsa"}, "customer"),
        (ORDER | {"customer": {"age": "40"}}, "customer: age"),
        (ORDER | {"customer": {"zip": 90325}}, "customer: zip"),
        (ORDER | {"customer": {"msisdn": "070"}}, "customer: msisdn"),
    ],
)
def test_invalid_purchase_is_refused_by_field(
    sandbox: SandboxProcess, order: object, field: str
) -> None:
    with pytest.raises(ControlError, match=f"^400: {field}"):
        sandbox.control("POST", "/checkout", order)
