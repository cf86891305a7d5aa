"""The error tree and the result codes that lead to each branch."""

import pickle

import pytest

from payments.seqr import (
    ResultCode,
    SeqrAuthenticationError,
    SeqrConfigurationError,
    SeqrConflict,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrRejected,
    SeqrReportNotReady,
    SeqrUnavailable,
    SeqrUnknownStatus,
)
from payments.seqr.result_codes import raise_for_result_code

EXPECTED: dict[type[SeqrError] | None, list[int]] = {
    None: [0],
    SeqrUnavailable: [93, 94],
    SeqrReportNotReady: [2],
    SeqrOutcomeUnknown: [1, 90],
    SeqrRejected: [10, 11, 12, 23, 48, 49, 52, 53, 54, 55, 58, 91, 97, 98, 99],
    SeqrConfigurationError: [64, 92],
    SeqrAuthenticationError: [20, 21, 29, 33, 37],
    SeqrConflict: [50, 51, 95, 96],
}


def test_every_documented_result_code_has_its_error() -> None:
    found: dict[type[SeqrError] | None, list[int]] = {}
    for code in ResultCode:
        found.setdefault(code.error, []).append(code.value)

    assert found == EXPECTED


def test_success_raises_no_error() -> None:
    raise_for_result_code("cancelInvoice", 0, repeatable=True)
    raise_for_result_code("refundPayment", 0, repeatable=False)


def test_error_tree_follows_what_the_caller_may_do() -> None:
    assert issubclass(SeqrReportNotReady, SeqrUnavailable)
    assert issubclass(SeqrUnknownStatus, SeqrProtocolError)
    assert issubclass(SeqrProtocolError, SeqrOutcomeUnknown)
    assert issubclass(SeqrAuthenticationError, SeqrConfigurationError)
    assert issubclass(SeqrConfigurationError, SeqrRejected)
    assert not issubclass(SeqrConflict, SeqrRejected)


@pytest.mark.parametrize(
    "error",
    [
        SeqrRejected("sendInvoice", "SEQR answered 49 INVALID_INVOICE_DATA", 49),
        SeqrUnavailable("sendInvoice", "no connection to SEQR's server"),
        SeqrUnknownStatus("getPaymentStatus", "HALF_PAID", 4),
    ],
)
def test_error_survives_pickling(error: SeqrError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
    assert type(error)(*error.args).args == error.args


def test_long_unknown_status_is_truncated_in_the_message() -> None:
    error = SeqrUnknownStatus("getPaymentStatus", "X" * 1000, 4)

    assert str(error) == f"getPaymentStatus: the status '{'X' * 40}' is unknown."
    assert error.status == "X" * 1000
