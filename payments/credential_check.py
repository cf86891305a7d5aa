"""Checks with SEQR whether it accepts an account's credentials, by a call that changes nothing.

Staff enter credentials in the admin. They are checked before they are stored, and never within a
transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from orders.audit import ChangeSource
from orders.models import Terminal
from payments.call_audit import audited_client_with
from payments.gateway import credentials_of
from payments.seqr import (
    Credentials,
    ReportId,
    ResultCode,
    SeqrConflict,
    SeqrError,
    SeqrRejected,
    SeqrReportNotReady,
)

# SEQR's references and periods have ten digits and more. A status query for an invoice that exists
# would accept its payment.
UNKNOWN_REFERENCE = "0"
UNKNOWN_PERIOD = "0"


class CheckResult(Enum):
    """SEQR's answer about credentials."""

    ACCEPTED = auto()
    WRONG_PASSWORD = auto()
    UNKNOWN_ID = auto()
    INACTIVE = auto()  # SEQR has blocked or retired the account
    NOT_ALLOWED = auto()  # the account may not make this call
    NO_LICENCE = auto()
    UNCLEAR = auto()  # SEQR answered otherwise, or not at all


@dataclass(frozen=True)
class CredentialCheck:
    """SEQR's answer about credentials; `result_code` is SEQR's, or None without an answer."""

    result: CheckResult
    result_code: int | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether SEQR accepts the credentials."""
        return self.result == CheckResult.ACCEPTED

    @property
    def is_unclear(self) -> bool:
        """Whether SEQR has neither accepted nor refused them."""
        return self.result == CheckResult.UNCLEAR


REFUSALS = {
    ResultCode.AUTHENTICATION_FAILED: CheckResult.WRONG_PASSWORD,
    ResultCode.INVALID_INITIATOR_PRINCIPAL_ID: CheckResult.UNKNOWN_ID,
    ResultCode.INITIATOR_PRINCIPAL_NOT_FOUND: CheckResult.UNKNOWN_ID,
    ResultCode.INVALID_INITIATOR_PRINCIPAL_STATE: CheckResult.INACTIVE,
    ResultCode.ACCESS_DENIED: CheckResult.NOT_ALLOWED,
    ResultCode.LICENSE_REJECTION: CheckResult.NO_LICENCE,
}


def check_terminal(terminal_id: str, password: str, source: ChangeSource) -> CredentialCheck:
    """Check a terminal's credentials by a status query for an unknown invoice.

    SEQR authenticates the terminal before it looks for the invoice, so 54 accepts the credentials.
    """
    credentials = Credentials(terminal_id, password, "", "", "")
    client = audited_client_with(credentials, source)
    return _check(
        lambda: client.get_payment_status(UNKNOWN_REFERENCE, 0),
        proves=lambda error: error.result_code == ResultCode.INVALID_INVOICE_REFERENCE,
    )


def check_stored_terminal(terminal: Terminal, source: ChangeSource) -> CredentialCheck:
    """Check the credentials with which a stored terminal is called."""
    credentials = credentials_of(terminal)
    return check_terminal(credentials.terminal_id, credentials.terminal_password, source)


def check_reseller(
    reseller_id: str, user_id: str, password: str, source: ChangeSource
) -> CredentialCheck:
    """Check a reseller account's credentials by a request for the report of an unknown period.

    It is not documented how SEQR answers about a period that does not exist. Any rejection but that
    of the account accepts the credentials.
    """
    client = audited_client_with(Credentials("", "", reseller_id, user_id, password), source)

    def request_report() -> None:
        with client.execute_report(ReportId.TERMINAL_SUMMARY, UNKNOWN_PERIOD, UNKNOWN_REFERENCE):
            pass

    return _check(
        request_report,
        proves=lambda error: isinstance(error, SeqrRejected | SeqrConflict | SeqrReportNotReady),
    )


def _check(call: Callable[[], object], proves: Callable[[SeqrError], bool]) -> CredentialCheck:
    try:
        call()
    except SeqrError as error:
        code = error.result_code
        if code in REFUSALS:
            return CredentialCheck(REFUSALS[ResultCode(code)], code)
        result = CheckResult.ACCEPTED if proves(error) else CheckResult.UNCLEAR
        return CredentialCheck(result, code)
    return CredentialCheck(CheckResult.ACCEPTED, ResultCode.SUCCESS)
