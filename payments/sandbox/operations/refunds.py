"""What the shop does with a payment: refund it, and add receipts.

Every function raises RefusedError to respond with a code other than 0.
Source: API reference 2.6.0, refundPayment, submitPaymentReceipt.
"""

from dataclasses import replace
from typing import Final

from payments.sandbox.operations.invoice_rules import validated_refund
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import (
    INCOMPLETE_RECEIPT,
    REFUND_IN_OTHER_CURRENCY,
    RefusedError,
    ResultCode,
)
from payments.sandbox.storage.merchant_models import RefundRefusal, Transaction
from payments.sandbox.storage.models import Invoice, ReceiptDocument, Refund

REFUND_REFUSAL_CODES: Final = frozenset(
    {
        ResultCode.RESELLER_NOT_ALLOWED_TO_DO_REFUND,
        ResultCode.RECEIVER_ACCOUNT_DOES_NOT_ALLOW_REFUNDS,
    }
)
"""The codes with which a test can have refunds refused."""


def refund(seqr: SeqrSimulator, payment: Invoice, content: Message | None) -> Refund:
    """refundPayment. All refunds of a payment together cannot exceed it."""
    content = validated_refund(content)
    total = content["totalAmount"]
    if total["currency"] != payment.currency:
        raise RefusedError(REFUND_IN_OTHER_CURRENCY, f"the payment is in {payment.currency}")
    _apply_refund_refusals(seqr, payment)
    left = payment.charged_amount - payment.refunded_amount
    if total["value"] > left:
        raise RefusedError(
            ResultCode.SUM_OF_REFUNDS_CAN_NOT_BE_MORE_THAN_ORIGINAL_TRANSACTION,
            f"only {left} can be refunded",
        )
    made = Refund(
        ers_reference=seqr.next_ers_reference(),
        amount=total["value"],
        currency=total["currency"],
        title=content.get("title"),
        terminal_id=payment.terminal_id,
        cashier_id=content.get("cashierId"),
        refunded_at=seqr.now(),
        client_invoice_id=content.get("clientInvoiceId"),
    )
    seqr.save(replace(payment, refunds=(*payment.refunds, made)))
    seqr.records.add_transaction(
        Transaction(
            terminal_id=made.terminal_id,
            cashier_id=made.cashier_id,
            amount=-made.amount,
            currency=made.currency,
            ers_reference=made.ers_reference,
        )
    )
    return made


def _apply_refund_refusals(seqr: SeqrSimulator, payment: Invoice) -> None:
    for key, refusal in list(seqr.records.refund_refusals.items()):
        if not _applies_to(refusal, payment):
            continue
        if refusal.count is not None:
            if refusal.count > 1:
                seqr.records.refund_refusals[key] = replace(refusal, count=refusal.count - 1)
            else:
                del seqr.records.refund_refusals[key]
        raise RefusedError(ResultCode(refusal.code), "set by the control API")


def _applies_to(refusal: RefundRefusal, payment: Invoice) -> bool:
    service_id = payment.payer.service_id if payment.payer else None
    msisdn = payment.payer.msisdn if payment.payer else None
    return refusal.service_id in (None, service_id) and refusal.msisdn in (None, msisdn)


def submit_receipt(seqr: SeqrSimulator, payment: Invoice, document: Message | None) -> None:
    """submitPaymentReceipt. A payment may have several receipts."""
    document = document or {}
    for part in ("mimeType", "receiptData", "receiptType"):
        if not document.get(part, "").strip():
            raise RefusedError(INCOMPLETE_RECEIPT, f"receiptDocument: {part} is missing")
    receipt = ReceiptDocument(
        mime_type=document["mimeType"],
        receipt_type=document["receiptType"],
        data=document["receiptData"],
        submitted_at=seqr.now(),
    )
    seqr.save(replace(payment, receipts=(*payment.receipts, receipt)))
