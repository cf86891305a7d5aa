"""Every operation of the gateway: a call with the least and one with the most content."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from payments.seqr import (
    Amount,
    CashierTransactionSummary,
    ClientSession,
    CustomerToken,
    CustomerTokenStatus,
    Invoice,
    InvoiceRow,
    InvoiceStatus,
    PaymentMode,
    PaymentStatus,
    ReceiptDocument,
    Refund,
    ReportId,
    ReportMeta,
    SentInvoice,
    SeqrClient,
    SummaryRow,
)
from tests.payments.seqr.sample_answers import ISSUED, SENT, SESSION, SUMMARY, answer

SEK = "SEK"
TOKEN = "0000002012-63506374"
NEW_TERMINAL_PASSWORD = "new-terminal-secret-2207"
AWKWARD = "Räksmörgås <&> \"'☕ ]]>"
"""Swedish letters, an emoji, and everything that XML would take for its own."""

LOYALTY_CARD = CustomerToken("SOME_CARD", AWKWARD, CustomerTokenStatus.USED, "2610411111110")
RECEIPT = ReceiptDocument("text/html", f"<p>{AWKWARD}</p>".encode(), AWKWARD)
FULL_ROW = InvoiceRow(
    item_description=AWKWARD,
    item_quantity=Decimal("1E+1"),
    item_total_amount=Amount(Decimal("99999999.99"), SEK),
    item_unit_price=Amount(Decimal("0.01"), SEK),
    item_tax_rate=Decimal(12),
    item_unit="st",
    item_sku="B-1",
    item_ean="7310865004703",
    item_discount=Amount(Decimal(-1), SEK),
)


def full(invoice: Invoice) -> Invoice:
    """Return the invoice with every element that one can have."""
    return replace(
        invoice,
        rows=(FULL_ROW, FULL_ROW),
        footer=AWKWARD,
        payment_mode=PaymentMode.RESERVATION_REQUIRED_PRELIMINARY_AMOUNT,
        commit_reservation_timeout_seconds=3600,
    )


def bare(invoice: Invoice) -> Invoice:
    """Return the invoice with as little as one can have."""
    return replace(invoice, notification_url=None, back_url=None)


@dataclass(frozen=True)
class Sample:
    """One operation: how to call it, what SEQR answers with success, what is made of it."""

    least: Callable[[SeqrClient, Invoice], object]
    most: Callable[[SeqrClient, Invoice], object]
    fields: str = ""
    ers_reference: str = ""
    result: object = None
    by_reseller: bool = False
    repeatable: bool = True

    def answer(self, operation: str) -> bytes:
        """Return the whole HTTP answer that means success."""
        return answer(operation, self.fields, ers_reference=self.ers_reference)


SAMPLES = {
    "sendInvoice": Sample(
        lambda client, invoice: client.send_invoice(bare(invoice)),
        lambda client, invoice: client.send_invoice(full(invoice), (LOYALTY_CARD, LOYALTY_CARD)),
        fields=SENT,
        result=SentInvoice("1001", "HTTP://SEQR.SE/R1001"),
    ),
    "updateInvoice": Sample(
        lambda client, invoice: client.update_invoice("1001", bare(invoice)),
        lambda client, invoice: client.update_invoice("1001", full(invoice), (LOYALTY_CARD,)),
    ),
    "getPaymentStatus": Sample(
        lambda client, _: client.get_payment_status("1", 0),
        lambda client, _: client.get_payment_status("1001", 2**31 - 1),
        fields=ISSUED,
        result=PaymentStatus(InvoiceStatus.ISSUED, 1, None, None, ()),
    ),
    "cancelInvoice": Sample(
        lambda client, _: client.cancel_invoice("1"),
        lambda client, _: client.cancel_invoice(AWKWARD),
    ),
    "commitReservation": Sample(
        lambda client, _: client.commit_reservation("1", Amount(Decimal("0.01"), SEK)),
        lambda client, _: client.commit_reservation("1", Amount(Decimal("99999999.99"), SEK)),
        repeatable=False,
    ),
    "submitPaymentReceipt": Sample(
        lambda client, _: client.submit_payment_receipt("1", ReceiptDocument("a/b", b"\0", "c")),
        lambda client, _: client.submit_payment_receipt("2012060410485453001000101", RECEIPT),
    ),
    "refundPayment": Sample(
        lambda client, invoice: client.refund_payment("1", bare(invoice)),
        lambda client, invoice: client.refund_payment("2012060410485453001000101", full(invoice)),
        ers_reference="2012050100000000000000002",
        result=Refund("2012050100000000000000002"),
        repeatable=False,
    ),
    "markTransactionPeriod": Sample(
        lambda client, _: client.mark_transaction_period(),
        lambda client, _: client.mark_transaction_period(AWKWARD),
        fields="<transactionPeriodId>2012053119463656301000002</transactionPeriodId>",
        result="2012053119463656301000002",
        by_reseller=True,
        repeatable=False,
    ),
    "executeReport": Sample(
        lambda client, _: client.execute_report(ReportId.SHOP, "1"),
        lambda client, _: client.execute_report(
            ReportId.TERMINAL_SUMMARY, "2012053119463656301000002", AWKWARD, language="sv"
        ),
        fields=f"<report><contentString>{SUMMARY}</contentString></report>",
        result=CashierTransactionSummary(
            ReportMeta("hm1", "t1", "2012102916093771801000146", "2012-10-30 12:18"),
            (SummaryRow(1, Decimal(10)),),
        ),
        by_reseller=True,
    ),
    "registerTerminal": Sample(
        lambda client, _: client.register_terminal("1", NEW_TERMINAL_PASSWORD, "n"),
        lambda client, _: client.register_terminal(AWKWARD, NEW_TERMINAL_PASSWORD, AWKWARD),
        fields="<terminalId>87e791f9e24148a6892c52aa85bb0331</terminalId>",
        result="87e791f9e24148a6892c52aa85bb0331",
        by_reseller=True,
        repeatable=False,
    ),
    "unregisterTerminal": Sample(
        lambda client, _: client.unregister_terminal(),
        lambda client, _: client.unregister_terminal(),
        repeatable=False,
    ),
    "assignSeqrId": Sample(
        lambda client, _: client.assign_seqr_id("A"),
        lambda client, _: client.assign_seqr_id(AWKWARD),
    ),
    "getClientSessionInfo": Sample(
        lambda client, _: client.get_client_session_info(TOKEN),
        lambda client, _: client.get_client_session_info(AWKWARD),
        fields=SESSION,
        result=ClientSession("46700643933", "sub-1", {"TABLE": "4"}),
    ),
}
