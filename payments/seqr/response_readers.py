"""What each operation's successful answer says: one reader per operation.

A reader gets the `return` element of an answer whose result code is SUCCESS, and raises
UnreadableAnswerError where something is missing that the answer is worthless without.
"""

from decimal import Decimal

from payments.seqr.errors import SeqrUnknownStatus
from payments.seqr.reports import (
    CashierTransactionSummary,
    Report,
    ReportMeta,
    SummaryRow,
    TransactionReport,
    TransactionRow,
)
from payments.seqr.response_parser import AnswerElement, UnreadableAnswerError, open_document
from payments.seqr.types import (
    Amount,
    ClientSession,
    CustomerToken,
    InvoiceStatus,
    PaymentStatus,
    Receipt,
    Refund,
    SentInvoice,
)

_CENT = Decimal("0.01")
# Entries of getClientSessionInfo that SEQR adds to those of the scanned code.
_OWN_ENTRIES = {"msisdn", "subscriberKey", "authKey"}
# SEQR's own examples name the sums of a shop by the first, and those of a terminal by the second
# in front and by the third behind.
_SUMMARIES = {
    "ResellerTransactionSummary",
    "CashierTransactionSummary",
    "TerminalTransactionSummary",
}


def read_nothing(answer: AnswerElement) -> None:
    """The result code said it all."""


def read_client_session(answer: AnswerElement) -> ClientSession:
    """Source: API reference 2.6.0, getClientSessionInfo."""
    entries: dict[str, str] = {}
    for entry in answer.required_child("parameters").children("entry"):
        key, value = entry.text("key"), entry.text("value") or ""
        if key is None:
            continue
        # A printed code may carry any parameters. One that pretends to be SEQR's own must not
        # make its owner another customer.
        if key in _OWN_ENTRIES and entries.get(key, value) != value:
            raise UnreadableAnswerError(f"the answer names more than one {key}")
        entries[key] = value
    if not (entries.get("msisdn") and entries.get("subscriberKey")):
        raise UnreadableAnswerError("the answer has no msisdn or no subscriberKey")
    return ClientSession(
        msisdn=entries["msisdn"],
        subscriber_key=entries["subscriberKey"],
        parameters={key: value for key, value in entries.items() if key not in _OWN_ENTRIES},
    )


def read_sent_invoice(answer: AnswerElement) -> SentInvoice:
    """Source: API reference 2.6.0, sendInvoice."""
    return SentInvoice(
        invoice_reference=answer.required_text("invoiceReference"),
        invoice_qr_code=answer.text("invoiceQRCode") or "",
    )


def read_payment_status(answer: AnswerElement) -> PaymentStatus:
    """Source: API reference 2.6.0, getPaymentStatus. Raises SeqrUnknownStatus, too.

    Status and version decide; an unreadable receipt or token is left out rather than allowed to
    hide that a customer has paid.
    """
    status, version = answer.required_text("status"), answer.required_integer("version")
    if status not in InvoiceStatus.__members__:
        raise SeqrUnknownStatus("getPaymentStatus", status, version)
    return PaymentStatus(
        status=InvoiceStatus(status),
        version=version,
        ers_reference=answer.text("ersReference"),
        receipt=_receipt(answer.child("receipt")),
        customer_tokens=_customer_tokens(answer.child("customerTokens")),
    )


def read_refund(answer: AnswerElement) -> Refund:
    """Source: API reference 2.6.0, refundPayment."""
    return Refund(answer.required_text("ersReference"))


def read_transaction_period_id(answer: AnswerElement) -> str:
    """Source: API reference 2.6.0, markTransactionPeriod."""
    return answer.required_text("transactionPeriodId")


def read_terminal_id(answer: AnswerElement) -> str:
    """Source: API reference 2.6.0, registerTerminal."""
    return answer.required_text("terminalId")


def read_report(answer: AnswerElement) -> Report:
    """Source: API reference 2.6.0, executeReport and reporting.

    Unlike a receipt, a report is read as a whole or not at all.
    """
    report = answer.required_child("report")
    content = report.text("contentString") or report.binary("content")
    if content is None:
        raise UnreadableAnswerError("the answer has no report")
    name, document = open_document(content)
    meta, rows = _report_meta(document.child("Meta")), document.children("Row")
    if name == "TransactionDetails":
        return TransactionReport(meta, tuple(_transaction_row(row) for row in rows))
    if name in _SUMMARIES:
        return CashierTransactionSummary(meta, tuple(_summary_row(row) for row in rows))
    raise UnreadableAnswerError("the report is of an unknown kind")


def _report_meta(element: AnswerElement | None) -> ReportMeta:
    if element is None:
        return ReportMeta(None, None, None, None)
    return ReportMeta(
        reseller_id=element.text("ResellerId"),
        terminal_id=element.text("TerminalId"),
        transaction_period_id=element.text("TransactionPeriodId"),
        generated_at=element.text("GeneratedAt"),
    )


def _transaction_row(row: AnswerElement) -> TransactionRow:
    return TransactionRow(
        terminal_id=row.text("TerminalId"),
        cashier_id=row.text("CashierId"),
        sales_amount=_without_spare_zeros(row.required_decimal("SalesAmount")),
        ers_reference=row.text("ErsReference"),
    )


def _summary_row(row: AnswerElement) -> SummaryRow:
    return SummaryRow(
        sales_count=row.required_integer("SalesCount"),
        sales_total=_without_spare_zeros(row.required_decimal("SalesTotal")),
    )


def _without_spare_zeros(value: Decimal) -> Decimal:
    """Return 93.31000 as 93.31; what is finer than a hundredth stays as it is."""
    in_hundredths = value.quantize(_CENT)
    return in_hundredths if in_hundredths == value else value


def _receipt(element: AnswerElement | None) -> Receipt | None:
    if element is None:
        return None
    try:
        invoice = element.child("invoice")
        return Receipt(
            terminal_id=element.text("terminalId"),
            payment_date=element.moment("paymentDate"),
            client_invoice_id=element.text("clientInvoiceId"),
            invoice_reference=element.text("invoiceReference"),
            payment_reference=element.text("paymentReference"),
            payer_terminal_id=element.text("payerTerminalId"),
            receiver_name=element.text("receiverName"),
            total_amount=_amount(invoice.child("totalAmount")) if invoice else None,
        )
    except UnreadableAnswerError:
        return None


def _amount(element: AnswerElement | None) -> Amount | None:
    value = element.decimal("value") if element else None
    currency = element.text("currency") if element else None
    if value is None or currency is None or value != value.quantize(_CENT):
        return None
    try:
        return Amount(value.quantize(_CENT), currency)
    except ValueError:
        return None


def _customer_tokens(element: AnswerElement | None) -> tuple[CustomerToken, ...]:
    tokens = []
    for token in element.children("token") if element else []:
        try:
            tokens.append(
                CustomerToken(
                    id=token.text("id"),
                    description=token.text("description"),
                    status=token.required_integer("status"),
                    value=token.text("value"),
                )
            )
        except UnreadableAnswerError:
            continue
    return tuple(tokens)
