"""The expected outcomes: what becomes of an invoice, and of its customer, a day later.

An outcome is the invoice's status, with the open cases after a semicolon, if the customer can order
again without them. Otherwise it is the cases whose closing frees the customer, and the status then,
with the cases that their closing has opened.
"""

from collections.abc import Mapping
from typing import Final

from payments.models import InvoiceStatus
from payments.seqr import ResultCode, SeqrConfigurationError, SeqrRejected
from tests.proof.endless.answers import STATUSES, Answer
from tests.proof.endless.invoices import OUR_STATUSES, SUPERSEDED

SETTINGS: Final = "settings refused"
REFUSED: Final = "refused"
ENDED: Final = "ended"
UNCLEAR: Final = "unclear, or no answer"
# Codes that the shop handles each in a way of its own.
_OWN_KINDS: Final = (50, 51, 54, 95)
_ALIKE: Final = {55: ENDED, 58: ENDED, 96: "51 CANNOT_CANCEL_INVOICE_IN_PROGRESS"}


def kind_of(answer: Answer) -> str:
    """Return the kind of an answer: a status, or the codes that the shop handles alike."""
    if answer.status or answer.code in _OWN_KINDS:
        return answer.name
    if answer.code in _ALIKE:
        return _ALIKE[answer.code]
    error = ResultCode(answer.code).error if answer.code in list(ResultCode) else None
    if error is None or not issubclass(error, SeqrRejected):
        return UNCLEAR
    return SETTINGS if issubclass(error, SeqrConfigurationError) else REFUSED


KINDS: Final = (
    *(answer.name for answer in STATUSES),
    REFUSED,
    SETTINGS,
    *(f"{code} {ResultCode(code).name}" for code in _OWN_KINDS),
    ENDED,
    UNCLEAR,
)

_S = InvoiceStatus
_OPEN_AT_SEQR: Final = (
    _S.ISSUED.value,
    _S.PENDING_ISSUER_ACKNOWLEDGE.value,
    _S.RESERVED.value,
    _S.PARTIALLY_PAID.value,
)
_UNKNOWN: Final = "an unknown status"
_WITHOUT_REFERENCE: Final = "PAID without a reference"
_FOREIGN: Final = "PAID, about another invoice"
_PAID_CODE, _IN_PROGRESS, _NOT_KNOWN, _CANCELED_CODE = KINDS[-6:-2]
_CODES: Final = (REFUSED, SETTINGS, _PAID_CODE, _IN_PROGRESS, _NOT_KNOWN, _CANCELED_CODE, ENDED)
_STUCK: Final = "cancel_stuck → CANCELED"
# SEQR keeps a payment that the shop could not record: a person gets another case about it.
_KEPT: Final = "CANCELED; paid_though_canceled"

