"""The benchmark's fake SEQR answers the gateway as the sandbox does."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from payments.seqr import (
    Amount,
    Credentials,
    Invoice,
    InvoiceRow,
    PaymentStatus,
    SeqrClient,
    SeqrConfig,
    SeqrOutcomeUnknown,
    SeqrRejected,
    SeqrUnavailable,
)
from tests.bench.fake_seqr_process import SeqrProcess
from tests.bench.launch import Launcher
from tests.sandbox_process import SandboxProcess

TOTAL = Amount(Decimal("45.00"), "SEK")
INVOICE = Invoice(
    title="Kafé",
    client_invoice_id="1000-1",
    issue_date=datetime(2026, 5, 17, 12, 30, tzinfo=UTC),
    rows=(InvoiceRow("Kanelbulle", Decimal(1), TOTAL),),
    total_amount=TOTAL,
    cashier_id="web",
    footer="1000",
    notification_url=None,
    back_url=None,
)
CREDENTIALS = Credentials(
    terminal_id="public_test_shop_terminal",
    terminal_password="12345678",
    reseller_id="public_test_shop",
    reseller_user_id="9900",
    reseller_password="1234",
)
ANY_CORE = frozenset({0})


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[SeqrProcess]:
    with Launcher(tmp_path, {}) as launcher:
        yield SeqrProcess(launcher, ANY_CORE)


def client_of(service_url: str) -> SeqrClient:
    return SeqrClient(
        SeqrConfig(
            service_url=service_url,
            session_url=service_url,
            client_id="seqrshop",
            channel="ClientWS",
            timeout_seconds=30,
            report_timeout_seconds=300,
            report_stall_seconds=30,
        ),
        CREDENTIALS,
    )


def without_references(status: PaymentStatus) -> PaymentStatus:
    """Return a status without the fields that are unique to an invoice."""
    receipt = status.receipt and replace(
        status.receipt,
        client_invoice_id=None,
        invoice_reference="",
        payment_reference="",
        payment_date=None,
    )
    return replace(status, ers_reference="", receipt=receipt)


def test_invoice_is_issued_and_paid_as_in_the_sandbox(fake: SeqrProcess) -> None:
    with SandboxProcess() as sandbox:
        at_sandbox, at_fake = client_of(sandbox.service_url), client_of(fake.service_url)
        theirs = at_sandbox.send_invoice(INVOICE).invoice_reference
        ours = at_fake.send_invoice(INVOICE).invoice_reference

        issued = [at_sandbox.get_payment_status(theirs, 0), at_fake.get_payment_status(ours, 0)]
        sandbox.pay(theirs)
        fake.set_behaviour(payments_per_second=1_000.0)
        time.sleep(0.05)
        paid = [at_sandbox.get_payment_status(theirs, 1), at_fake.get_payment_status(ours, 1)]

    assert issued[0] == issued[1]
    assert without_references(paid[0]) == without_references(paid[1])
    assert paid[1].ers_reference


def test_queries_of_any_terminal_are_answered(fake: SeqrProcess) -> None:
    client = client_of(fake.service_url)
    other = client.with_credentials(replace(CREDENTIALS, terminal_id="bench-1"))
    reference = client.send_invoice(INVOICE).invoice_reference

    assert other.get_payment_status(reference, 0) == client.get_payment_status(reference, 0)


def test_queries_and_payments_are_counted(fake: SeqrProcess) -> None:
    client = client_of(fake.service_url)
    fake.issue([10_000_000_001])
    fake.count()
    client.get_payment_status("10000000001", 1)
    fake.set_behaviour(payments_per_second=1_000.0)
    time.sleep(0.05)
    client.get_payment_status("10000000001", 1)

    stats = fake.stats()

    [payment] = stats.payments
    assert (stats.polls, payment.reference) == (2, "10000000001")
    assert payment.answered_at is not None
    assert payment.paid_at <= payment.answered_at
    assert 0.05 <= stats.longest_silence <= stats.seconds


def test_failures_and_unknown_invoices_match_the_sandbox(fake: SeqrProcess) -> None:
    client = client_of(fake.service_url)

    with pytest.raises(SeqrRejected) as unknown:
        client.get_payment_status("1", 0)
    fake.set_behaviour(failing_share=1.0)
    with pytest.raises(SeqrOutcomeUnknown):
        client.get_payment_status("1", 0)

    assert unknown.value.result_code == 54


def test_answers_can_be_delayed_and_unique(fake: SeqrProcess) -> None:
    client = client_of(fake.service_url)
    fake.issue([10_000_000_001])
    fake.set_behaviour(delay=0.05, unique_answers=True)

    began = time.monotonic()
    status = client.get_payment_status("10000000001", 1)

    assert time.monotonic() - began >= 0.05
    assert status.version == 1


def test_busy_answers_are_queries_and_silence_is_counted(fake: SeqrProcess) -> None:
    client = client_of(fake.service_url)
    fake.issue([10_000_000_001, 10_000_000_002])
    fake.set_behaviour(busy_share=1.0)
    time.sleep(0.1)
    with pytest.raises(SeqrUnavailable):
        client.get_payment_status("10000000001", 0)

    stats = fake.stats()

    assert stats.never_queried == 1
    assert stats.silence >= 0.1  # about the other one
