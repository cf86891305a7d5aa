"""Converts each operation's successful response into a value: one reader per operation.

A reader gets the `return` element of a response whose result code is SUCCESS. It raises
UnreadableResponseError if an element is missing that the caller cannot do without.

Source: API reference 2.6.0, each operation and reporting.
"""

from decimal import Decimal

from payments.seqr.bounded_text import (
    MAX_MSISDN_LENGTH,
    MAX_PERIOD_ID_LENGTH,
    MAX_QR_CODE_LENGTH,
    MAX_REFERENCE_LENGTH,
    MAX_SUBSCRIBER_KEY_LENGTH,
    shortened,
    shortened_reference,
)
from payments.seqr.errors import SeqrUnknownStatus
from payments.seqr.response_parser import ResponseElement, UnreadableResponseError
from payments.seqr.types import (
    CENT,
    Amount,
    ClientSession,
    CustomerToken,
    InvoiceStatus,
    PaymentStatus,
    Receipt,
    Refund,
    SentInvoice,
)

# Entries of getClientSessionInfo that SEQR adds to the QR code's own parameters.
_SEQR_SESSION_KEYS = {"msisdn", "subscriberKey", "authKey"}


def read_no_content(response: ResponseElement) -> None:
    """Return None: the response holds only its result code."""


def read_client_session(response: ResponseElement) -> ClientSession:
    """Return the customer and the QR code's parameters."""
    entries: dict[str, str] = {}
    for entry in response.required_child("parameters").children("entry"):
        key, value = entry.text("key"), entry.text("value") or ""
        if key is None:
            continue
        # A printed QR code may contain any parameter. One named like SEQR's own must not turn the
        # customer into another one.
        if key in _SEQR_SESSION_KEYS and entries.get(key, value) != value:
            raise UnreadableResponseError(f"the response has more than one {key}")
        entries[key] = value
    if not (entries.get("msisdn") and entries.get("subscriberKey")):
        raise UnreadableResponseError("the response has no msisdn or no subscriberKey")
    return ClientSession(
        msisdn=shortened(entries["msisdn"], MAX_MSISDN_LENGTH),
        subscriber_key=shortened(entries["subscriberKey"], MAX_SUBSCRIBER_KEY_LENGTH),
        parameters={key: value for key, value in entries.items() if key not in _SEQR_SESSION_KEYS},
    )


def read_sent_invoice(response: ResponseElement) -> SentInvoice:
    """Return the new invoice's reference and QR code; no QR code if it is too long."""
    qr_code = response.text("invoiceQRCode") or ""
    return SentInvoice(
        invoice_reference=response.required_text("invoiceReference", MAX_REFERENCE_LENGTH),
        invoice_qr_code=qr_code if len(qr_code) <= MAX_QR_CODE_LENGTH else "",
    )


def read_payment_status(response: ResponseElement) -> PaymentStatus:
    """Return the status and version, with the receipt and tokens if they are readable.

    An unreadable receipt or token is left out, so that it cannot hide a payment. Raises
    SeqrUnknownStatus for an undocumented status.
    """
    status, version = response.required_text("status"), response.required_integer("version")
    if status not in InvoiceStatus.__members__:
        raise SeqrUnknownStatus("getPaymentStatus", status, version)
    return PaymentStatus(
        status=InvoiceStatus(status),
        version=version,
        ers_reference=shortened_reference(response.text("ersReference")),
        receipt=_read_receipt(response.child("receipt")),
        customer_tokens=_read_customer_tokens(response.child("customerTokens")),
    )


def read_refund(response: ResponseElement) -> Refund:
    """Return the refund's own reference."""
    return Refund(shortened(response.required_text("ersReference"), MAX_REFERENCE_LENGTH))


def read_transaction_period_id(response: ResponseElement) -> str:
    """Return the closed period's id."""
    return response.required_text("transactionPeriodId", MAX_PERIOD_ID_LENGTH)


def read_terminal_id(response: ResponseElement) -> str:
    """Return the new terminal's id."""
    return response.required_text("terminalId")


def to_cents(value: Decimal) -> Decimal:
    """Return 93.31000 as 93.31; a value with a fraction of a cent stays as it is."""
    cents = value.quantize(CENT)
    return cents if cents == value else value


def _read_receipt(receipt: ResponseElement | None) -> Receipt | None:
    if receipt is None:
        return None
    try:
        invoice = receipt.child("invoice")
        return Receipt(
            terminal_id=receipt.text("terminalId"),
            payment_date=receipt.date_time("paymentDate"),
            client_invoice_id=receipt.text("clientInvoiceId"),
            invoice_reference=receipt.text("invoiceReference"),
            payment_reference=shortened_reference(receipt.text("paymentReference")),
            payer_terminal_id=receipt.text("payerTerminalId"),
            receiver_name=receipt.text("receiverName"),
            total_amount=_read_amount(invoice.child("totalAmount")) if invoice else None,
        )
    except UnreadableResponseError:
        return None


def _read_amount(amount: ResponseElement | None) -> Amount | None:
    value = amount.decimal("value") if amount else None
    currency = amount.text("currency") if amount else None
    if value is None or currency is None:
        return None
    try:
        return Amount(to_cents(value), currency)
    except ValueError:
        return None


def _read_customer_tokens(tokens: ResponseElement | None) -> tuple[CustomerToken, ...]:
    readable = []
    for token in tokens.children("token") if tokens else []:
        try:
            readable.append(
                CustomerToken(
                    id=token.text("id"),
                    description=token.text("description"),
                    status=token.required_integer("status"),
                    value=token.text("value"),
                )
            )
        except UnreadableResponseError:
            continue
    return tuple(readable)
