"""A minimal and a full call of every operation, with SEQR's response."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

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
    Report,
    ReportId,
    ReportMeta,
    SentInvoice,
    SeqrClient,
    SummaryRow,
    TransactionReport,
)
from tests.payments.seqr.sample_responses import (
    ISSUED_FIELDS,
    SENT_INVOICE_FIELDS,
    SESSION_FIELDS,
    SUMMARY_REPORT,
    seqr_response,
)

SEK = "SEK"
TOKEN = "0000002012-63506374"
NEW_TERMINAL_PASSWORD = "new-terminal-secret-2207"
SPECIAL_TEXT = "Räksmörgås <&> \"'☕ ]]>"
"""Swedish letters, an emoji and all of XML's special characters."""

LOYALTY_CARD = CustomerToken("SOME_CARD", SPECIAL_TEXT, CustomerTokenStatus.USED, "2610411111110")
RECEIPT = ReceiptDocument("text/html", f"<p>{SPECIAL_TEXT}</p>".encode(), SPECIAL_TEXT)
FULL_ROW = InvoiceRow(
    item_description=SPECIAL_TEXT,
    item_quantity=Decimal("1E+1"),
    item_total_amount=Amount(Decimal("99999999.99"), SEK),
    item_unit_price=Amount(Decimal("0.01"), SEK),
    item_tax_rate=Decimal(12),
    item_unit="st",
    item_sku="B-1",
    item_ean="7310865004703",
    item_discount=Amount(Decimal(-1), SEK),
)


INVOICE = Invoice(
    title="Kaffe",
    client_invoice_id="A-7",
    issue_date=datetime(2026, 5, 17, 12, 30, tzinfo=UTC),
    rows=(InvoiceRow("Bryggkaffe", Decimal(2), Amount(Decimal("45.00"), SEK)),),
    total_amount=Amount(Decimal("45.00"), SEK),
    cashier_id="web",
    footer="Order A-7",
    notification_url="https://shop.example/notify/url-secret-1",
    back_url="https://shop.example/back/url-secret-2",
)
MINIMAL_INVOICE = replace(INVOICE, notification_url=None, back_url=None)
FULL_INVOICE = replace(
    INVOICE,
    rows=(FULL_ROW, FULL_ROW),
    footer=SPECIAL_TEXT,
    payment_mode=PaymentMode.RESERVATION_REQUIRED_PRELIMINARY_AMOUNT,
    commit_reservation_timeout_seconds=3600,
)


@dataclass(frozen=True)
class SampleCall:
    """One operation: two calls, SEQR's successful response and the value it becomes."""

    operation: str
    minimal: Callable[[SeqrClient], object]
    full: Callable[[SeqrClient], object]
    fields: str = ""
    ers_reference: str = ""
    value: object = None
    by_reseller: bool = False
    repeatable: bool = True

    @property
    def response(self) -> bytes:
        """SEQR's successful HTTP response."""
        return seqr_response(self.operation, self.fields, ers_reference=self.ers_reference)


_CALLS = [
    SampleCall(
        "sendInvoice",
        lambda client: client.send_invoice(MINIMAL_INVOICE),
        lambda client: client.send_invoice(FULL_INVOICE, (LOYALTY_CARD, LOYALTY_CARD)),
        fields=SENT_INVOICE_FIELDS,
        value=SentInvoice("1001", "HTTP://SEQR.SE/R1001"),
    ),
    SampleCall(
        "updateInvoice",
        lambda client: client.update_invoice("1001", MINIMAL_INVOICE),
        lambda client: client.update_invoice("1001", FULL_INVOICE, (LOYALTY_CARD,)),
    ),
    SampleCall(
        "getPaymentStatus",
        lambda client: client.get_payment_status("1", 0),
        lambda client: client.get_payment_status("1001", 2**31 - 1),
        fields=ISSUED_FIELDS,
        value=PaymentStatus(InvoiceStatus.ISSUED, 1, None, None, ()),
    ),
    SampleCall(
        "cancelInvoice",
        lambda client: client.cancel_invoice("1"),
        lambda client: client.cancel_invoice(SPECIAL_TEXT),
    ),
    SampleCall(
        "commitReservation",
        lambda client: client.commit_reservation("1", Amount(Decimal("0.01"), SEK)),
        lambda client: client.commit_reservation("1", Amount(Decimal("99999999.99"), SEK)),
        repeatable=False,
    ),
    SampleCall(
        "submitPaymentReceipt",
        lambda client: client.submit_payment_receipt("1", ReceiptDocument("a/b", b"\0", "c")),
        lambda client: client.submit_payment_receipt("2012060410485453001000101", RECEIPT),
    ),
    SampleCall(
        "refundPayment",
        lambda client: client.refund_payment("1", MINIMAL_INVOICE),
        lambda client: client.refund_payment("2012060410485453001000101", FULL_INVOICE),
        ers_reference="2012050100000000000000002",
        value=Refund("2012050100000000000000002"),
        repeatable=False,
    ),
    SampleCall(
        "markTransactionPeriod",
        lambda client: client.mark_transaction_period(),
        lambda client: client.mark_transaction_period(SPECIAL_TEXT),
        fields="<transactionPeriodId>2012053119463656301000002</transactionPeriodId>",
        value="2012053119463656301000002",
        by_reseller=True,
        repeatable=False,
    ),
    SampleCall(
        "executeReport",
        lambda client: fetch_report(client, ReportId.SHOP, "1"),
        lambda client: fetch_report(
            client,
            ReportId.TERMINAL_SUMMARY,
            "2012053119463656301000002",
            SPECIAL_TEXT,
            language="sv",
        ),
        fields=f"<report><contentString>{SUMMARY_REPORT}</contentString></report>",
        value=CashierTransactionSummary(
            ReportMeta("hm1", "t1", "2012102916093771801000146", "2012-10-30 12:18"),
            (SummaryRow(1, Decimal(10)),),
        ),
        by_reseller=True,
    ),
    SampleCall(
        "registerTerminal",
        lambda client: client.register_terminal("1", NEW_TERMINAL_PASSWORD, "n"),
        lambda client: client.register_terminal(SPECIAL_TEXT, NEW_TERMINAL_PASSWORD, SPECIAL_TEXT),
        fields="<terminalId>87e791f9e24148a6892c52aa85bb0331</terminalId>",
        value="87e791f9e24148a6892c52aa85bb0331",
        by_reseller=True,
        repeatable=False,
    ),
    SampleCall(
        "unregisterTerminal",
        lambda client: client.unregister_terminal(),
        lambda client: client.unregister_terminal(),
        repeatable=False,
    ),
    SampleCall(
        "assignSeqrId",
        lambda client: client.assign_seqr_id("A"),
        lambda client: client.assign_seqr_id(SPECIAL_TEXT),
    ),
    SampleCall(
        "getClientSessionInfo",
        lambda client: client.get_client_session_info(TOKEN),
        lambda client: client.get_client_session_info(SPECIAL_TEXT),
        fields=SESSION_FIELDS,
        value=ClientSession("46700643933", "sub-1", {"TABLE": "4"}),
    ),
]


def fetch_report(client: SeqrClient, *arguments: Any, **options: Any) -> Report:
    """Return a report with its rows in memory; the arguments are those of execute_report."""
    with client.execute_report(*arguments, **options) as report:
        if isinstance(report, TransactionReport):
            return TransactionReport(report.meta, report.row_count, tuple(report.rows))
        return report


SAMPLE_CALLS = {call.operation: call for call in _CALLS}

every_operation = pytest.mark.parametrize("call", _CALLS, ids=SAMPLE_CALLS.keys())
