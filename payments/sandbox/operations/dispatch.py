"""Dispatches SEQR's operations, one function each, from request message to response message.

A function raises RefusedError with one of its declared codes to respond with a code other than 0.
Operations that a shop never calls are declared in the WSDL alone, and answered with 91.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from payments.sandbox.operations import invoices, periods, refunds, terminals
from payments.sandbox.operations.authentication import (
    EITHER_OPERATIONS,
    RESELLER_OPERATIONS,
    Principal,
    authenticate,
)
from payments.sandbox.operations.certification import Objection, refuse
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import RefusedError, ResultCode
from payments.sandbox.storage.models import Invoice, Status

UNSUPPORTED_OPERATIONS: Final = frozenset(
    {
        "requestTopup",
        "requestTransfer",
        "requestPurchase",
        "requestPrincipalInformation",
        "changePrincipalPassword",
        "confirmCustomerRegistration",
        "benchmarkingNop",
    }
)
"""Operations for SEQR's resellers. A generated client needs them declared; a shop calls none."""

Handler = Callable[[SeqrSimulator, Principal, Message], Message]


@dataclass(frozen=True)
class _Operation:
    handler: Handler
    codes: frozenset[ResultCode]


_OPERATIONS: Final[dict[str, _Operation]] = {}

_CONTEXT_CODES: Final = (10, 20, 29, 37)


def _operation(name: str, *refusals: int) -> Callable[[Handler], Handler]:
    """Register an operation with its codes besides those for a bad context."""
    codes = {0, *_CONTEXT_CODES, *refusals}
    if name not in RESELLER_OPERATIONS:
        codes.add(33)
    if name not in EITHER_OPERATIONS:
        codes.add(21)

    def register(handler: Handler) -> Handler:
        _OPERATIONS[name] = _Operation(handler, frozenset(map(ResultCode, codes)))
        return handler

    return register


def possible_codes() -> dict[str, frozenset[ResultCode]]:
    """The result codes that each operation can return, except through faults."""
    unsupported = frozenset({ResultCode.UNSUPPORTED_OPERATION})
    return {name: operation.codes for name, operation in _OPERATIONS.items()} | dict.fromkeys(
        UNSUPPORTED_OPERATIONS, unsupported
    )


def execute(
    seqr: SeqrSimulator,
    operation: str,
    request: Message,
    objections: Sequence[Objection] = (),
) -> Message:
    """Run an operation; the response message includes its resultCode.

    A request with `objections` is refused with the code of the first, once its principal is known.

    Raises ValueError for a code that the operation does not declare: a bug of the sandbox.
    """
    if operation in UNSUPPORTED_OPERATIONS:
        return _refusal(ResultCode.UNSUPPORTED_OPERATION, "only SEQR's resellers may call it")
    called = _OPERATIONS[operation]
    try:
        principal = authenticate(seqr.records, operation, request.get("context"))
        refuse(objections)
        response = called.handler(seqr, principal, request)
    except RefusedError as refusal:
        if refusal.code not in called.codes:
            raise ValueError(f"{operation} does not declare {refusal.code}") from refusal
        return _refusal(refusal.code, refusal.detail)
    return {
        "resultCode": ResultCode.SUCCESS.value,
        "resultDescription": ResultCode.SUCCESS.name,
        **response,
    }


def _refusal(code: ResultCode, detail: str) -> Message:
    return {"resultCode": code.value, "resultDescription": f"{code.name}: {detail}"}


@_operation("getClientSessionInfo", 52)
def _get_client_session_info(seqr: SeqrSimulator, _: Principal, request: Message) -> Message:
    parameters = seqr.session(request.get("key", "")).parameters()
    return {
        "parameters": {"entry": [{"key": key, "value": value} for key, value in parameters.items()]}
    }


@_operation("sendInvoice", 48, 49, 64)
def _send_invoice(seqr: SeqrSimulator, principal: Principal, request: Message) -> Message:
    invoice = invoices.send_invoice(
        seqr, principal.id, request.get("invoice"), request.get("tokens", [])
    )
    return {
        "invoiceQRCode": f"HTTP://SEQR.SE/R{invoice.reference}",
        "invoiceReference": invoice.reference,
    }


@_operation("updateInvoice", 11, 48, 49, 52, 54, 55, 58, 64, 95)
def _update_invoice(seqr: SeqrSimulator, principal: Principal, request: Message) -> Message:
    invoice = seqr.invoice_or_refuse(request.get("invoiceReference", ""), principal.id)
    invoices.update_invoice(seqr, invoice, request.get("invoice"), request.get("tokens", []))
    return {}


