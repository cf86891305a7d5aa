"""SEQR's result codes, and the error that each of them becomes."""

from enum import IntEnum

from payments.seqr.errors import (
    SeqrAuthenticationError,
    SeqrConfigurationError,
    SeqrConflict,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrRejected,
    SeqrReportNotReady,
    SeqrUnavailable,
)


class ResultCode(IntEnum):
    """The result codes that SEQR documents; others may occur.

    Source: API reference 2.6.0, result codes.
    """

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


ERROR_OF_RESULT_CODE: dict[ResultCode, type[SeqrError]] = {
    ResultCode.PENDING_APPROVAL: SeqrOutcomeUnknown,
    ResultCode.REPORT_NOT_READY: SeqrReportNotReady,
    ResultCode.REJECTED_BUSINESS_LOGIC: SeqrRejected,
    ResultCode.REJECTED_AMOUNT: SeqrRejected,
    ResultCode.REJECTED_PAYMENT: SeqrRejected,
    ResultCode.AUTHENTICATION_FAILED: SeqrAuthenticationError,
    ResultCode.ACCESS_DENIED: SeqrAuthenticationError,
    ResultCode.INVALID_ERS_REFERENCE: SeqrRejected,
    ResultCode.INVALID_INITIATOR_PRINCIPAL_ID: SeqrAuthenticationError,
    ResultCode.INVALID_INITIATOR_PRINCIPAL_STATE: SeqrAuthenticationError,
    ResultCode.INITIATOR_PRINCIPAL_NOT_FOUND: SeqrAuthenticationError,
    ResultCode.PAYMENT_IN_PROGRESS: SeqrRejected,
    ResultCode.INVALID_INVOICE_DATA: SeqrRejected,
    ResultCode.CANNOT_CANCEL_PAID_INVOICE: SeqrConflict,
    ResultCode.CANNOT_CANCEL_INVOICE_IN_PROGRESS: SeqrConflict,
    ResultCode.INVALID_CUSTOMER: SeqrRejected,
    ResultCode.INVALID_SEQR_ID: SeqrRejected,
    ResultCode.INVALID_INVOICE_REFERENCE: SeqrRejected,
    ResultCode.PAYMENT_ALREADY_CANCELLED: SeqrRejected,
    ResultCode.PAYMENT_EXPIRED: SeqrRejected,
    ResultCode.INVALID_NOTIFICATION_URL: SeqrConfigurationError,
    ResultCode.SYSTEM_ERROR: SeqrOutcomeUnknown,
    ResultCode.UNSUPPORTED_OPERATION: SeqrRejected,
    ResultCode.LICENSE_REJECTION: SeqrConfigurationError,
    ResultCode.SYSTEM_BUSY: SeqrUnavailable,
    ResultCode.SERVICE_UNAVAILABLE: SeqrUnavailable,
    ResultCode.INVOICE_ALREADY_CANCELED: SeqrConflict,
    ResultCode.INVOICE_STATE_NOT_RESERVED: SeqrConflict,
    ResultCode.RESELLER_NOT_ALLOWED_TO_DO_REFUND: SeqrRejected,
    ResultCode.SUM_OF_REFUNDS_CAN_NOT_BE_MORE_THAN_ORIGINAL_TRANSACTION: SeqrRejected,
    ResultCode.RECEIVER_ACCOUNT_DOES_NOT_ALLOW_REFUNDS: SeqrRejected,
}

# 94 may come from a bank behind SEQR, and then does not tell how far the operation got; 2 means
# nothing outside of a report. Neither may lead to a repeat of what must not be repeated.
_UNKNOWN_UNLESS_REPEATABLE = {ResultCode.REPORT_NOT_READY, ResultCode.SERVICE_UNAVAILABLE}


def raise_unless_success(operation: str, result_code: int, *, repeatable: bool) -> None:
    """Raise the error that `result_code` stands for; return for SUCCESS.

    `repeatable` tells whether the operation may be sent again. A code that SEQR does not document
    is a SeqrProtocolError: nobody knows what it promises.
    """
    if result_code == ResultCode.SUCCESS:
        return
    try:
        known = ResultCode(result_code)
    except ValueError:
        reason = f"SEQR answered with the unknown result code {result_code}"
        raise SeqrProtocolError(operation, reason, result_code) from None
    reason = f"SEQR answered {known.value} {known.name}"
    error = ERROR_OF_RESULT_CODE[known]
    if known in _UNKNOWN_UNLESS_REPEATABLE and not repeatable:
        error = SeqrOutcomeUnknown
    raise error(operation, reason, result_code)
