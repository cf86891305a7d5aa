"""The rest of the interface, between the gateway and the stand-in for SEQR."""

from dataclasses import replace
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
)
from tests.sandbox_process import SandboxProcess

MSISDN = "46700643933"
SEK_45 = Amount(Decimal("45.00"), "SEK")
SEK_40 = Amount(Decimal("40.00"), "SEK")


@pytest.fixture
def client(sandbox_config: SeqrConfig) -> SeqrClient:
    return SeqrClient(sandbox_config)


def of(amount: Amount, invoice: Invoice) -> Invoice:
    row = InvoiceRow("Kaffe", Decimal(1), amount)
    return replace(invoice, rows=(row,), total_amount=amount)


def paid(sandbox: SandboxProcess, client: SeqrClient, invoice: Invoice) -> str:
    """Have an invoice paid and confirmed; return the payment's ersReference."""
    reference = client.send_invoice(invoice).invoice_reference
    sandbox.pay(reference)
    ers_reference = client.get_payment_status(reference, 0).ers_reference
    assert ers_reference
    return ers_reference


def test_a_payment_is_given_back_in_two_parts_and_never_more_than_was_paid(
    sandbox: SandboxProcess, client: SeqrClient, invoice: Invoice
) -> None:
    ers_reference = paid(sandbox, client, of(SEK_45, invoice))

    first = client.refund_payment(ers_reference, of(SEK_40, invoice))
    second = client.refund_payment(ers_reference, of(Amount(Decimal("5.00"), "SEK"), invoice))
    with pytest.raises(SeqrRejected) as too_much:
        client.refund_payment(ers_reference, of(Amount(Decimal("0.01"), "SEK"), invoice))

    assert len({ers_reference, first.ers_reference, second.ers_reference}) == 3
    assert too_much.value.result_code == 98


def test_a_refunds_lost_answer_is_an_unknown_outcome_and_it_was_sent_once(
    sandbox: SandboxProcess, client: SeqrClient, invoice: Invoice
) -> None:
    ers_reference = paid(sandbox, client, of(SEK_45, invoice))
    sandbox.fault("refundPayment", "drop", count=1)

    with pytest.raises(SeqrOutcomeUnknown):
        client.refund_payment(ers_reference, of(SEK_40, invoice))

    assert len(sandbox.calls("refundPayment")) == 1


def test_a_receipt_is_taken_for_a_payment_and_for_nothing_else(
    sandbox: SandboxProcess, client: SeqrClient, invoice: Invoice
) -> None:
    ers_reference = paid(sandbox, client, invoice)
    receipt = ReceiptDocument("text/html", "<p>Kvitto på räksmörgås</p>".encode(), "RECEIPT")

    client.submit_payment_receipt(ers_reference, receipt)
    with pytest.raises(SeqrRejected) as unknown:
        client.submit_payment_receipt("2012060410485453001000101", receipt)

    assert unknown.value.result_code == 23


def test_a_reservation_is_committed_once(
    sandbox: SandboxProcess, client: SeqrClient, invoice: Invoice
) -> None:
    asked = replace(of(SEK_45, invoice), payment_mode=PaymentMode.RESERVATION_REQUIRED)
    reference = client.send_invoice(asked).invoice_reference
    sandbox.pay(reference)
    reserved = client.get_payment_status(reference, 0)

    client.commit_reservation(reference, SEK_40)
    with pytest.raises(SeqrConflict) as again:
        client.commit_reservation(reference, SEK_40)

    after = client.get_payment_status(reference, reserved.version)
    assert reserved.status is InvoiceStatus.RESERVED
    assert again.value.result_code == 96
    assert after.status is InvoiceStatus.PAID
    assert after.receipt is not None
    assert after.receipt.total_amount == SEK_40


def test_a_loyalty_card_changes_the_bill_before_it_is_paid(
    sandbox: SandboxProcess, client: SeqrClient, invoice: Invoice
) -> None:
    sandbox.control(
        "POST", "/customers", {"msisdn": MSISDN, "cards": [{"id": "club", "value": "8765"}]}
    )
    asked = replace(
        of(SEK_45, invoice), acknowledgment_mode=AcknowledgmentMode.REQUIRE_ACKNOWLEDGMENT
    )
    reference = client.send_invoice(asked).invoice_reference
    sandbox.control("POST", f"/invoices/{reference}/open", {"msisdn": MSISDN})

    pending = client.get_payment_status(reference, 0)
    (card,) = pending.customer_tokens
    client.update_invoice(
        reference, of(SEK_40, asked), (replace(card, status=CustomerTokenStatus.USED),)
    )
    updated = client.get_payment_status(reference, pending.version)

    assert pending.status is InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE
    assert (card.id, card.value, card.status) == ("club", "8765", CustomerTokenStatus.PENDING)
    assert updated.status is InvoiceStatus.ISSUED
    assert sandbox.invoice(reference)["amount"] == "40.00"


def test_a_card_swiped_at_the_shop_goes_with_the_invoice(
    sandbox: SandboxProcess, client: SeqrClient, invoice: Invoice
) -> None:
    card = CustomerToken("club", None, CustomerTokenStatus.USED, "8765")

    reference = client.send_invoice(invoice, (card,)).invoice_reference

    assert client.get_payment_status(reference, 0).status is InvoiceStatus.ISSUED


def test_a_period_is_closed_and_its_reports_match_what_was_paid_and_given_back(
    sandbox: SandboxProcess, client: SeqrClient, sandbox_config: SeqrConfig, invoice: Invoice
) -> None:
    sale = paid(sandbox, client, of(SEK_45, invoice))
    refund = client.refund_payment(sale, of(SEK_40, invoice)).ers_reference
    period = client.mark_transaction_period()
    with pytest.raises(SeqrReportNotReady):
        client.execute_report(ReportId.SHOP_TRANSACTIONS, period)
    sandbox.advance(4)

    report = client.execute_report(ReportId.SHOP_TRANSACTIONS, period)
    summary = client.execute_report(
        ReportId.TERMINAL_SUMMARY, period, terminal_id=sandbox_config.terminal_id
    )

    assert isinstance(report, TransactionReport)
    assert {(row.ers_reference, row.sales_amount) for row in report.rows} == {
        (sale, Decimal("45.00")),
        (refund, Decimal("-40.00")),
    }
    assert isinstance(summary, CashierTransactionSummary)


def test_a_cash_register_is_registered_used_and_taken_out_of_use(
    sandbox: SandboxProcess, client: SeqrClient, sandbox_config: SeqrConfig, invoice: Invoice
) -> None:
    terminal_id = client.register_terminal("till-1", "a password", "Kassa 1")
    till = SeqrClient(
        replace(sandbox_config, terminal_id=terminal_id, terminal_password="a password")
    )

    first = till.send_invoice(invoice).invoice_reference
    second = till.send_invoice(invoice).invoice_reference
    statuses = [till.get_payment_status(reference, 0).status for reference in (first, second)]
    till.assign_seqr_id("KASSA1")
    till.unregister_terminal()

    assert statuses == [InvoiceStatus.CANCELED, InvoiceStatus.ISSUED]
    with pytest.raises(SeqrAuthenticationError):
        till.send_invoice(invoice)
