"""A scripted server, clients of it, and clients of the sandbox."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from lxml import etree

from payments.seqr import (
    CallRecord,
    Credentials,
    PaymentStatus,
    Report,
    ReportId,
    SeqrClient,
    SeqrConfig,
)
from tests.payments.seqr.sample_calls import SAMPLE_CALLS, fetch_report
from tests.payments.seqr.scripted_server import ScriptedServer
from tests.sandbox_process import SandboxProcess

PASSWORD = "terminal-secret-8461"
RESELLER_PASSWORD = "reseller-secret-3350"
CREDENTIALS = Credentials("terminal-1", PASSWORD, "reseller-1", "9900", RESELLER_PASSWORD)
SANDBOX_CREDENTIALS = Credentials(
    "public_test_shop_terminal", "12345678", "public_test_shop", "9900", "1234"
)

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"

ReadReport = Callable[[bytes], Report]
ReadStatus = Callable[[bytes], PaymentStatus]
Send = Callable[[str, Callable[[SeqrClient], object]], etree._Element]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def config(server: ScriptedServer) -> SeqrConfig:
    return SeqrConfig(
        service_url=server.url,
        session_url=server.url,
        client_id="seqrshop 0.1",
        channel="ClientWS",
        timeout_seconds=30,
        report_timeout_seconds=300,
        report_stall_seconds=30,
    )


@pytest.fixture
def client(config: SeqrConfig) -> SeqrClient:
    return SeqrClient(config, CREDENTIALS)


@pytest.fixture
def short_timeout_client(config: SeqrConfig) -> SeqrClient:
    """A client whose calls time out after 1 second."""
    return SeqrClient(replace(config, timeout_seconds=1), CREDENTIALS)


@pytest.fixture
def records() -> list[CallRecord]:
    """The calls that `listening_client` has reported."""
    return []


@pytest.fixture
def listening_client(client: SeqrClient, records: list[CallRecord]) -> SeqrClient:
    return client.with_listener(records.append)


@pytest.fixture
def read_status(client: SeqrClient, server: ScriptedServer) -> ReadStatus:
    """Returns the client's reading of an HTTP response to getPaymentStatus."""

    def read(response: bytes) -> PaymentStatus:
        server.respond_with(response)
        return client.get_payment_status("1001", 0)

    return read


@pytest.fixture
def read_report(client: SeqrClient, server: ScriptedServer) -> ReadReport:
    """Returns the client's reading of an HTTP response to executeReport."""

    def read(response: bytes) -> Report:
        server.respond_with(response)
        return fetch_report(client, ReportId.SHOP_TRANSACTIONS, "2012071711291546101000028")

    return read


@pytest.fixture
def send(client: SeqrClient, server: ScriptedServer) -> Send:
    """Returns the operation's element in the request that a successful call sends."""

    def send(operation: str, call: Callable[[SeqrClient], object]) -> etree._Element:
        server.respond_with(SAMPLE_CALLS[operation].response)
        call(client)
        envelope = etree.fromstring(server.requests[-1].body)
        assert (envelope.tag, envelope[-1].tag) == (f"{SOAP}Envelope", f"{SOAP}Body")
        (element,) = envelope[-1]
        return element

    return send


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """A sandbox that refuses what certification would refuse."""
    with SandboxProcess("--certification") as process:
        yield process


@pytest.fixture
def sandbox_config(sandbox: SandboxProcess, config: SeqrConfig) -> SeqrConfig:
    """The empty sandbox, which accepts SANDBOX_CREDENTIALS."""
    sandbox.reset()
    return replace(config, service_url=sandbox.service_url, session_url=sandbox.session_url)
