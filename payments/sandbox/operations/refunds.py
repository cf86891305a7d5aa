"""What the shop does with a payment: refunds, and receipts.

Every function raises RefusedError to answer with another code than 0.
Source: API reference 2.6.0, refundPayment, submitPaymentReceipt.
"""

from dataclasses import replace
from typing import Final

from payments.sandbox.operations.invoice_rules import checked_refund
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import (
    INCOMPLETE_RECEIPT,
    REFUND_IN_OTHER_CURRENCY,
    RefusedError,
    ResultCode,
)
from payments.sandbox.storage.models import Invoice, ReceiptDocument, Refund
from payments.sandbox.storage.shop_models import RefundRefusal, Transaction

REFUSALS: Final = frozenset(
    {
        ResultCode.RESELLER_NOT_ALLOWED_TO_DO_REFUND,
        ResultCode.RECEIVER_ACCOUNT_DOES_NOT_ALLOW_REFUNDS,
    }
)
"""What a refund can be made to be refused with."""


def refund(
    state: SeqrSimulator, terminal_id: str, ers_reference: str, content: Message | None
) -> Refund:
    """refundPayment: give back the total of `content`, all refunds together at most the payment."""
    payment = state.payment(ers_reference)
    content = checked_refund(content)
    total = content["totalAmount"]
    if total["currency"] != payment.currency:
        raise RefusedError(REFUND_IN_OTHER_CURRENCY, f"the payment was in {payment.currency}")
    _refuse_as_ordered(state, payment)
    left = payment.due_amount - payment.refunded_amount
    if total["value"] > left:
        raise RefusedError(
            ResultCode.SUM_OF_REFUNDS_CAN_NOT_BE_MORE_THAN_ORIGINAL_TRANSACTION, f"{left} are left"
        )
    made = Refund(
        ers_reference=state.next_ers_reference(),
        amount=total["value"],
        currency=total["currency"],
        title=content.get("title"),
        terminal_id=terminal_id,
        cashier_id=content.get("cashierId"),
        refunded_at=state.now(),
        client_invoice_id=content.get("clientInvoiceId"),
    )
    state.save(replace(payment, refunds=(*payment.refunds, made)))
    state.records.add_transaction(
        Transaction(
            terminal_id=made.terminal_id,
            cashier_id=made.cashier_id,
            amount=-made.amount,
            currency=made.currency,
            ers_reference=made.ers_reference,
        )
    )
    return made


def _refuse_as_ordered(state: SeqrSimulator, payment: Invoice) -> None:
    for key, refusal in list(state.records.refusals.items()):
        if not _concerns(refusal, payment):
            continue
        if refusal.count is not None:
            if refusal.count > 1:
                state.records.refusals[key] = replace(refusal, count=refusal.count - 1)
            else:
                del state.records.refusals[key]
        raise RefusedError(ResultCode(refusal.code), "as ordered by the control interface")


def _concerns(refusal: RefundRefusal, payment: Invoice) -> bool:
    service_id = payment.payer.service_id if payment.payer else None
    msisdn = payment.payer.msisdn if payment.payer else None
    return refusal.service_id in (None, service_id) and refusal.msisdn in (None, msisdn)


def submit_receipt(state: SeqrSimulator, ers_reference: str, document: Message | None) -> None:
    """submitPaymentReceipt: add a receipt to a payment; it may have several."""
    payment = state.payment(ers_reference)
    document = document or {}
    for part in ("mimeType", "receiptData", "receiptType"):
        if not document.get(part, "").strip():
            raise RefusedError(INCOMPLETE_RECEIPT, f"receiptDocument: {part} is missing")
    receipt = ReceiptDocument(
        mime_type=document["mimeType"],
        receipt_type=document["receiptType"],
        data=document["receiptData"],
        submitted_at=state.now(),
    )
    state.save(replace(payment, receipts=(*payment.receipts, receipt)))