@_operation("getPaymentStatus", 54)
def _get_payment_status(seqr: SeqrSimulator, principal: Principal, request: Message) -> Message:
    asked = seqr.invoice_or_refuse(request.get("invoiceReference", ""), principal.id)
    invoice = invoices.get_payment_status(seqr, asked, request["invoiceVersion"])
    response: Message = {"status": str(invoice.status), "version": invoice.version}
    paid, forced = invoice.status is Status.PAID, invoice.forced
    if paid if forced.ers_reference is None else forced.ers_reference:
        response["ersReference"] = invoice.ers_reference
    if paid if forced.receipt is None else forced.receipt:
        response["receipt"] = _receipt(seqr, invoice)
    if invoice.tokens:
        response["customerTokens"] = {"token": [token.as_message() for token in invoice.tokens]}
    return response


@_operation("cancelInvoice", 50, 51, 54, 55, 58, 95)
def _cancel_invoice(seqr: SeqrSimulator, principal: Principal, request: Message) -> Message:
    invoice = seqr.invoice_or_refuse(request.get("invoiceReference", ""), principal.id)
    invoices.cancel_invoice(seqr, invoice)
    return {}


@_operation("commitReservation", 11, 54, 96)
def _commit_reservation(seqr: SeqrSimulator, principal: Principal, request: Message) -> Message:
    invoice = seqr.invoice_or_refuse(request.get("invoiceReference", ""), principal.id)
    invoices.commit_reservation(seqr, invoice, request.get("amount"))
    return {}


@_operation("submitPaymentReceipt", 23, 49)
def _submit_payment_receipt(seqr: SeqrSimulator, principal: Principal, request: Message) -> Message:
    payment = seqr.payment_or_refuse(request.get("ersReference", ""), principal.id)
    refunds.submit_receipt(seqr, payment, request.get("receiptDocument"))
    return {}


@_operation("refundPayment", 11, 23, 49, 97, 98, 99)
def _refund_payment(seqr: SeqrSimulator, principal: Principal, request: Message) -> Message:
    payment = seqr.payment_or_refuse(request.get("ersReference", ""), principal.id)
    refund = refunds.refund(seqr, payment, request.get("invoice"))
    return {"ersReference": refund.ers_reference}


@_operation("markTransactionPeriod")
def _mark_transaction_period(
    seqr: SeqrSimulator, principal: Principal, request: Message
) -> Message:
    period = periods.mark_period(seqr, principal.id, request.get("parameters"))
    return {"transactionPeriodId": period.period_id}


@_operation("executeReport", 2)
def _execute_report(seqr: SeqrSimulator, principal: Principal, request: Message) -> Message:
    report = periods.execute_report(
        seqr, principal.id, request.get("reportId", ""), request.get("parameters")
    )
    return {
        "report": {
            "title": report.title,
            "mimeType": "text/xml",
            "content": base64.b64encode(report.xml.encode()).decode(),
            "contentString": report.xml,
        }
    }


@_operation("registerTerminal")
def _register_terminal(seqr: SeqrSimulator, principal: Principal, request: Message) -> Message:
    return {"terminalId": terminals.register(seqr, principal.id, request).terminal_id}


@_operation("unregisterTerminal")
def _unregister_terminal(seqr: SeqrSimulator, principal: Principal, _: Message) -> Message:
    terminals.unregister(seqr, principal.id)
    return {}


@_operation("assignSeqrId", 53)
def _assign_seqr_id(seqr: SeqrSimulator, principal: Principal, request: Message) -> Message:
    terminals.assign_seqr_id(seqr, principal.id, request.get("seqrId", ""))
    return {}


def _receipt(seqr: SeqrSimulator, invoice: Invoice) -> Message:
    forced = invoice.forced
    terminal = seqr.records.terminals[invoice.terminal_id]
    amount = invoice.charged_amount if forced.receipt_amount is None else forced.receipt_amount
    total = {"currency": forced.receipt_currency or invoice.currency, "value": amount}
    return {
        "terminalId": invoice.terminal_id,
        "paymentDate": invoice.paid_at,
        "clientInvoiceId": invoice.content.get("clientInvoiceId"),
        "invoiceReference": invoice.reference,
        "paymentReference": invoice.ers_reference,
        "payerTerminalId": invoice.payer.subscriber_key if invoice.payer else None,
        "receiverName": seqr.records.resellers[terminal.reseller_id].name,
        "invoice": invoice.content | {"totalAmount": total},
    }
