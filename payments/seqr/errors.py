"""The gateway's errors, named by what the caller may do.

    SeqrError
    ├─ SeqrUnavailable           nothing happened, or SEQR is busy: try again later
    │  └─ SeqrReportNotReady     SEQR is still making the report: try again in some seconds
    ├─ SeqrOutcomeUnknown        the operation may have taken effect: check before repeating it
    │  └─ SeqrProtocolError      the response cannot be read
    │     ├─ SeqrUnknownStatus   the response is valid but its status is not in InvoiceStatus
    │     └─ SeqrReportTooLarge  the report is larger than this software reads
    ├─ SeqrRejected              SEQR refused: do not repeat
    │  └─ SeqrConfigurationError a person must correct the settings
    │     └─ SeqrAuthenticationError  SEQR does not accept the principal or its password
    └─ SeqrConflict              the invoice is in another state: refresh its status

`result_codes.py` maps each result code to its error. No error carries a password, a token, a phone
number or text from SEQR, except the name of an unknown status.
"""


class SeqrError(Exception):
    """A call to SEQR that failed.

    `operation` is SEQR's name of the operation. `result_code` is SEQR's code, or None without a
    readable response. `str(error)` is one sentence that may be shown to staff.
    """

    def __init__(self, operation: str, reason: str, result_code: int | None = None) -> None:
        # Exception gets every argument, so that the error can be pickled.
        super().__init__(operation, reason, result_code)
        self.operation = operation
        self.reason = reason
        self.result_code = result_code

    def __str__(self) -> str:
        return f"{self.operation}: {self.reason}."


class SeqrUnavailable(SeqrError):
    """Nothing was sent, or SEQR is busy or not ready: try again later."""


class SeqrReportNotReady(SeqrUnavailable):
    """SEQR is still making the report: try again after about 3 seconds."""


class SeqrOutcomeUnknown(SeqrError):
    """The request was sent but got no usable response: it may or may not have taken effect."""


class SeqrProtocolError(SeqrOutcomeUnknown):
    """The response cannot be read as SEQR's response to this operation.

    `result_code` is 0 if SEQR reported success and the rest is missing or damaged.
    """


class SeqrUnknownStatus(SeqrProtocolError):
    """A successful response whose status is not in `InvoiceStatus`.

    `version` is the invoice's version in that response, to be sent with the next status call.
    """

    def __init__(self, operation: str, status: str, version: int) -> None:
        super().__init__(operation, f"the status {status[:40]!r} is unknown", 0)
        self.args = (operation, status, version)  # Unpickling passes them to __init__.
        self.status = status
        self.version = version


class SeqrReportTooLarge(SeqrProtocolError):
    """The report has too many rows or bytes: it stays so, and a person must get it from SEQR."""


class SeqrRejected(SeqrError):
    """SEQR refused the request: the same request gets the same response."""


class SeqrConfigurationError(SeqrRejected):
    """SEQR refuses because of our settings: every call fails until a person corrects them."""


class SeqrAuthenticationError(SeqrConfigurationError):
    """SEQR does not accept the principal, its state, its password or its rights."""


class SeqrConflict(SeqrError):
    """The invoice is in another state than expected: refresh its status."""
