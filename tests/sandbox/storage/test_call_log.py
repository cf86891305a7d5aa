"""The log of calls and notifications."""

from typing import Any

import pytest

from payments.sandbox.clock import Clock
from payments.sandbox.storage.call_log import Call, CallLog
from tests.sandbox.raw_soap import SoapClient, context, envelope, invoice
from tests.sandbox.shop_server import ShopServer
from tests.sandbox.waiting import wait_for
from tests.sandbox_process import SandboxProcess


def test_each_call_is_logged_with_its_result(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.new_invoice()
    soap.status("77")
    soap.post("nonsense")
    soap.post(envelope("cancelInvoice", "<wrong/>"))

    calls = sandbox.calls()

    seen = [
        (call["n"], call["operation"], call["invoice_reference"], call["result_code"])
        for call in calls
    ]
    assert seen == [
        (1, "sendInvoice", reference, 0),
        (2, "getPaymentStatus", "77", 54),
        (3, None, None, None),
        (4, "cancelInvoice", None, None),
    ]
    assert [call["http_status"] for call in calls] == [200, 200, 500, 500]
    assert all(call["duration_ms"] >= 0 and call["at"] for call in calls)


def test_logged_bodies_are_readable_without_passwords(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    soap.send_invoice()

    call = sandbox.calls()[0]

    assert "12345678" not in call["request"]
    assert "<password>[redacted]</password>" in call["request"]
    assert "<title>Café Söder</title>" in call["request"]
    assert "invoiceReference" in call["response"]


def test_password_in_unreadable_request_is_not_logged(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    soap.post(envelope("sendInvoice", context())[:-5])

    call = sandbox.calls()[0]

    assert "12345678" not in call["request"]
    assert "bytes that are not XML" in call["request"]


def call(size: int) -> Call:
    return Call("sendInvoice", "1", 0, 200, 0.5, b"<a/>" + b" " * size, "")


def test_log_keeps_latest_thousand_calls() -> None:
    log = CallLog(Clock())

    for _ in range(1005):
        log.add(call(10))

    numbers = [entry["n"] for entry in log.as_json()]
    assert (numbers[0], numbers[-1], len(numbers)) == (6, 1005, 1000)


def test_log_drops_old_calls_for_large_ones_and_only_sizes_of_huge_ones() -> None:
    log = CallLog(Clock())

    for _ in range(20):
        log.add(call(1_000_000))
    log.add(call(2_000_000))

    entries = log.as_json()
    assert [entry["n"] for entry in entries] == list(range(5, 22))
    assert entries[-1]["request"] == "(2000004 bytes, too large to log)"


def logged_notification(sandbox: SandboxProcess) -> Any:
    """The first logged notification; the sandbox logs it after the shop's response."""
    return wait_for(lambda: sandbox.calls("notification"))[0]


def test_payment_is_notified_once_with_empty_body(
    soap: SoapClient, sandbox: SandboxProcess, shop: ShopServer
) -> None:
    reference = soap.new_invoice(invoice(notification_url=f"{shop.url}/notify/secret?a=b"))

    sandbox.pay(reference)

    request = shop.next_request()
    assert (request.path, request.body) == ("/notify/secret?a=b", b"")
    call = logged_notification(sandbox)
    assert (call["invoice_reference"], call["http_status"]) == (reference, 500)
    soap.status(reference, 1)
    assert len(sandbox.calls("notification")) == 1
    assert shop.received.empty()


@pytest.mark.parametrize("action", ["cancel", "fail", "expire"])
def test_only_payments_are_notified(
    soap: SoapClient, sandbox: SandboxProcess, shop: ShopServer, action: str
) -> None:
    other = soap.new_invoice(invoice(notification_url=f"{shop.url}/other"))
    paid = soap.new_invoice(invoice(notification_url=f"{shop.url}/paid"))

    sandbox.act(other, action)
    sandbox.pay(paid)

    assert shop.next_path() == "/paid"
    assert shop.received.empty()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/notify", "http://[/", "http://"])
def test_undeliverable_notification_changes_nothing(
    soap: SoapClient, sandbox: SandboxProcess, url: str
) -> None:
    reference = soap.new_invoice(invoice(notification_url=url))

    response = sandbox.pay(reference)

    assert response["status"] == "PAID"
    call = logged_notification(sandbox)
    assert call["http_status"] is None
    assert call["response"].startswith("no response: ")
    assert soap.status(reference, 1).text("status") == "PAID"
