"""SEQR's result codes, and the error that carries one.

Source: API reference 2.6.0, result codes.
"""

from enum import IntEnum
from typing import Final


class ResultCode(IntEnum):
    """resultCode of a response; the name is its resultDescription."""

    SUCCESS = 0
    PENDING_APPROVAL = 1
    REPORT_NOT_READY = 2
    REJECTED_BUSINESS_LOGIC = 10
    REJECTED_AMOUNT = 11
    REJECTED_PAYMENT = 12
    AUTHENTICATION_FAILED = 20
    ACCESS_DENIED = 21
    INVALID_ERS_REFERENCE = 23
    INVALID_INITIATOR_PRINCIPAL_ID = 29
    INVALID_INITIATOR_PRINCIPAL_STATE = 33
    INITIATOR_PRINCIPAL_NOT_FOUND = 37
    PAYMENT_IN_PROGRESS = 48
    INVALID_INVOICE_DATA = 49
    CANNOT_CANCEL_PAID_INVOICE = 50
    CANNOT_CANCEL_INVOICE_IN_PROGRESS = 51
    INVALID_CUSTOMER = 52
    INVALID_SEQR_ID = 53
    INVALID_INVOICE_REFERENCE = 54
    PAYMENT_ALREADY_CANCELLED = 55
    PAYMENT_EXPIRED = 58
    INVALID_NOTIFICATION_URL = 64
    SYSTEM_ERROR = 90
    UNSUPPORTED_OPERATION = 91
    LICENSE_REJECTION = 92
    SYSTEM_BUSY = 93
    SERVICE_UNAVAILABLE = 94
    INVOICE_ALREADY_CANCELED = 95
    INVOICE_STATE_NOT_RESERVED = 96
    RESELLER_NOT_ALLOWED_TO_DO_REFUND = 97
    SUM_OF_REFUNDS_CAN_NOT_BE_MORE_THAN_ORIGINAL_TRANSACTION = 98
    RECEIVER_ACCOUNT_DOES_NOT_ALLOW_REFUNDS = 99


# The reference names no code for the cases below; the sandbox has chosen these.

UNKNOWN_TOKEN: Final = ResultCode.INVALID_CUSTOMER
"""getClientSessionInfo with a token that was never given out or has expired."""

UNUSABLE_CONTEXT: Final = ResultCode.REJECTED_BUSINESS_LOGIC
"""A context with a text longer than allowed; for certification, without clientReference."""

RETIRED_TERMINAL: Final = ResultCode.INVALID_INITIATOR_PRINCIPAL_STATE
"""Any call by a terminal that is retired or unregistered; an unknown terminal gets 37."""

NOT_A_CASH_REGISTER: Final = ResultCode.ACCESS_DENIED
"""unregisterTerminal by a terminal that registerTerminal did not make."""

UNUSABLE_REGISTRATION: Final = ResultCode.REJECTED_BUSINESS_LOGIC
"""registerTerminal with a missing text, or with an externalTerminalId that is in use."""

BAD_PARAMETERS: Final = ResultCode.REJECTED_BUSINESS_LOGIC
"""markTransactionPeriod or executeReport for a terminal or period that the reseller does not have,
or for an unknown report."""

CANCEL_OF_FAILED: Final = ResultCode.PAYMENT_ALREADY_CANCELLED
"""cancelInvoice or updateInvoice for a FAILED invoice: nothing is left to cancel or change."""

UPDATE_OF_PAID: Final = ResultCode.REJECTED_BUSINESS_LOGIC
"""updateInvoice for a PAID invoice, or for one with a status unknown to SEQR."""

CUSTOMER_IS_PAYING: Final = ResultCode.PAYMENT_IN_PROGRESS
"""updateInvoice, or a cash register's next sendInvoice, while the customer is about to pay."""

REFUND_IN_OTHER_CURRENCY: Final = ResultCode.REJECTED_AMOUNT
"""refundPayment in a currency other than the payment's."""

INCOMPLETE_RECEIPT: Final = ResultCode.INVALID_INVOICE_DATA
"""submitPaymentReceipt with a missing part of its document."""


class RefusedError(Exception):
    """SEQR responds with a result code other than 0.

    `detail` is added to resultDescription for the developer of the shop.
    """

    def __init__(self, code: ResultCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
