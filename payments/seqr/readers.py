"""What each operation's successful answer says: one reader per operation.

A reader gets the `return` element of an answer whose result code is SUCCESS, and raises
UnreadableAnswerError where something is missing that the answer is worthless without.
"""

from decimal import Decimal

from payments.seqr.answers import AnswerElement, UnreadableAnswerError
from payments.seqr.errors import SeqrUnknownStatus
from payments.seqr.messages import (
    Amount,
    ClientSession,
    CustomerToken,
    InvoiceStatus,
    PaymentStatus,
    Receipt,
    SentInvoice,
)

_CENT = Decimal("0.01")
# Entries of getClientSessionInfo that SEQR adds to those of the scanned code.
_OWN_ENTRIES = {"msisdn", "subscriberKey", "authKey"}


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
