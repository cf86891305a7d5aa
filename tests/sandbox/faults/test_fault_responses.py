"""Each fault of a SOAP call: the response, and whether the operation was executed."""

import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.sandbox.raw_http import Exchange, connect, post
from tests.sandbox.raw_soap import SEQR, SoapClient, SoapResponse, context, envelope, invoice
from tests.sandbox.waiting import wait_for
from tests.sandbox_process import SandboxProcess

SEND = envelope("sendInvoice", context() + invoice())


def call_with_fault(sandbox: SandboxProcess, kind: str, **parameters: object) -> Exchange:
    """Add a fault and send a sendInvoice that it applies to."""
    sandbox.fault("sendInvoice", kind, **parameters)
    return post(sandbox, SEND)


def logged_call(sandbox: SandboxProcess) -> Any:
    """The only logged call; the sandbox logs it after its response."""
    (call,) = wait_for(sandbox.calls)
    return call


def was_executed(sandbox: SandboxProcess) -> bool:
    return len(sandbox.invoices()) == 1


@pytest.mark.parametrize(
    ("kind", "parameters", "reset", "effect"),
    [
        ("refuse", {}, False, False),
        ("drop", {}, False, True),
        ("reset", {}, True, False),
        ("reset", {"takes_effect": True}, True, True),
    ],
)
def test_connection_is_closed_without_response(
    sandbox: SandboxProcess, kind: str, parameters: dict[str, Any], reset: bool, effect: bool
) -> None:
    received = call_with_fault(sandbox, kind, **parameters)

    assert (received.data, received.reset) == (b"", reset)
    assert was_executed(sandbox) is effect
    call = logged_call(sandbox)
    assert (call["fault"], call["http_status"]) == (kind, None)
    assert call["result_code"] == (0 if effect else None)
    assert ("invoiceReference" in call["response"]) is effect


@pytest.mark.parametrize(("before", "effect"), [("effect", False), ("response", True)])
def test_delay_waits_before_execution_or_response(
    sandbox: SandboxProcess, before: str, effect: bool
) -> None:
    sandbox.fault("sendInvoice", "delay", seconds=3600, before=before)

    with pending_call(sandbox) as connection:
        wait_until_applied(sandbox)
        during = was_executed(sandbox)
        sandbox.control("DELETE", "/faults")
        response = connection.recv(65536)

    assert during is effect
    assert b"200 OK" in response
    assert was_executed(sandbox)


@pytest.mark.parametrize("before", ["effect", "response"])
def test_delay_lasts_as_configured(sandbox: SandboxProcess, before: str) -> None:
    received = call_with_fault(sandbox, "delay", seconds=0.1, before=before)

    assert received.status == 200
    assert received.seconds >= 0.1
    assert logged_call(sandbox)["duration_ms"] >= 99


def test_operation_is_executed_after_client_disconnects(sandbox: SandboxProcess) -> None:
    sandbox.fault("sendInvoice", "delay", seconds=0.1)

    pending_call(sandbox).close()

    assert logged_call(sandbox)["result_code"] == 0
    assert was_executed(sandbox)


def pending_call(sandbox: SandboxProcess) -> socket.socket:
    """A connection that has sent a sendInvoice."""
    connection = connect(sandbox)
    body = SEND.encode()
    head = f"POST /soap/service HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def test_dripping_response_arrives_byte_by_byte(sandbox: SandboxProcess) -> None:
    sandbox.fault("sendInvoice", "drip", seconds=0.5)
    chunks: list[bytes] = []

    with pending_call(sandbox) as connection:
        started = time.monotonic()
        while b"".join(chunks).find(b"Envelope>") < 0:
            chunks.append(connection.recv(65536))
        seconds = time.monotonic() - started

    assert 0.4 < seconds < 15
    assert len(chunks) > 20
    body = b"".join(chunks).partition(b"\r\n\r\n")[2]
    assert SoapResponse(200, body).code == 0
    assert logged_call(sandbox)["fault"] == "drip"


@pytest.mark.parametrize("effect", [False, True])
def test_http_status_fault_sends_that_status(sandbox: SandboxProcess, effect: bool) -> None:
    received = call_with_fault(sandbox, "http_status", status=502, takes_effect=effect)

    assert received.status == 502
    assert b"<h1>502</h1>" in received.body
    assert was_executed(sandbox) is effect
    assert logged_call(sandbox)["http_status"] == 502


@pytest.mark.parametrize("effect", [False, True])
def test_soap_fault_is_sent(sandbox: SandboxProcess, effect: bool) -> None:
    received = call_with_fault(
        sandbox, "soap_fault", faultcode="Client", faultstring="<Å>", takes_effect=effect
    )

    response = SoapResponse(received.status, received.body)
    assert (response.status, response.fault) == (500, "Client")
    assert response.content.findtext("faultstring") == "<Å>"
    assert was_executed(sandbox) is effect


@pytest.mark.parametrize(("code", "name"), [(93, "SYSTEM_BUSY"), (0, "SUCCESS"), (-7, "UNKNOWN")])
def test_result_code_fault_executes_nothing(sandbox: SandboxProcess, code: int, name: str) -> None:
    received = call_with_fault(sandbox, "result_code", code=code)

    response = SoapResponse(received.status, received.body)
    assert response.content.tag == f"{{{SEQR}}}sendInvoiceResponse"
    assert (response.code, response.text("resultDescription")) == (code, name)
    assert response.text("invoiceReference") is None
    assert not was_executed(sandbox)
    assert logged_call(sandbox)["result_code"] == code


