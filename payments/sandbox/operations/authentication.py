"""Checks a request's context: its principal, password and texts.

Source: API reference 2.6.0, clientContext.
"""

import hmac
from dataclasses import dataclass
from typing import Final

from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import (
    RETIRED_TERMINAL,
    UNUSABLE_CONTEXT,
    RefusedError,
    ResultCode,
)
from payments.sandbox.storage.merchant_models import Reseller, Terminal
from payments.sandbox.storage.published_principals import password_digest
from payments.sandbox.storage.records import Records

MAX_CHANNEL_LETTERS: Final = 40
MAX_CLIENT_COMMENT_LETTERS: Final = 80
MAX_CLIENT_REFERENCE_LETTERS: Final = 32

RESELLER_OPERATIONS: Final = frozenset(
    {"registerTerminal", "markTransactionPeriod", "executeReport"}
)
EITHER_OPERATIONS: Final = frozenset({"getClientSessionInfo"})
"""The reference does not name the kind of principal for these operations."""


@dataclass(frozen=True)
class Principal:
    """A caller. `type` is TERMINALID or RESELLERUSER; `id` is the terminal's or the reseller's."""

    type: str
    id: str


def authenticate(records: Records, operation: str, context: Message | None) -> Principal:
    """Return the principal that the context names.

    Raises RefusedError: 29 malformed, 37 not found, 20 wrong password, 33 retired, 21 wrong kind of
    principal for the operation, or UNUSABLE_CONTEXT.
    """
    if context is None:
        raise RefusedError(ResultCode.INVALID_INITIATOR_PRINCIPAL_ID, "context is missing")
    principal = context.get("initiatorPrincipalId") or {}
    password = context.get("password", "")
    _check_form(principal)
    if principal["type"] == "RESELLERUSER":
        reseller = records.resellers.get(principal["id"])
        _check_reseller(reseller, principal["userId"], password)
    else:
        _check_terminal(records.terminals.get(principal["id"]), password)
    _check_texts(context)
    required = "RESELLERUSER" if operation in RESELLER_OPERATIONS else "TERMINALID"
    if operation not in EITHER_OPERATIONS and principal["type"] != required:
        raise RefusedError(ResultCode.ACCESS_DENIED, f"{operation} needs a {required}")
    return Principal(principal["type"], principal["id"])


def _check_form(principal: Message) -> None:
    if principal.get("type") not in {"TERMINALID", "RESELLERUSER"}:
        raise RefusedError(
            ResultCode.INVALID_INITIATOR_PRINCIPAL_ID,
            "initiatorPrincipalId.type must be TERMINALID or RESELLERUSER",
        )
    if not principal.get("id"):
        raise RefusedError(
            ResultCode.INVALID_INITIATOR_PRINCIPAL_ID, "initiatorPrincipalId.id is missing"
        )
    if principal["type"] == "RESELLERUSER" and not principal.get("userId"):
        raise RefusedError(
            ResultCode.INVALID_INITIATOR_PRINCIPAL_ID, "initiatorPrincipalId.userId is missing"
        )


def _check_reseller(reseller: Reseller | None, user_id: str, password: str) -> None:
    if reseller is None or reseller.user_id != user_id:
        raise RefusedError(ResultCode.INITIATOR_PRINCIPAL_NOT_FOUND, "no such principal")
    _check_password(reseller.reseller_id, password, reseller.password_digest)


def _check_terminal(terminal: Terminal | None, password: str) -> None:
    if terminal is None:
        raise RefusedError(ResultCode.INITIATOR_PRINCIPAL_NOT_FOUND, "no such principal")
    _check_password(terminal.terminal_id, password, terminal.password_digest)
    if not terminal.active:
        raise RefusedError(RETIRED_TERMINAL, "the terminal is retired")


def _check_password(principal_id: str, password: str, digest: str) -> None:
    if not hmac.compare_digest(password_digest(principal_id, password), digest):
        raise RefusedError(ResultCode.AUTHENTICATION_FAILED, "wrong password")


def _check_texts(context: Message) -> None:
    for name, longest in (
        ("clientReference", MAX_CLIENT_REFERENCE_LETTERS),
        ("channel", MAX_CHANNEL_LETTERS),
        ("clientComment", MAX_CLIENT_COMMENT_LETTERS),
    ):
        if len(context.get(name, "")) > longest:
            raise RefusedError(UNUSABLE_CONTEXT, f"{name} is longer than {longest} characters")
