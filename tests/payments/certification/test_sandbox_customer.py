"""The rehearsal's customer: it finds the sandbox, and reports what it refuses."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from payments.certification.customer import SandboxCustomer
from payments.certification.problem import CertificationProblem, StepFailed
from tests.sandbox_process import SandboxProcess


class Other(BaseHTTPRequestHandler):
    """A server that is no sandbox: it answers everything with an object."""

    def do_GET(self) -> None:
        body = json.dumps({"service": "another"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Be silent."""


@pytest.fixture
def other_server() -> Iterator[str]:
    """The address of a server that is no sandbox."""
    server = HTTPServer(("127.0.0.1", 0), Other)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/soap/service"
    server.shutdown()
    thread.join()
    server.server_close()


def refusal_of(address: str) -> str:
    """Return the sentence about an address where no sandbox is."""
    with pytest.raises(CertificationProblem) as problem:
        SandboxCustomer(address)
    return str(problem.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("http:", "https:"),
        ("/soap/service", "/soap"),
        ("/soap/service", "/soap/service/2"),
        ("/soap/service", ""),
    ],
)
def test_address_of_no_sandbox_is_refused(sandbox: SandboxProcess, old: str, new: str) -> None:
    SandboxCustomer(sandbox.service_url)
    address = sandbox.service_url.replace(old, new)

    assert refusal_of(address) == f"--sandbox: there is no sandbox at SEQR_SERVICE_URL, {address}."


def test_another_server_is_no_sandbox(other_server: str) -> None:
    assert refusal_of(other_server) == (
        f"--sandbox: there is no sandbox at SEQR_SERVICE_URL, {other_server}."
    )


def test_payment_that_the_sandbox_refuses_fails_the_step(sandbox: SandboxProcess) -> None:
    customer = SandboxCustomer(sandbox.service_url)

    with pytest.raises(StepFailed, match=r"^The sandbox refuses /invoices/0/pay: HTTP 404\.$"):
        customer.pay("0")
    with pytest.raises(StepFailed, match=r"^The sandbox refuses /invoices/0/open: HTTP 404\.$"):
        customer.scan("0")
