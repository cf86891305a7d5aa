"""Instant Checkout: the sandbox posts a purchase to the merchant's createPurchase."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.sandbox.raw_soap import SoapClient, invoice
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


class Merchant:
    """A merchant's createPurchase; `respond` returns the status and the body of responses."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[tuple[str, str, object]] = []
        self.respond: Callable[[], tuple[int, bytes]] = lambda: (200, b"{}")


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            shop.received.append((self.path, self.headers["Content-Type"], json.loads(body)))
            status, response = shop.respond()
            self.send_response(status)
            self.send_header("Content-Length", str(len(response)))
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(response)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shop = Merchant(f"http://127.0.0.1:{server.server_port}/shop/createPurchase")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield shop
        server.shutdown()


def test_purchase_becomes_payable_invoice(
    soap: SoapClient, sandbox: SandboxProcess, merchant: Merchant
) -> None:
    def send_invoice() -> tuple[int, bytes]:
        reference = soap.new_invoice(invoice(notification_url=NOTIFICATION_URL))
        return 200, json.dumps({"invoiceReferenceId": reference}).encode()

    merchant.respond = send_invoice
    order = {"url": merchant.url, "purchaseToken": "mug_1.blue-2", "customer": CUSTOMER}

    bought = sandbox.control("POST", "/checkout", order)

    sent = {"purchaseToken": "mug_1.blue-2", **CUSTOMER}
    assert merchant.received == [("/shop/createPurchase", "application/json", sent)]
    assert bought["sent"] == sent
    assert bought["status"] == "ISSUED"
    assert sandbox.pay(bought["invoice_reference"])["status"] == "PAID"


def test_missing_customer_details_get_defaults(sandbox: SandboxProcess, merchant: Merchant) -> None:
    with pytest.raises(ControlError, match="502"):
        sandbox.control("POST", "/checkout", {"url": merchant.url, "purchaseToken": "mug"})

    ((_, _, sent),) = merchant.received
    assert isinstance(sent, dict)
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
    sandbox: SandboxProcess, merchant: Merchant, status: int, response: bytes, sentence: str
) -> None:
    merchant.respond = lambda: (status, response)

    with pytest.raises(ControlError, match=f"502: {sentence}"):
        sandbox.control("POST", "/checkout", {"url": merchant.url, "purchaseToken": "mug"})

    assert len(merchant.received) == 1


def test_invoice_without_notification_url_is_reported(
    soap: SoapClient, sandbox: SandboxProcess, merchant: Merchant
) -> None:
    reference = soap.new_invoice()
    merchant.respond = lambda: (200, json.dumps({"invoiceReferenceId": reference}).encode())

    with pytest.raises(ControlError, match=f"502: Invoice {reference} lacks the notificationUrl"):
        sandbox.control("POST", "/checkout", {"url": merchant.url, "purchaseToken": "mug"})


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
