"""What the sandbox records of each call, and notifications."""

from typing import Any

import pytest

from payments.sandbox.clock import Clock
from payments.sandbox.storage.call_log import Call, CallLog
from tests.sandbox.notified_shop import NotifiedShop
from tests.sandbox.raw_soap import Soap, context, envelope, invoice
from tests.sandbox_process import SandboxProcess


def test_each_call_is_recorded_with_its_outcome(soap: Soap, sandbox: SandboxProcess) -> None:
    reference = soap.issued()
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


def test_requests_and_answers_are_readable_and_without_passwords(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    soap.send_invoice()

    call = sandbox.calls()[0]

    assert "12345678" not in call["request"]
    assert "<password>[redacted]</password>" in call["request"]
    assert "<title>Café Söder</title>" in call["request"]
    assert "invoiceReference" in call["response"]


def test_a_password_in_an_unreadable_request_is_not_recorded(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    soap.post(envelope("sendInvoice", context())[:-5])

    call = sandbox.calls()[0]

    assert "12345678" not in call["request"]
    assert "bytes that are not XML" in call["request"]


def call(size: int) -> Call:
    return Call("sendInvoice", "1", 0, 200, 0.5, b"<a/>" + b" " * size, "")


def test_only_the_latest_thousand_calls_are_kept() -> None:
    log = CallLog(Clock())

    for _ in range(1005):
        log.add(call(10))

    numbers = [entry["n"] for entry in log.as_json()]
    assert (numbers[0], numbers[-1], len(numbers)) == (6, 1005, 1000)


def test_large_calls_push_out_old_ones_and_a_huge_one_is_only_told_of() -> None:
    log = CallLog(Clock())

    for _ in range(20):
        log.add(call(1_000_000))
    log.add(call(2_000_000))

    kept = log.as_json()
    assert [entry["n"] for entry in kept] == list(range(5, 22))
    assert kept[-1]["request"] == "(2000004 bytes, too large to keep)"


def recorded_notification(sandbox: SandboxProcess) -> Any:
    """The first notification in the record; it comes there when its answer is in."""
    for _ in range(5000):
        if found := sandbox.calls("notification"):
            return found[0]
    raise AssertionError("no notification was recorded")


def test_a_payment_is_notified_once_with_an_empty_body(
    soap: Soap, sandbox: SandboxProcess, shop: NotifiedShop
) -> None:
    reference = soap.issued(invoice(notification_url=f"{shop.url}/notify/secret?a=b"))

    sandbox.pay(reference)

    assert shop.received.get(timeout=5) == ("POST", "/notify/secret?a=b", b"")
    call = recorded_notification(sandbox)
    assert (call["invoice_reference"], call["http_status"]) == (reference, 500)
    soap.status(reference, 1)
    assert len(sandbox.calls("notification")) == 1
    assert shop.received.empty()


@pytest.mark.parametrize("action", ["cancel", "fail", "expire"])
def test_nothing_but_a_payment_is_notified(
    soap: Soap, sandbox: SandboxProcess, shop: NotifiedShop, action: str
) -> None:
    other = soap.issued(invoice(notification_url=f"{shop.url}/other"))
    paid = soap.issued(invoice(notification_url=f"{shop.url}/paid"))

    sandbox.act(other, action)
    sandbox.pay(paid)

    assert shop.received.get(timeout=5)[1] == "/paid"
    assert shop.received.empty()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/notify", "http://[/", "http://"])
def test_a_notification_that_reaches_nobody_changes_nothing(
    soap: Soap, sandbox: SandboxProcess, url: str
) -> None:
    reference = soap.issued(invoice(notification_url=url))

    answer = sandbox.pay(reference)

    assert answer["status"] == "PAID"
    call = recorded_notification(sandbox)
    assert call["http_status"] is None
    assert call["response"].startswith("no response: ")
    assert soap.status(reference, 1).text("status") == "PAID"