# SEQR has the invoice, and it is open here.
_SENT: Final = {
    **dict.fromkeys((*_OPEN_AT_SEQR, *_CODES, UNCLEAR), _STUCK),
    _S.PARTIALLY_PAID: f"{_STUCK}; partial_payment",
    _S.PAID: "PAID",
    _S.CANCELED: "CANCELED",
    _S.FAILED: "FAILED",
    _S.EXPIRED: "EXPIRED",
    _UNKNOWN: "cancel_stuck, unknown_status → CANCELED",
    _WITHOUT_REFERENCE: f"cancel_stuck, paid_without_reference → {_KEPT}",
    _FOREIGN: f"answer_mismatch, cancel_stuck → {_KEPT}",
    SETTINGS: "cancel_stuck, configuration → CANCELED",
    _NOT_KNOWN: "EXPIRED; unknown_at_seqr",
}
# It is sent first; SEQR's status is then the first answer in 10 minutes.
_UNSENT: Final = {
    **_SENT,
    **{status: f"{status}; possibly_reversed" for status in ("CANCELED", "FAILED", "EXPIRED")},
    **dict.fromkeys((REFUSED, _NOT_KNOWN, ENDED), "FAILED"),
    **dict.fromkeys((_PAID_CODE, _IN_PROGRESS, _CANCELED_CODE, UNCLEAR), "EXPIRED"),
    SETTINGS: "EXPIRED; configuration",
}
_CANCEL_PENDING: Final = {
    **_SENT,
    _S.PAID: "PAID; paid_though_canceled",
    _NOT_KNOWN: "CANCELED; unknown_at_seqr",
}
# SEQR is not queried, since another invoice has paid the order.
_SUPERSEDED: Final = {
    **dict.fromkeys((*_OPEN_AT_SEQR, _UNKNOWN, *_CODES, UNCLEAR), _STUCK),
    **dict.fromkeys(
        (_S.CANCELED, _S.FAILED, _S.EXPIRED, _NOT_KNOWN, _CANCELED_CODE, ENDED), "CANCELED"
    ),
    _S.PAID: "DUPLICATE; duplicate_payment",
    _WITHOUT_REFERENCE: "cancel_stuck, duplicate_payment → CANCELED",
    _PAID_CODE: "cancel_stuck, duplicate_payment → CANCELED",
    _FOREIGN: "answer_mismatch, cancel_stuck, duplicate_payment → CANCELED",
}
_PAID: Final = {
    **dict.fromkeys(KINDS, "PAID; payment_unconfirmed"),
    _S.PAID: "PAID",
    **{status: f"possibly_reversed → {status}" for status in ("CANCELED", "FAILED", "EXPIRED")},
    _FOREIGN: "PAID; answer_mismatch, payment_unconfirmed",
    SETTINGS: "PAID; configuration, payment_unconfirmed",
}
# It is queried only when SEQR notifies, as every ended invoice.
_DUPLICATE: Final = {
    **dict.fromkeys((*_OPEN_AT_SEQR, _UNKNOWN), "DUPLICATE; payment_unconfirmed"),
    **dict.fromkeys((_WITHOUT_REFERENCE, _NOT_KNOWN), "DUPLICATE; payment_unconfirmed"),
    **dict.fromkeys((*_CODES, UNCLEAR), "DUPLICATE"),
    _S.PAID: "DUPLICATE",
    _S.CANCELED: "CANCELED",
    _S.FAILED: "FAILED",
    _S.EXPIRED: "EXPIRED",
    _FOREIGN: "DUPLICATE; answer_mismatch",
    SETTINGS: "DUPLICATE; configuration",
    _NOT_KNOWN: "DUPLICATE; payment_unconfirmed",
}


def _ended(status: InvoiceStatus) -> Mapping[str, str]:
    return {
        **dict.fromkeys(KINDS, status.value),
        _S.PAID: "PAID; paid_though_canceled",
        _UNKNOWN: f"{status}; unknown_status",
        _WITHOUT_REFERENCE: f"{status}; paid_without_reference",
        _FOREIGN: f"{status}; answer_mismatch",
        SETTINGS: f"{status}; configuration",
        _NOT_KNOWN: f"{status}; unknown_at_seqr",
    }


_EXPECTED: Final[Mapping[str, Mapping[str, str]]] = {
    **dict.fromkeys(OUR_STATUSES, _SENT),
    _S.CREATED: _UNSENT,
    _S.SENDING: _UNSENT,
    _S.CANCEL_PENDING: _CANCEL_PENDING,
    SUPERSEDED: _SUPERSEDED,
    _S.PAID: _PAID,
    _S.DUPLICATE: _DUPLICATE,
    _S.CANCELED: _ended(_S.CANCELED),
    _S.FAILED: _ended(_S.FAILED),
    _S.EXPIRED: _ended(_S.EXPIRED),
}


def expected_outcome(ours: str, kind: str) -> str:
    """Return the expected outcome of an invoice in this status, with answers of this kind."""
    return _EXPECTED[ours][kind]
