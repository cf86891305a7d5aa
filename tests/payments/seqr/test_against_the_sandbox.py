"""A whole payment between the gateway and the stand-in for SEQR, which share no code."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from payments.seqr import (
    Amount,
    Invoice,
    InvoiceStatus,
    SeqrAuthenticationError,
    SeqrClient,
    SeqrConfig,
    SeqrConflict,
    SeqrRejected,
    invoice_url,
    service_code_url,
)
from tests.sandbox_process import SandboxProcess

MSISDN = "46700643933"


@pytest.fixture
def sandbox_client(sandbox: SandboxProcess, sandbox_config: SeqrConfig) -> SeqrClient:
    sandbox.register_service("CAFE1", "http://127.0.0.1:1/cafe")
    return SeqrClient(sandbox_config)


def test_a_customer_scans_pays_and_is_asked_about(
    sandbox: SandboxProcess, sandbox_client: SeqrClient, invoice: Invoice
) -> None:
    token = sandbox.scan(service_code_url("CAFE1", "TABLE=4"), MSISDN)["token"]

    session = sandbox_client.get_client_session_info(token)
    sent = sandbox_client.send_invoice(invoice)
    before = sandbox_client.get_payment_status(sent.invoice_reference, 0)
    sandbox.pay(sent.invoice_reference, token)
    after = sandbox_client.get_payment_status(sent.invoice_reference, before.version)

    assert (session.msisdn, session.parameters) == (MSISDN, {"TABLE": "4"})
    assert sent.invoice_qr_code == invoice_url(sent.invoice_reference)
    assert (before.status, before.ers_reference) == (InvoiceStatus.ISSUED, None)
    assert after.status is InvoiceStatus.PAID
    assert after.version > before.version
    assert after.ers_reference
    assert after.receipt is not None
    assert after.receipt.total_amount == Amount(Decimal("45.00"), "SEK")
    assert after.receipt.invoice_reference == sent.invoice_reference
    assert isinstance(after.receipt.payment_date, datetime)


def test_an_unpaid_invoice_is_cancelled_once(sandbox_client: SeqrClient, invoice: Invoice) -> None:
    reference = sandbox_client.send_invoice(invoice).invoice_reference

    sandbox_client.cancel_invoice(reference)
    with pytest.raises(SeqrConflict) as again:
        sandbox_client.cancel_invoice(reference)
    status = sandbox_client.get_payment_status(reference, 0).status

    assert again.value.result_code == 95
    assert status is InvoiceStatus.CANCELED


def test_a_paid_invoice_is_not_cancelled(
    sandbox: SandboxProcess, sandbox_client: SeqrClient, invoice: Invoice
) -> None:
    token = sandbox.scan(service_code_url("CAFE1"))["token"]
    reference = sandbox_client.send_invoice(invoice).invoice_reference
    sandbox.pay(reference, token)

    with pytest.raises(SeqrConflict) as refused:
        sandbox_client.cancel_invoice(reference)

    assert refused.value.result_code == 50


def test_a_token_that_was_never_given_out_is_rejected(sandbox_client: SeqrClient) -> None:
    with pytest.raises(SeqrRejected):
        sandbox_client.get_client_session_info("0000000000-00000000")


def test_a_wrong_password_is_a_matter_for_a_person(
    sandbox_client: SeqrClient, sandbox_config: SeqrConfig, invoice: Invoice
) -> None:
    client = SeqrClient(replace(sandbox_config, terminal_password="wrong"))

    with pytest.raises(SeqrAuthenticationError):
        client.send_invoice(invoice)
