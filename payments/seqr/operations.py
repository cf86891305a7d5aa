"""The operations of SEQR's two services: reader, repeatability and principal of each."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

from payments.seqr.response_parser import ResponseElement
from payments.seqr.response_readers import (
    read_client_session,
    read_no_content,
    read_payment_status,
    read_refund,
    read_sent_invoice,
    read_terminal_id,
    read_transaction_period_id,
)

T = TypeVar("T")

PAYMENT_SERVICE = "ERSWSExternalClientService"
SESSION_SERVICE = "ERSWSClientSessionInfoService"


class Principal(Enum):
    """The account that a call is made as."""

    TERMINAL = auto()
    RESELLER_USER = auto()


@dataclass(frozen=True)
class Operation(Generic[T]):
    """One operation.

    `read` converts a successful response into a value. `repeatable` means that a second request
    does no harm: libcurl may then reuse a connection, on which it may repeat the request by itself,
    and the caller may try again when SEQR is unavailable.
    """

    name: str
    read: Callable[[ResponseElement], T]
    repeatable: bool
    principal: Principal = Principal.TERMINAL
    service: str = PAYMENT_SERVICE


GET_CLIENT_SESSION_INFO = Operation(
    "getClientSessionInfo", read_client_session, repeatable=True, service=SESSION_SERVICE
)

# An invoice whose reference was lost cannot be paid, so a second one does no harm.
SEND_INVOICE = Operation("sendInvoice", read_sent_invoice, repeatable=True)
# A second update writes the same content.
UPDATE_INVOICE = Operation("updateInvoice", read_no_content, repeatable=True)
GET_PAYMENT_STATUS = Operation("getPaymentStatus", read_payment_status, repeatable=True)
CANCEL_INVOICE = Operation("cancelInvoice", read_no_content, repeatable=True)
# Captures money; SEQR does not document a second call.
COMMIT_RESERVATION = Operation("commitReservation", read_no_content, repeatable=False)
# A payment may have several receipts.
SUBMIT_PAYMENT_RECEIPT = Operation("submitPaymentReceipt", read_no_content, repeatable=True)
# A second refund may pay the customer twice.
REFUND_PAYMENT = Operation("refundPayment", read_refund, repeatable=False)

# A second call closes another period, and the first one's id is lost.
MARK_TRANSACTION_PERIOD = Operation(
    "markTransactionPeriod",
    read_transaction_period_id,
    repeatable=False,
    principal=Principal.RESELLER_USER,
)
# `report_reader.py` reads the report, which may be too large for an element in memory.
EXECUTE_REPORT = Operation(
    "executeReport", read_no_content, repeatable=True, principal=Principal.RESELLER_USER
)

# A second call may register another terminal, and the first one's id is lost.
REGISTER_TERMINAL = Operation(
    "registerTerminal", read_terminal_id, repeatable=False, principal=Principal.RESELLER_USER
)
# SEQR refuses a second call, because the terminal is gone; that would hide the success.
UNREGISTER_TERMINAL = Operation("unregisterTerminal", read_no_content, repeatable=False)
# SEQR refuses only another terminal's id.
ASSIGN_SEQR_ID = Operation("assignSeqrId", read_no_content, repeatable=True)
