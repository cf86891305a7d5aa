"""A hostile server and clients that speak to it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from payments.seqr import Amount, Invoice, InvoiceRow, SeqrClient, SeqrConfig
from tests.payments.seqr.hostile_server import HostileServer
from tests.sandbox_process import SandboxProcess

PASSWORD = "terminal-secret-8461"
RESELLER_PASSWORD = "reseller-secret-3350"


@pytest.fixture
def hostile_server() -> Iterator[HostileServer]:
    server = HostileServer()
    yield server
    server.stop()


@pytest.fixture
def config(hostile_server: HostileServer) -> SeqrConfig:
    return SeqrConfig(
        service_url=hostile_server.url,
        session_url=hostile_server.url,
        terminal_id="terminal-1",
        terminal_password=PASSWORD,
        reseller_id="reseller-1",
        reseller_user_id="9900",
        reseller_password=RESELLER_PASSWORD,
        client_id="seqrshop 0.1",
        channel="ClientWS",
        timeout_seconds=5,
    )


@pytest.fixture
def client(config: SeqrConfig) -> SeqrClient:
    return SeqrClient(config)


@pytest.fixture
def impatient_client(config: SeqrConfig) -> SeqrClient:
    """A client whose calls may take 0.3 seconds."""
    return SeqrClient(replace(config, timeout_seconds=0.3))


@pytest.fixture
def invoice() -> Invoice:
    return Invoice(
        title="Kaffe",
        client_invoice_id="A-7",
        issue_date=datetime(2026, 5, 17, 12, 30, tzinfo=UTC),
        rows=(InvoiceRow("Bryggkaffe", Decimal(2), Amount(Decimal("45.00"), "SEK")),),
        total_amount=Amount(Decimal("45.00"), "SEK"),
        cashier_id="web",
        footer="Order A-7",
        notification_url="https://shop.example/notify/door-secret-1",
        back_url="https://shop.example/back/door-secret-2",
    )


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """A stand-in for SEQR, which shares no code with the gateway."""
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox_config(sandbox: SandboxProcess, config: SeqrConfig) -> SeqrConfig:
    """The sandbox, emptied, and its published principals."""
    sandbox.reset()
    return replace(
        config,
        service_url=sandbox.service_url,
        session_url=sandbox.session_url,
        terminal_id="public_test_shop_terminal",
        terminal_password="12345678",
        reseller_id="public_test_shop",
        reseller_user_id="9900",
        reseller_password="1234",
    )
