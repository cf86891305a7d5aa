"""The reason why SEQR rejected a refund, as a sentence for the staff."""

from payments.seqr import ResultCode, SeqrRejected

_REASONS = {
    ResultCode.INVALID_ERS_REFERENCE: "SEQR does not know this payment (23)",
    ResultCode.RECEIVER_ACCOUNT_DOES_NOT_ALLOW_REFUNDS: (
        "the customer's account does not accept refunds (99); refund the customer another way"
    ),
    ResultCode.RESELLER_NOT_ALLOWED_TO_DO_REFUND: (
        "SEQR does not allow this shop to make refunds (97); call SEQR"
    ),
    ResultCode.SUM_OF_REFUNDS_CAN_NOT_BE_MORE_THAN_ORIGINAL_TRANSACTION: (
        "SEQR has refunded more of this payment than the shop has recorded (98); see SEQR's reports"
    ),
}


def rejection_reason(error: SeqrRejected) -> str:
    """Return the reason for the code, or the error's own text for any other code."""
    if error.result_code in _REASONS:
        return _REASONS[ResultCode(error.result_code)]
    return str(error)
