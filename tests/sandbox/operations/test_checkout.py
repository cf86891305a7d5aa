"""Instant Checkout: the sandbox calls the merchant's createPurchase, and the bill is paid."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.sandbox.raw_soap import Soap, invoice
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
    """A merchant's createPurchase: `answer` makes the status and the body of the next answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[tuple[str, str, object]] = []
        self.answer: Callable[[], tuple[int, bytes]] = lambda: (200, b"{}")


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            shop.received.append((self.path, self.headers["Content-Type"], json.loads(body)))
            status, answer = shop.answer()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shop = Merchant(f"http://127.0.0.1:{server.server_port}/shop/createPurchase")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield shop
        server.shutdown()


def test_a_purchase_becomes_an_invoice_that_is_paid_as_ever(
    soap: Soap, sandbox: SandboxProcess, merchant: Merchant
) -> None:
    def send_invoice() -> tuple[int, bytes]:
        reference = soap.issued(invoice(notification_url=NOTIFICATION_URL))
        return 200, json.dumps({"invoiceReferenceId": reference}).encode()

    merchant.answer = send_invoice
    order = {"url": merchant.url, "purchaseToken": "mug_1.blue-2", "customer": CUSTOMER}

    bought = sandbox.control("POST", "/checkout", order)

    sent = {"purchaseToken": "mug_1.blue-2", **CUSTOMER}
    assert merchant.received == [("/shop/createPurchase", "application/json", sent)]
    assert bought["sent"] == sent
    assert bought["status"] == "ISSUED"
    assert sandbox.pay(bought["invoice_reference"])["status"] == "PAID"


def test_what_is_not_said_about_the_customer_is_made_up(
    sandbox: SandboxProcess, merchant: Merchant
) -> None:
    with pytest.raises(ControlError, match="502"):
        sandbox.control("POST", "/checkout", {"url": merchant.url, "purchaseToken": "mug"})

    ((_, _, sent),) = merchant.received
    assert isinstance(sent, dict)
    assert sent.keys() == {"purchaseToken", *CUSTOMER}
    assert all(sent.values())


@pytest.mark.parametrize(
    ("status", "answer", "sentence"),
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
def test_a_merchants_useless_answer_is_told(
    sandbox: SandboxProcess, merchant: Merchant, status: int, answer: bytes, sentence: str
) -> None:
    merchant.answer = lambda: (status, answer)

    with pytest.raises(ControlError, match=f"502: {sentence}"):
        sandbox.control("POST", "/checkout", {"url": merchant.url, "purchaseToken": "mug"})

    assert len(merchant.received) == 1


def test_an_invoice_without_a_notification_url_is_told(
    soap: Soap, sandbox: SandboxProcess, merchant: Merchant
) -> None:
    reference = soap.issued()
    merchant.answer = lambda: (200, json.dumps({"invoiceReferenceId": reference}).encode())

    with pytest.raises(ControlError, match=f"502: Invoice {reference} lacks the notificationUrl"):
        sandbox.control("POST", "/checkout", {"url": merchant.url, "purchaseToken": "mug"})


def test_a_merchant_that_is_not_there_is_told(sandbox: SandboxProcess) -> None:
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
def test_a_bad_order_is_named(sandbox: SandboxProcess, order: object, field: str) -> None:
    with pytest.raises(ControlError, match=f"^400: {field}"):
        sandbox.control("POST", "/checkout", order)
