"""Each fault of a SOAP call: what the client sees of it, and whether the call took effect."""

import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.sandbox.raw_http import Exchange, connect, post
from tests.sandbox.raw_soap import SEQR, Answer, Soap, context, envelope, invoice
from tests.sandbox_process import SandboxProcess

SEND = envelope("sendInvoice", context() + invoice())


def struck(sandbox: SandboxProcess, kind: str, **parameters: object) -> Exchange:
    """A sendInvoice that a fault of this kind has struck."""
    sandbox.fault("sendInvoice", kind, **parameters)
    return post(sandbox, SEND)


def recorded(sandbox: SandboxProcess) -> Any:
    """The one call in the record; it comes there when the answer is out."""
    for _ in range(5000):
        if calls := sandbox.calls():
            assert len(calls) == 1
            return calls[0]
    raise AssertionError("no call was recorded")


def took_effect(sandbox: SandboxProcess) -> bool:
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
def test_a_connection_ends_without_an_answer(
    sandbox: SandboxProcess, kind: str, parameters: dict[str, Any], reset: bool, effect: bool
) -> None:
    seen = struck(sandbox, kind, **parameters)

    assert (seen.received, seen.reset) == (b"", reset)
    assert took_effect(sandbox) is effect
    call = recorded(sandbox)
    assert (call["fault"], call["http_status"]) == (kind, None)
    assert call["result_code"] == (0 if effect else None)
    assert ("invoiceReference" in call["response"]) is effect


@pytest.mark.parametrize(("before", "effect"), [("effect", False), ("response", True)])
def test_a_delay_holds_up_the_effect_or_only_the_answer(
    sandbox: SandboxProcess, before: str, effect: bool
) -> None:
    sandbox.fault("sendInvoice", "delay", seconds=3600, before=before)

    with asking(sandbox) as connection:
        when_struck(sandbox)
        during = took_effect(sandbox)
        sandbox.control("DELETE", "/faults")
        answer = connection.recv(65536)

    assert during is effect
    assert b"200 OK" in answer
    assert took_effect(sandbox)


@pytest.mark.parametrize("before", ["effect", "response"])
def test_a_delay_is_as_long_as_asked_for(sandbox: SandboxProcess, before: str) -> None:
    seen = struck(sandbox, "delay", seconds=0.1, before=before)

    assert seen.status == 200
    assert seen.seconds >= 0.1
    assert recorded(sandbox)["duration_ms"] >= 99


def test_a_caller_who_hangs_up_does_not_stop_what_was_asked(sandbox: SandboxProcess) -> None:
    sandbox.fault("sendInvoice", "delay", seconds=0.1)

    asking(sandbox).close()

    assert recorded(sandbox)["result_code"] == 0
    assert took_effect(sandbox)


def asking(sandbox: SandboxProcess) -> socket.socket:
    """A connection that has sent a sendInvoice, and waits."""
    connection = connect(sandbox)
    body = SEND.encode()
    head = f"POST /soap/service HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def test_a_dripping_answer_comes_byte_by_byte(sandbox: SandboxProcess) -> None:
    sandbox.fault("sendInvoice", "drip", seconds=0.5)
    pieces: list[bytes] = []

    with asking(sandbox) as connection:
        started = time.monotonic()
        while b"".join(pieces).find(b"Envelope>") < 0:
            pieces.append(connection.recv(65536))
        seconds = time.monotonic() - started

    assert 0.4 < seconds < 3
    assert len(pieces) > 20
    body = b"".join(pieces).partition(b"\r\n\r\n")[2]
    assert Answer(200, body).code == 0
    assert recorded(sandbox)["fault"] == "drip"


@pytest.mark.parametrize("effect", [False, True])
def test_an_http_status_of_its_own(sandbox: SandboxProcess, effect: bool) -> None:
    seen = struck(sandbox, "http_status", status=502, takes_effect=effect)

    assert seen.status == 502
    assert b"<h1>502</h1>" in seen.body
    assert took_effect(sandbox) is effect
    assert recorded(sandbox)["http_status"] == 502


@pytest.mark.parametrize("effect", [False, True])
def test_a_soap_fault(sandbox: SandboxProcess, effect: bool) -> None:
    seen = struck(sandbox, "soap_fault", faultcode="Client", faultstring="<Å>", takes_effect=effect)

    answer = Answer(seen.status, seen.body)
    assert (answer.status, answer.fault) == (500, "Client")
    assert answer.content.findtext("faultstring") == "<Å>"
    assert took_effect(sandbox) is effect


@pytest.mark.parametrize(("code", "name"), [(93, "SYSTEM_BUSY"), (0, "SUCCESS"), (-7, "UNKNOWN")])
def test_a_result_code_without_effect(sandbox: SandboxProcess, code: int, name: str) -> None:
    seen = struck(sandbox, "result_code", code=code)

    answer = Answer(seen.status, seen.body)
    assert answer.content.tag == f"{{{SEQR}}}sendInvoiceResponse"
    assert (answer.code, answer.text("resultDescription")) == (code, name)
    assert answer.text("invoiceReference") is None
    assert not took_effect(sandbox)
    assert recorded(sandbox)["result_code"] == code


