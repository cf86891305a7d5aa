"""SEQR's result codes, each with its error."""

from enum import IntEnum
from typing import Self

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
    """The result codes that SEQR documents, each with its error. SEQR may send others.

    Source: API reference 2.6.0, result codes.
    """

    _value_: int
    error: type[SeqrError] | None

    # The default lets a type checker accept ResultCode(20). No member uses it.
    def __new__(cls, code: int, error: type[SeqrError] | None = SeqrProtocolError) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.error = error
        return member

    SUCCESS = 0, None
    PENDING_APPROVAL = 1, SeqrOutcomeUnknown
    REPORT_NOT_READY = 2, SeqrReportNotReady
    REJECTED_BUSINESS_LOGIC = 10, SeqrRejected
    REJECTED_AMOUNT = 11, SeqrRejected
    REJECTED_PAYMENT = 12, SeqrRejected
    AUTHENTICATION_FAILED = 20, SeqrAuthenticationError
    ACCESS_DENIED = 21, SeqrAuthenticationError
    INVALID_ERS_REFERENCE = 23, SeqrRejected
    INVALID_INITIATOR_PRINCIPAL_ID = 29, SeqrAuthenticationError
    INVALID_INITIATOR_PRINCIPAL_STATE = 33, SeqrAuthenticationError
    INITIATOR_PRINCIPAL_NOT_FOUND = 37, SeqrAuthenticationError
    PAYMENT_IN_PROGRESS = 48, SeqrRejected
    INVALID_INVOICE_DATA = 49, SeqrRejected
    CANNOT_CANCEL_PAID_INVOICE = 50, SeqrConflict
    CANNOT_CANCEL_INVOICE_IN_PROGRESS = 51, SeqrConflict
    INVALID_CUSTOMER = 52, SeqrRejected
    INVALID_SEQR_ID = 53, SeqrRejected
    INVALID_INVOICE_REFERENCE = 54, SeqrRejected
    PAYMENT_ALREADY_CANCELLED = 55, SeqrRejected
    PAYMENT_EXPIRED = 58, SeqrRejected
    INVALID_NOTIFICATION_URL = 64, SeqrConfigurationError
    SYSTEM_ERROR = 90, SeqrOutcomeUnknown
    UNSUPPORTED_OPERATION = 91, SeqrRejected
    LICENSE_REJECTION = 92, SeqrConfigurationError
    SYSTEM_BUSY = 93, SeqrUnavailable
    SERVICE_UNAVAILABLE = 94, SeqrUnavailable
    INVOICE_ALREADY_CANCELED = 95, SeqrConflict
    INVOICE_STATE_NOT_RESERVED = 96, SeqrConflict
    RESELLER_NOT_ALLOWED_TO_DO_REFUND = 97, SeqrRejected
    SUM_OF_REFUNDS_CAN_NOT_BE_MORE_THAN_ORIGINAL_TRANSACTION = 98, SeqrRejected
    RECEIVER_ACCOUNT_DOES_NOT_ALLOW_REFUNDS = 99, SeqrRejected


# 94 may come from a bank behind SEQR and does not show how far the operation got. 2 has no meaning
# outside reports. Neither may lead to a repeat of an operation that is not repeatable.
_UNKNOWN_UNLESS_REPEATABLE = {ResultCode.REPORT_NOT_READY, ResultCode.SERVICE_UNAVAILABLE}


_LABELS = {None: "none"} | {code.value: str(code.value) for code in ResultCode}


def code_label(result_code: int | None) -> str:
    """Return a result code for metrics: "none" without a code, "other" for an undocumented one."""
    return _LABELS.get(result_code, "other")


def raise_for_result_code(operation: str, result_code: int, *, repeatable: bool) -> None:
    """Raise the error of `result_code`; return for SUCCESS.

    `repeatable` is the operation's. A code that SEQR does not document raises SeqrProtocolError,
    because its meaning is unknown.
    """
    try:
        known = ResultCode(result_code)
    except ValueError:
        reason = f"SEQR answered with the unknown result code {result_code}"
        raise SeqrProtocolError(operation, reason, result_code) from None
    error = known.error
    if error is None:
        return
    if known in _UNKNOWN_UNLESS_REPEATABLE and not repeatable:
        error = SeqrOutcomeUnknown
    raise error(operation, f"SEQR answered {known.value} {known.name}", result_code)
