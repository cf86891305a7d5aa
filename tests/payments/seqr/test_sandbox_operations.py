"""Every operation between the gateway and the sandbox, which share no code."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from payments.seqr import (
    AcknowledgmentMode,
    Amount,
    CashierTransactionSummary,
    CustomerToken,
    CustomerTokenStatus,
    Invoice,
    InvoiceRow,
    InvoiceStatus,
    PaymentMode,
    ReceiptDocument,
    ReportId,
    SeqrAuthenticationError,
    SeqrClient,
    SeqrConfig,
    SeqrConflict,
    SeqrOutcomeUnknown,
    SeqrRejected,
    SeqrReportNotReady,
    TransactionReport,
    invoice_url,
    service_code_url,
)
from tests.payments.seqr.conftest import SANDBOX_CREDENTIALS
from tests.payments.seqr.sample_calls import INVOICE, fetch_report
from tests.sandbox_process import SandboxProcess

MSISDN = "46700643933"


@pytest.fixture
def client(sandbox: SandboxProcess, sandbox_config: SeqrConfig) -> SeqrClient:
    sandbox.register_shop("CAFE1", "http://127.0.0.1:1/cafe")
    return SeqrClient(sandbox_config, SANDBOX_CREDENTIALS)


def sek(value: str) -> Amount:
    return Amount(Decimal(value), "SEK")


def invoice_of(value: str, invoice: Invoice = INVOICE) -> Invoice:
    """Return the invoice with one row of this value in SEK."""
    row = InvoiceRow("Kaffe", Decimal(1), sek(value))
    return replace(invoice, rows=(row,), total_amount=sek(value))


@pytest.fixture
def payment(sandbox: SandboxProcess, client: SeqrClient) -> str:
    """The ersReference of a confirmed payment of 45 SEK."""
    reference = client.send_invoice(invoice_of("45.00")).invoice_reference
    sandbox.pay(reference)
    ers_reference = client.get_payment_status(reference, 0).ers_reference
    assert ers_reference
    return ers_reference


def test_customer_scans_and_pays(sandbox: SandboxProcess, client: SeqrClient) -> None:
    token = sandbox.scan(service_code_url("CAFE1", "TABLE=4"), MSISDN)["token"]

    session = client.get_client_session_info(token)
    sent = client.send_invoice(INVOICE)
    before = client.get_payment_status(sent.invoice_reference, 0)
    sandbox.pay(sent.invoice_reference, token)
    after = client.get_payment_status(sent.invoice_reference, before.version)

    assert (session.msisdn, session.parameters) == (MSISDN, {"TABLE": "4"})
    assert sent.invoice_qr_code == invoice_url(sent.invoice_reference)
    assert (before.status, before.ers_reference) == (InvoiceStatus.ISSUED, None)
    assert after.status is InvoiceStatus.PAID
    assert after.version > before.version
    assert after.ers_reference
    assert after.receipt is not None
    assert after.receipt.total_amount == sek("45.00")
    assert after.receipt.invoice_reference == sent.invoice_reference
    assert isinstance(after.receipt.payment_date, datetime)


def test_unpaid_invoice_is_cancelled_once(client: SeqrClient) -> None:
    reference = client.send_invoice(INVOICE).invoice_reference

    client.cancel_invoice(reference)
    with pytest.raises(SeqrConflict) as second:
        client.cancel_invoice(reference)

    assert second.value.result_code == 95
    assert client.get_payment_status(reference, 0).status is InvoiceStatus.CANCELED


def test_paid_invoice_cannot_be_cancelled(sandbox: SandboxProcess, client: SeqrClient) -> None:
    token = sandbox.scan(service_code_url("CAFE1"))["token"]
    reference = client.send_invoice(INVOICE).invoice_reference
    sandbox.pay(reference, token)

    with pytest.raises(SeqrConflict) as refused:
        client.cancel_invoice(reference)

    assert refused.value.result_code == 50


def test_unknown_token_is_rejected(client: SeqrClient) -> None:
    with pytest.raises(SeqrRejected):
        client.get_client_session_info("0000000000-00000000")


def test_wrong_password_is_an_authentication_error(sandbox_config: SeqrConfig) -> None:
    client = SeqrClient(sandbox_config, replace(SANDBOX_CREDENTIALS, terminal_password="wrong"))

    with pytest.raises(SeqrAuthenticationError):
        client.send_invoice(INVOICE)


def test_payment_is_refunded_in_two_parts_and_never_beyond_its_amount(
    client: SeqrClient, payment: str
) -> None:
    first = client.refund_payment(payment, invoice_of("40.00"))
    second = client.refund_payment(payment, invoice_of("5.00"))
    with pytest.raises(SeqrRejected) as excess:
        client.refund_payment(payment, invoice_of("0.01"))

    assert len({payment, first.ers_reference, second.ers_reference}) == 3
    assert excess.value.result_code == 98


def test_refund_with_a_lost_response_is_sent_once_and_has_an_unknown_outcome(
    sandbox: SandboxProcess, client: SeqrClient, payment: str
) -> None:
    sandbox.fault("refundPayment", "drop", count=1)

    with pytest.raises(SeqrOutcomeUnknown):
        client.refund_payment(payment, invoice_of("40.00"))

    assert len(sandbox.calls("refundPayment")) == 1


def test_receipt_is_accepted_only_for_a_known_payment(client: SeqrClient, payment: str) -> None:
    receipt = ReceiptDocument("text/html", "<p>Kvitto på räksmörgås</p>".encode(), "RECEIPT")

    client.submit_payment_receipt(payment, receipt)
    with pytest.raises(SeqrRejected) as unknown:
        client.submit_payment_receipt("2012060410485453001000101", receipt)

    assert unknown.value.result_code == 23


def test_reservation_is_committed_once(sandbox: SandboxProcess, client: SeqrClient) -> None:
    invoice = replace(invoice_of("45.00"), payment_mode=PaymentMode.RESERVATION_REQUIRED)
    reference = client.send_invoice(invoice).invoice_reference
    sandbox.pay(reference)
    reserved = client.get_payment_status(reference, 0)

    client.commit_reservation(reference, sek("40.00"))
    with pytest.raises(SeqrConflict) as second:
        client.commit_reservation(reference, sek("40.00"))

    after = client.get_payment_status(reference, reserved.version)
    assert reserved.status is InvoiceStatus.RESERVED
    assert second.value.result_code == 96
    assert after.status is InvoiceStatus.PAID
    assert after.receipt is not None
    assert after.receipt.total_amount == sek("40.00")


def test_loyalty_card_changes_the_invoice_before_payment(
    sandbox: SandboxProcess, client: SeqrClient
) -> None:
    sandbox.control(
        "POST", "/customers", {"msisdn": MSISDN, "cards": [{"id": "club", "value": "8765"}]}
    )
    invoice = replace(
        invoice_of("45.00"), acknowledgment_mode=AcknowledgmentMode.REQUIRE_ACKNOWLEDGMENT
    )
    reference = client.send_invoice(invoice).invoice_reference
    sandbox.control("POST", f"/invoices/{reference}/open", {"msisdn": MSISDN})

    pending = client.get_payment_status(reference, 0)
    (card,) = pending.customer_tokens
    used_card = replace(card, status=CustomerTokenStatus.USED)
    client.update_invoice(reference, invoice_of("40.00", invoice), (used_card,))
    updated = client.get_payment_status(reference, pending.version)

    assert pending.status is InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE
    assert (card.id, card.value, card.status) == ("club", "8765", CustomerTokenStatus.PENDING)
    assert updated.status is InvoiceStatus.ISSUED
    assert sandbox.invoice(reference)["amount"] == "40.00"


def test_card_swiped_in_the_shop_is_sent_with_the_invoice(client: SeqrClient) -> None:
    card = CustomerToken("club", None, CustomerTokenStatus.USED, "8765")

    reference = client.send_invoice(INVOICE, (card,)).invoice_reference

    assert client.get_payment_status(reference, 0).status is InvoiceStatus.ISSUED


def test_reports_of_a_closed_period_match_its_payments_and_refunds(
    sandbox: SandboxProcess, client: SeqrClient, payment: str
) -> None:
    refund = client.refund_payment(payment, invoice_of("40.00")).ers_reference
    period = client.mark_transaction_period()
    with pytest.raises(SeqrReportNotReady):
        fetch_report(client, ReportId.SHOP_TRANSACTIONS, period)
    sandbox.advance(4)

    report = fetch_report(client, ReportId.SHOP_TRANSACTIONS, period)
    summary = fetch_report(
        client, ReportId.TERMINAL_SUMMARY, period, terminal_id=SANDBOX_CREDENTIALS.terminal_id
    )

    assert isinstance(report, TransactionReport)
    assert {(row.ers_reference, row.sales_amount) for row in report.rows} == {
        (payment, Decimal("45.00")),
        (refund, Decimal("-40.00")),
    }
    assert isinstance(summary, CashierTransactionSummary)


def test_cash_register_is_registered_used_and_unregistered(client: SeqrClient) -> None:
    terminal_id = client.register_terminal("till-1", "a password", "Kassa 1")
    till = client.with_credentials(
        replace(SANDBOX_CREDENTIALS, terminal_id=terminal_id, terminal_password="a password")
    )

    references = [till.send_invoice(INVOICE).invoice_reference for _ in range(2)]
    statuses = [till.get_payment_status(reference, 0).status for reference in references]
    till.assign_seqr_id("KASSA1")
    till.unregister_terminal()

    assert statuses == [InvoiceStatus.CANCELED, InvoiceStatus.ISSUED]
    with pytest.raises(SeqrAuthenticationError):
        till.send_invoice(INVOICE)