def test_garbage_is_the_same_with_the_same_seed(sandbox: SandboxProcess) -> None:
    first, second = (struck(sandbox, "garbage", count=1, seed=7, bytes=70_000) for _ in range(2))

    assert (first.status, len(first.body)) == (200, 70_000)
    assert first.body == second.body
    assert len(sandbox.invoices()) == 2


@pytest.mark.parametrize("effect", [False, True])
def test_a_page_for_people_in_the_place_of_an_answer(sandbox: SandboxProcess, effect: bool) -> None:
    seen = struck(sandbox, "html", takes_effect=effect)

    assert seen.status == 200
    assert "text/html" in seen.head
    assert b"maintenance" in seen.body
    assert took_effect(sandbox) is effect


def test_an_empty_answer(sandbox: SandboxProcess) -> None:
    seen = struck(sandbox, "empty")

    assert (seen.status, seen.body, seen.declared_length) == (200, b"", 0)
    assert took_effect(sandbox)


@pytest.mark.parametrize("length", ["full", "sent"])
def test_a_truncated_answer(sandbox: SandboxProcess, length: str) -> None:
    seen = struck(sandbox, "truncated", length=length)

    assert seen.body.startswith(b"<?xml")
    assert b"</soap:Envelope>" not in seen.body
    assert (seen.declared_length == len(seen.body)) is (length == "sent")
    assert took_effect(sandbox)


def test_a_huge_answer_is_as_large_as_asked_for_and_still_an_answer(
    sandbox: SandboxProcess,
) -> None:
    sandbox.fault("sendInvoice", "huge", megabytes=3)

    status, body = Soap(sandbox).http("POST", "/soap/service", SEND.encode())

    assert (status, len(body) > 3_000_000) == (200, True)
    root = etree.fromstring(body, etree.XMLParser(huge_tree=True))
    assert root[0][0].findtext("return/resultCode") == "0"
    assert took_effect(sandbox)


@pytest.mark.parametrize(
    ("operation", "parameters", "answered"),
    [
        ("sendInvoice", {}, "getPaymentStatus"),
        ("getPaymentStatus", {}, "cancelInvoice"),
        ("sendInvoice", {"response_of": "registerTerminal"}, "registerTerminal"),
    ],
)
def test_the_answer_of_another_operation(
    soap: Soap,
    sandbox: SandboxProcess,
    operation: str,
    parameters: dict[str, Any],
    answered: str,
) -> None:
    sandbox.fault(operation, "wrong_operation", **parameters)

    answer = soap.send_invoice() if operation == "sendInvoice" else soap.status("1")

    assert answer.content.tag == f"{{{SEQR}}}{answered}Response"
    assert answer.code == 0


def test_a_reset_ends_held_up_calls_without_effect(sandbox: SandboxProcess) -> None:
    sandbox.fault("sendInvoice", "delay", seconds=3600)

    with asking(sandbox) as connection:
        when_struck(sandbox)
        sandbox.reset()
        answer = connection.recv(65536)

    assert answer == b""
    assert (sandbox.invoices(), sandbox.calls(), sandbox.faults()) == ([], [], [])


def when_struck(sandbox: SandboxProcess) -> None:
    """Wait until the one fault has struck."""
    for _ in range(5000):
        if sandbox.faults()[0]["applied"]:
            return
    raise AssertionError("the fault has not struck")


def test_what_took_effect_is_kept_even_if_the_process_is_killed_while_the_answer_drips(
    tmp_path: Path,
) -> None:
    state = ("--state", str(tmp_path / "state"))
    with SandboxProcess(*state) as sandbox:
        sandbox.fault("sendInvoice", "drip", seconds=3600)
        with asking(sandbox) as connection:
            connection.recv(1)
            sandbox.process.kill()
            sandbox.process.wait()

    with SandboxProcess(*state) as sandbox:
        kept = took_effect(sandbox)

    assert kept


@pytest.mark.parametrize("kind", ["delay", "drip", "huge"])
def test_the_process_ends_at_once_whatever_hangs(kind: str) -> None:
    sandbox = SandboxProcess()
    slow = {"megabytes": 1000} if kind == "huge" else {"seconds": 3600}
    sandbox.fault("sendInvoice", kind, **slow)
    with asking(sandbox), asking(sandbox):
        when_struck(sandbox)

        started = time.monotonic()
        sandbox.process.send_signal(signal.SIGTERM)
        code = sandbox.process.wait(timeout=5)

    assert time.monotonic() - started < 3
    sandbox.stop()
    assert (code, sandbox.errors()) == (0, "")


def test_others_are_answered_while_one_is_held_up(soap: Soap, sandbox: SandboxProcess) -> None:
    sandbox.fault("sendInvoice", "delay", seconds=3600, count=50)
    held = [threading.Thread(target=post, args=(sandbox, SEND)) for _ in range(50)]
    for thread in held:
        thread.start()
    when_struck(sandbox)

    code = soap.status("1").code

    sandbox.reset()
    for thread in held:
        thread.join()
    assert code == 54
