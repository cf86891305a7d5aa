"""Latency profiles delay calls: which, for how long, and how many at once."""

import asyncio
import resource
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.raw_http import post
from tests.sandbox.raw_soap import SoapClient, context, envelope, invoice
from tests.sandbox.waiting import wait_for
from tests.sandbox_process import SandboxProcess

STATUS = envelope(
    "getPaymentStatus",
    f"{context()}<invoiceReference>1</invoiceReference><invoiceVersion>0</invoiceVersion>",
)
SEND = envelope("sendInvoice", context() + invoice())
IN_FLIGHT = 4_000


def seconds_of(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


def test_profile_delays_its_operation_alone(soap: SoapClient, sandbox: SandboxProcess) -> None:
    sandbox.set_latency("getPaymentStatus", "constant", seconds=0.3)
    reference = soap.new_invoice()

    seconds = seconds_of(lambda: soap.status(reference))

    (profile,) = sandbox.latency()
    assert seconds >= 0.3
    assert (profile["delayed"], profile["waiting"]) == (1, 0)
    assert [call["duration_ms"] >= 299 for call in sandbox.calls()] == [False, True]


def test_profile_of_all_operations_yields_to_one_of_its_own(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    sandbox.set_latency("*", "constant", seconds=0.3)
    sandbox.set_latency("cancelInvoice", "constant", seconds=0)

    seconds = [
        seconds_of(lambda: soap.session("x")),
        seconds_of(lambda: soap.post("nonsense")),
    ]
    soap.cancel("1")

    delayed = {each["operation"]: each["delayed"] for each in sandbox.latency()}
    assert min(seconds) >= 0.3
    assert delayed == {"*": 2, "cancelInvoice": 0}


def test_call_is_executed_after_its_wait(sandbox: SandboxProcess) -> None:
    sandbox.set_latency("sendInvoice", "constant", seconds=3600)

    with ThreadPoolExecutor() as threads:
        pending = threads.submit(post, sandbox, SEND)
        wait_for(lambda: sandbox.latency()[0]["waiting"])
        during = sandbox.invoices()
        sandbox.control("DELETE", "/latency/sendInvoice")
        answered = pending.result()

    assert during == []
    assert answered.status == 200
    assert len(sandbox.invoices()) == 1


def test_profile_set_again_lets_waiting_calls_go_on(sandbox: SandboxProcess) -> None:
    sandbox.set_latency("*", "constant", seconds=3600)

    with ThreadPoolExecutor() as threads:
        pending = threads.submit(post, sandbox, STATUS)
        wait_for(lambda: sandbox.latency()[0]["waiting"])
        sandbox.set_latency("*", "constant", seconds=0)
        answered = pending.result()

    assert answered.status == 200
    assert [each["delayed"] for each in sandbox.latency()] == [0]


def test_reset_ends_waiting_call_without_executing_it(sandbox: SandboxProcess) -> None:
    sandbox.set_latency("sendInvoice", "constant", seconds=3600)

    with ThreadPoolExecutor() as threads:
        pending = threads.submit(post, sandbox, SEND)
        wait_for(lambda: sandbox.latency()[0]["waiting"])
        sandbox.reset()
        answered = pending.result()

    assert answered.data == b""
    assert (sandbox.invoices(), sandbox.calls(), sandbox.latency()) == ([], [], [])


def test_hang_answers_waiting_calls_when_it_ends(sandbox: SandboxProcess) -> None:
    sandbox.set_latency("getPaymentStatus", "hang", for_seconds=1)

    with ThreadPoolExecutor() as threads:
        early = threads.submit(seconds_of, lambda: post(sandbox, STATUS))
        time.sleep(0.5)
        late = seconds_of(lambda: post(sandbox, STATUS))
    after = seconds_of(lambda: post(sandbox, STATUS))

    assert early.result() > late + 0.3
    assert after < 0.5
    assert sandbox.latency()[0]["delayed"] == 2


def test_same_seed_makes_same_calls_slow(soap: SoapClient, sandbox: SandboxProcess) -> None:
    patterns = []
    for _ in range(2):
        sandbox.set_latency(
            "*", "bimodal", fast_seconds=0, slow_seconds=0.02, slow_share=0.5, seed=4
        )
        counts = []
        for _ in range(20):
            soap.status("1")
            counts.append(sandbox.latency()[0]["delayed"])
        patterns.append(counts)

    assert patterns[0] == patterns[1]
    assert 0 < patterns[0][-1] < 20


def test_slow_calls_may_also_be_busy(soap: SoapClient, sandbox: SandboxProcess) -> None:
    sandbox.set_latency("*", "constant", seconds=0.1)
    sandbox.fault("*", "result_code", code=93, probability=0.5, seed=4)

    codes = [soap.status("1").code for _ in range(10)]

    assert set(codes) == {93, 54}
    assert sandbox.latency()[0]["delayed"] == 10


@pytest.mark.slow
def test_thousands_of_calls_wait_while_others_are_answered(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    sandbox.set_latency("getPaymentStatus", "constant", seconds=3600)
    answered = 0.0

    def while_waiting() -> None:
        nonlocal answered
        answered = seconds_of(soap.send_invoice)
        sandbox.clear_latency()

    statuses = asyncio.run(_post_together(sandbox, IN_FLIGHT, while_waiting))

    assert answered < 5
    assert statuses == [b"HTTP/1.1 200 OK"] * IN_FLIGHT


async def _post_together(
    sandbox: SandboxProcess, number: int, while_waiting: Callable[[], None]
) -> list[bytes]:
    """Post calls that all wait at once, then run `while_waiting`; return their status lines."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 2 * number), hard), hard))
    body = STATUS.encode()
    head = f"POST /soap/service HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connections = [await asyncio.open_connection("127.0.0.1", sandbox.port) for _ in range(number)]
    for _, writer in connections:
        writer.write(head.encode() + body)
    while sandbox.latency()[0]["waiting"] < number:
        await asyncio.sleep(0.1)
    await asyncio.to_thread(while_waiting)
    statuses = [(await reader.readline()).strip() for reader, _ in connections]
    for _, writer in connections:
        writer.close()
    return statuses
