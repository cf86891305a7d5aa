"""The operations of SEQR's two services: who asks, what the answer becomes, what is repeatable."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

from payments.seqr.request_builder import PAYMENT_SERVICE, SESSION_SERVICE
from payments.seqr.response_parser import AnswerElement
from payments.seqr.response_readers import (
    read_client_session,
    read_nothing,
    read_payment_status,
    read_refund,
    read_report,
    read_sent_invoice,
    read_terminal_id,
    read_transaction_period_id,
)
from payments.seqr.transport import LARGEST_ANSWER_BYTES

T = TypeVar("T")

LARGEST_REPORT_BYTES = 16 * 1024 * 1024
"""A report comes twice in one answer, as text and in base64, which takes some 500 bytes a row."""


class Principal(Enum):
    """In whose name an operation is asked for."""

    TERMINAL = auto()
    RESELLER_USER = auto()


@dataclass(frozen=True)
class Operation(Generic[T]):
    """One operation of SEQR's.

    `read` makes a value of a successful answer. `repeatable`: sending it twice does no harm, so
    libcurl may use a connection on which it might send the request again by itself, and the caller
    may try again when SEQR says that it is unavailable.
    """

    name: str
    read: Callable[[AnswerElement], T]
    repeatable: bool
    principal: Principal = Principal.TERMINAL
    service: str = PAYMENT_SERVICE
    largest_answer_bytes: int = LARGEST_ANSWER_BYTES


GET_CLIENT_SESSION_INFO = Operation(
    "getClientSessionInfo", read_client_session, repeatable=True, service=SESSION_SERVICE
)

# A second invoice whose reference never reached the shop cannot be paid by anyone.
SEND_INVOICE = Operation("sendInvoice", read_sent_invoice, repeatable=True)
# Puts the same content there once more.
UPDATE_INVOICE = Operation("updateInvoice", read_nothing, repeatable=True)
GET_PAYMENT_STATUS = Operation("getPaymentStatus", read_payment_status, repeatable=True)
CANCEL_INVOICE = Operation("cancelInvoice", read_nothing, repeatable=True)
# Takes money, and SEQR does not say what a second one does.
COMMIT_RESERVATION = Operation("commitReservation", read_nothing, repeatable=False)
# SEQR keeps as many receipts of a payment as it is given.
SUBMIT_PAYMENT_RECEIPT = Operation("submitPaymentReceipt", read_nothing, repeatable=True)
# A second one may pay twice.
REFUND_PAYMENT = Operation("refundPayment", read_refund, repeatable=False)

# A second one makes a period of its own, and leaves the first without an owner.
MARK_TRANSACTION_PERIOD = Operation(
    "markTransactionPeriod",
    read_transaction_period_id,
    repeatable=False,
    principal=Principal.RESELLER_USER,
)
EXECUTE_REPORT = Operation(
    "executeReport",
    read_report,
    repeatable=True,
    principal=Principal.RESELLER_USER,
    largest_answer_bytes=LARGEST_REPORT_BYTES,
)

# A second one may make another terminal, and the first has an id that nobody knows.
REGISTER_TERMINAL = Operation(
    "registerTerminal", read_terminal_id, repeatable=False, principal=Principal.RESELLER_USER
)
# A second one comes from a terminal that is gone, and its refusal would hide the success.
UNREGISTER_TERMINAL = Operation("unregisterTerminal", read_nothing, repeatable=False)
# SEQR refuses only an id that another terminal has.
ASSIGN_SEQR_ID = Operation("assignSeqrId", read_nothing, repeatable=True)
