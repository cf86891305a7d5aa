"""A bounded storm of bad requests. SANDBOX_FUZZ_SECONDS and SANDBOX_FUZZ_SEED make it another."""

import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.sandbox.raw_http import connect
from tests.sandbox.raw_soap import Soap
from tests.sandbox.soap import fuzzing
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("SANDBOX_FUZZ_SECONDS", "2"))
SEED = int(os.environ.get("SANDBOX_FUZZ_SEED", "1"))
LEAST_REQUESTS = 200
MOST_REQUESTS = 2000 * SECONDS
MAX_GROWTH_KB = 100_000


@pytest.fixture
def own_sandbox() -> Iterator[SandboxProcess]:
    """A process of its own: what it says on stderr is read in the end."""
    with SandboxProcess() as process:
        yield process


def test_a_storm_of_bad_requests_leaves_it_unharmed(own_sandbox: SandboxProcess) -> None:
    random = Random(SEED)
    memory = memory_kb(own_sandbox)
    unfinished: list[socket.socket] = []
    stop = time.monotonic() + SECONDS
    sent = 0

    while sent < LEAST_REQUESTS or (time.monotonic() < stop and sent < MOST_REQUESTS):
        sent += 1
        request = fuzzing.request(random)
        answer = exchange(own_sandbox, request)
        assert clean(request, answer), f"seed {SEED}, request {sent}: {request[:300]!r}"
        if sent % 50 == 0:
            unfinished.append(hanging(own_sandbox))

    pays_as_ever(own_sandbox)
    assert memory_kb(own_sandbox) < memory + MAX_GROWTH_KB
    own_sandbox.stop()
    for connection in unfinished:
        connection.close()
    assert own_sandbox.errors() == ""


def exchange(sandbox: SandboxProcess, request: bytes) -> bytes:
    """What comes back once no more is sent."""
    received = bytearray()
    with connect(sandbox) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        except OSError:
            pass
    return bytes(received)


def clean(request: bytes, answer: bytes) -> bool:
    """An answer below 500, a SOAP fault, or none at all."""
    status = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    if status is None:
        return answer == b""
    if int(status[1]) < 500:
        return True
    return b"POST /soap/" in request and b"<soap:Fault>" in answer


def hanging(sandbox: SandboxProcess) -> socket.socket:
    """A connection whose body never comes to an end."""
    connection = connect(sandbox)
    connection.sendall(b"POST /soap/service HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n<a>")
    return connection


def pays_as_ever(sandbox: SandboxProcess) -> None:
    sandbox.reset()
    soap = Soap(sandbox)
    reference = soap.issued()
    sandbox.pay(reference)
    assert soap.status(reference, 1).text("status") == "PAID"


def memory_kb(sandbox: SandboxProcess) -> int:
    status = Path(f"/proc/{sandbox.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1])
