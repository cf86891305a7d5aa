"""A storm of bad requests, set by SANDBOX_FUZZ_SECONDS and SANDBOX_FUZZ_SEED."""

import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.sandbox.raw_http import connect
from tests.sandbox.raw_soap import SoapClient
from tests.sandbox.soap import fuzzing
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.slow

DURATION_SECONDS = float(os.environ.get("SANDBOX_FUZZ_SECONDS", "2"))
SEED = int(os.environ.get("SANDBOX_FUZZ_SEED", "1"))
MIN_REQUESTS = 200
MAX_REQUESTS = 2000 * DURATION_SECONDS
MAX_GROWTH_KB = 100_000


@pytest.fixture
def own_sandbox() -> Iterator[SandboxProcess]:
    """A separate process, whose stderr the test checks."""
    with SandboxProcess() as process:
        yield process


def test_sandbox_survives_storm_of_bad_requests(own_sandbox: SandboxProcess) -> None:
    random = Random(SEED)
    memory = memory_kb(own_sandbox)
    unfinished: list[socket.socket] = []
    stop = time.monotonic() + DURATION_SECONDS
    sent = 0

    while sent < MIN_REQUESTS or (time.monotonic() < stop and sent < MAX_REQUESTS):
        sent += 1
        request = fuzzing.request(random)
        response = exchange(own_sandbox, request)
        assert is_harmless(request, response), f"seed {SEED}, request {sent}: {request[:300]!r}"
        if sent % 50 == 0:
            unfinished.append(unfinished_request(own_sandbox))

    assert_payment_works(own_sandbox)
    assert memory_kb(own_sandbox) < memory + MAX_GROWTH_KB
    own_sandbox.stop()
    for connection in unfinished:
        connection.close()
    assert own_sandbox.errors() == ""


def exchange(sandbox: SandboxProcess, request: bytes) -> bytes:
    """Send a request, close the sending side, and return the response."""
    received = bytearray()
    with connect(sandbox) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                received += chunk
        except OSError:
            pass
    return bytes(received)


def is_harmless(request: bytes, response: bytes) -> bool:
    """Whether the response has a status below 500, is a SOAP fault, or is empty."""
    status = re.match(rb"HTTP/1\.[01] (\d{3}) ", response)
    if status is None:
        return response == b""
    if int(status[1]) < 500:
        return True
    return b"POST /soap/" in request and b"<soap:Fault>" in response


def unfinished_request(sandbox: SandboxProcess) -> socket.socket:
    """A connection whose body never ends."""
    connection = connect(sandbox)
    connection.sendall(b"POST /soap/service HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n<a>")
    return connection


def assert_payment_works(sandbox: SandboxProcess) -> None:
    sandbox.reset()
    soap = SoapClient(sandbox)
    reference = soap.paid_invoice()
    assert soap.status(reference, 1).text("status") == "PAID"


def memory_kb(sandbox: SandboxProcess) -> int:
    status = Path(f"/proc/{sandbox.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1])
