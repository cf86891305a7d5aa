"""Why SEQR refused a refund, in words for the staff."""

from payments.seqr import ResultCode, SeqrRejected

_WORDS = {
    ResultCode.INVALID_ERS_REFERENCE: "SEQR does not know this payment (23)",
    ResultCode.RECEIVER_ACCOUNT_DOES_NOT_ALLOW_REFUNDS: (
        "the customer's account does not take refunds (99); give the money back another way"
    ),
    ResultCode.RESELLER_NOT_ALLOWED_TO_DO_REFUND: (
        "SEQR does not allow this shop to make refunds (97); call SEQR"
    ),
    ResultCode.SUM_OF_REFUNDS_CAN_NOT_BE_MORE_THAN_ORIGINAL_TRANSACTION: (
        "SEQR has given back more of this payment than we know of (98); see the shop's reports"
    ),
}


def rejection_reason(error: SeqrRejected) -> str:
    """Return the reason in words, or the gateway's sentence for a code without words of its own."""
    if error.result_code in _WORDS:
        return _WORDS[ResultCode(error.result_code)]
    return str(error)