def test_same_seed_sends_same_garbage(sandbox: SandboxProcess) -> None:
    first, second = (
        call_with_fault(sandbox, "garbage", count=1, seed=7, bytes=70_000) for _ in range(2)
    )

    assert (first.status, len(first.body)) == (200, 70_000)
    assert first.body == second.body
    assert len(sandbox.invoices()) == 2


@pytest.mark.parametrize("effect", [False, True])
def test_html_page_replaces_response(sandbox: SandboxProcess, effect: bool) -> None:
    received = call_with_fault(sandbox, "html", takes_effect=effect)

    assert received.status == 200
    assert "text/html" in received.head
    assert b"maintenance" in received.body
    assert was_executed(sandbox) is effect


def test_empty_response_is_sent(sandbox: SandboxProcess) -> None:
    received = call_with_fault(sandbox, "empty")

    assert (received.status, received.body, received.declared_length) == (200, b"", 0)
    assert was_executed(sandbox)


@pytest.mark.parametrize("length", ["full", "sent"])
def test_truncated_response_is_sent(sandbox: SandboxProcess, length: str) -> None:
    received = call_with_fault(sandbox, "truncated", length=length)

    assert received.body.startswith(b"<?xml")
    assert b"</soap:Envelope>" not in received.body
    assert (received.declared_length == len(received.body)) is (length == "sent")
    assert was_executed(sandbox)


def test_huge_response_has_configured_size_and_is_readable(
    sandbox: SandboxProcess,
) -> None:
    sandbox.fault("sendInvoice", "huge", megabytes=3)

    status, body = SoapClient(sandbox).http("POST", "/soap/service", SEND.encode())

    assert (status, len(body) > 3_000_000) == (200, True)
    root = etree.fromstring(body, etree.XMLParser(huge_tree=True))
    assert root[0][0].findtext("return/resultCode") == "0"
    assert was_executed(sandbox)


@pytest.mark.parametrize(
    ("operation", "parameters", "responded"),
    [
        ("sendInvoice", {}, "getPaymentStatus"),
        ("getPaymentStatus", {}, "cancelInvoice"),
        ("sendInvoice", {"response_of": "registerTerminal"}, "registerTerminal"),
    ],
)
def test_response_of_other_operation_is_sent(
    soap: SoapClient,
    sandbox: SandboxProcess,
    operation: str,
    parameters: dict[str, Any],
    responded: str,
) -> None:
    sandbox.fault(operation, "wrong_operation", **parameters)

    response = soap.send_invoice() if operation == "sendInvoice" else soap.status("1")

    assert response.content.tag == f"{{{SEQR}}}{responded}Response"
    assert response.code == 0


def test_reset_ends_delayed_call_without_executing_it(sandbox: SandboxProcess) -> None:
    sandbox.fault("sendInvoice", "delay", seconds=3600)

    with pending_call(sandbox) as connection:
        wait_until_applied(sandbox)
        sandbox.reset()
        response = connection.recv(65536)

    assert response == b""
    assert (sandbox.invoices(), sandbox.calls(), sandbox.faults()) == ([], [], [])


def wait_until_applied(sandbox: SandboxProcess) -> None:
    """Wait until the only fault applies to a call."""
    wait_for(lambda: sandbox.faults()[0]["applied"])


def test_executed_operation_is_stored_before_response_drips(
    tmp_path: Path,
) -> None:
    state = ("--state", str(tmp_path / "state"))
    with SandboxProcess(*state) as sandbox:
        sandbox.fault("sendInvoice", "drip", seconds=3600)
        with pending_call(sandbox) as connection:
            connection.recv(1)
            sandbox.process.kill()
            sandbox.process.wait()

    with SandboxProcess(*state) as sandbox:
        executed = was_executed(sandbox)

    assert executed


@pytest.mark.parametrize("kind", ["delay", "drip", "huge"])
def test_process_ends_at_once_while_calls_hang(kind: str) -> None:
    sandbox = SandboxProcess()
    slow = {"megabytes": 1000} if kind == "huge" else {"seconds": 3600}
    sandbox.fault("sendInvoice", kind, **slow)
    with pending_call(sandbox), pending_call(sandbox):
        wait_until_applied(sandbox)

        started = time.monotonic()
        sandbox.process.send_signal(signal.SIGTERM)
        code = sandbox.process.wait(timeout=30)

    assert time.monotonic() - started < 15
    sandbox.stop()
    assert (code, sandbox.errors()) == (0, "")


def test_other_calls_are_served_while_calls_are_delayed(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    sandbox.fault("sendInvoice", "delay", seconds=3600, count=50)
    delayed = [threading.Thread(target=post, args=(sandbox, SEND)) for _ in range(50)]
    for thread in delayed:
        thread.start()
    wait_until_applied(sandbox)

    code = soap.status("1").code

    sandbox.reset()
    for thread in delayed:
        thread.join()
    assert code == 54
