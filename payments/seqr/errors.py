"""What can go wrong when speaking to SEQR, named by what the caller may do about it.

    SeqrError
    ├─ SeqrUnavailable           certainly nothing happened, or SEQR is busy: try again
    │  └─ SeqrReportNotReady     the report is still being made: ask again in some seconds
    ├─ SeqrOutcomeUnknown        it may have happened: ask before repeating
    │  └─ SeqrProtocolError      an answer that cannot be read
    │     └─ SeqrUnknownStatus   a readable answer with a status that has no name here
    ├─ SeqrRejected              an answer: do not repeat
    │  └─ SeqrConfigurationError a person must mend the settings
    │     └─ SeqrAuthenticationError  SEQR does not accept the principal or its password
    └─ SeqrConflict              our picture is stale: refresh it

Which result code becomes which error stands in `results.py`. No error carries a password, a token,
a phone number or any text that SEQR sent, apart from the name of an unknown status.
"""


class SeqrError(Exception):
    """A call to SEQR that did not succeed.

    `operation` is SEQR's name of the operation, `result_code` the code SEQR answered with, or None
    when there was no readable answer. `str(error)` is one sentence that may be shown to staff.
    """

    def __init__(self, operation: str, reason: str, result_code: int | None = None) -> None:
        # All arguments go to Exception, so that the error survives pickling between processes.
        super().__init__(operation, reason, result_code)
        self.operation = operation
        self.reason = reason
        self.result_code = result_code

    def __str__(self) -> str:
        return f"{self.operation}: {self.reason}."


class SeqrUnavailable(SeqrError):
    """Nothing was sent, or SEQR said that it is busy or not ready: try again later."""


class SeqrReportNotReady(SeqrUnavailable):
    """SEQR is still making the report: ask again after some 3 seconds."""


class SeqrOutcomeUnknown(SeqrError):
    """The request left us and no usable answer came: it may or may not have taken effect."""


class SeqrProtocolError(SeqrOutcomeUnknown):
    """An answer came that cannot be read as SEQR's answer to this operation.

    `result_code` is 0 if SEQR did say that it succeeded, and only the rest is missing or damaged.
    """


class SeqrUnknownStatus(SeqrProtocolError):
    """A readable success whose status is not one of `InvoiceStatus`.

    `version` is the invoice's version in that answer, to be sent with the next question.
    """

    def __init__(self, operation: str, status: str, version: int) -> None:
        super().__init__(operation, f"the status {status[:40]!r} is unknown", 0)
        self.args = (operation, status, version)  # What unpickling hands to __init__.
        self.status = status
        self.version = version


class SeqrRejected(SeqrError):
    """SEQR understood and refused: sending the same again gives the same answer."""


class SeqrConfigurationError(SeqrRejected):
    """SEQR refuses because of our settings: every call fails until a person mends them."""


class SeqrAuthenticationError(SeqrConfigurationError):
    """SEQR does not accept the principal, its state, its password or its rights."""


class SeqrConflict(SeqrError):
    """The invoice is in another state than we believed: ask for its status."""
