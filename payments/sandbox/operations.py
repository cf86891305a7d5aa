"""SEQR's operations. Each is one function: the request's message in, the answer's message out.

A function raises RefusedError to answer with another code than 0. An operation that the tables know
and this registry does not is answered with 91 UNSUPPORTED_OPERATION.
"""

from collections.abc import Callable
from typing import Final

from payments.sandbox.codes import RefusedError, ResultCode
from payments.sandbox.messages import Message
from payments.sandbox.models import Invoice, Status
from payments.sandbox.principals import Principal, authenticate
from payments.sandbox.state import State

RECEIVER_NAME: Final = "Public Test Shop"

Handler = Callable[[State, Principal, Message], Message]

_HANDLERS: Final[dict[str, Handler]] = {}


def _operation(name: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        _HANDLERS[name] = handler
        return handler

    return register


def execute(state: State, operation: str, request: Message) -> Message:
    """The answer to a request of the named operation, with its resultCode."""
    try:
        principal = authenticate(operation, request.get("context"))
        answer = _HANDLERS.get(operation, _unsupported)(state, principal, request)
    except RefusedError as refusal:
        return {
            "resultCode": refusal.code.value,
            "resultDescription": f"{refusal.code.name}: {refusal.detail}",
        }
    return {
        "resultCode": ResultCode.SUCCESS.value,
        "resultDescription": ResultCode.SUCCESS.name,
        **answer,
    }


def _unsupported(_: State, __: Principal, ___: Message) -> Message:
    raise RefusedError(ResultCode.UNSUPPORTED_OPERATION, "the sandbox does not support this")


@_operation("getClientSessionInfo")
def _get_client_session_info(state: State, _: Principal, request: Message) -> Message:
    parameters = state.session(request.get("key", "")).parameters()
    return {
        "parameters": {"entry": [{"key": key, "value": value} for key, value in parameters.items()]}
    }


@_operation("sendInvoice")
def _send_invoice(state: State, principal: Principal, request: Message) -> Message:
    invoice = state.issue(principal.id, request.get("invoice"))
    return {
        "invoiceQRCode": f"HTTP://SEQR.SE/R{invoice.reference}",
        "invoiceReference": invoice.reference,
    }


@_operation("getPaymentStatus")
def _get_payment_status(state: State, _: Principal, request: Message) -> Message:
    invoice = state.ask(request.get("invoiceReference", ""), request["invoiceVersion"])
    answer: Message = {"status": invoice.status.value, "version": invoice.version}
    if invoice.status is Status.PAID:
        answer |= {"ersReference": invoice.ers_reference, "receipt": _receipt(invoice)}
    return answer


@_operation("cancelInvoice")
def _cancel_invoice(state: State, _: Principal, request: Message) -> Message:
    state.cancel_by_shop(request.get("invoiceReference", ""))
    return {}


def _receipt(invoice: Invoice) -> Message:
    return {
        "terminalId": invoice.terminal_id,
        "paymentDate": invoice.paid_at,
        "clientInvoiceId": invoice.content["clientInvoiceId"],
        "invoiceReference": invoice.reference,
        "paymentReference": invoice.ers_reference,
        "payerTerminalId": invoice.payer.subscriber_key if invoice.payer else None,
        "receiverName": RECEIVER_NAME,
        "invoice": invoice.content,
    }
