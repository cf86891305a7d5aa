"""Checks a request's context: its principal, password and texts.

Source: API reference 2.6.0, clientContext.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import (
    UNREGISTERED_TERMINAL,
    UNUSABLE_CONTEXT,
    RefusedError,
    ResultCode,
)
from payments.sandbox.storage.merchant_models import Terminal
from payments.sandbox.storage.published_principals import (
    RESELLER_ID,
    RESELLER_PASSWORD,
    RESELLER_USER_ID,
    password_digest,
)

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
    """A caller. `type` is TERMINALID or RESELLERUSER."""

    type: str
    id: str


def authenticate(
    terminals: Mapping[str, Terminal], operation: str, context: Message | None
) -> Principal:
    """Return the principal that the context names.

    Raises RefusedError: 29 malformed, 37 not found, 33 unregistered, 20 wrong password, 21 wrong
    kind of principal for the operation, or UNUSABLE_CONTEXT.
    """
    if context is None:
        raise RefusedError(ResultCode.INVALID_INITIATOR_PRINCIPAL_ID, "context is missing")
    principal = context.get("initiatorPrincipalId") or {}
    password = context.get("password", "")
    _check_form(principal)
    if principal["type"] == "RESELLERUSER":
        _check_reseller(principal, password)
    else:
        _check_terminal(terminals.get(principal["id"]), password)
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


def _check_reseller(principal: Message, password: str) -> None:
    if (principal["id"], principal["userId"]) != (RESELLER_ID, RESELLER_USER_ID):
        raise RefusedError(ResultCode.INITIATOR_PRINCIPAL_NOT_FOUND, "no such principal")
    if not hmac.compare_digest(password.encode("utf-8", "replace"), RESELLER_PASSWORD.encode()):
        raise RefusedError(ResultCode.AUTHENTICATION_FAILED, "wrong password")


def _check_terminal(terminal: Terminal | None, password: str) -> None:
    if terminal is None:
        raise RefusedError(ResultCode.INITIATOR_PRINCIPAL_NOT_FOUND, "no such principal")
    digest = password_digest(terminal.terminal_id, password)
    if not hmac.compare_digest(digest, terminal.password_digest):
        raise RefusedError(ResultCode.AUTHENTICATION_FAILED, "wrong password")
    if not terminal.active:
        raise RefusedError(UNREGISTERED_TERMINAL, "the terminal is unregistered")


def _check_texts(context: Message) -> None:
    for name, longest in (
        ("clientReference", MAX_CLIENT_REFERENCE_LETTERS),
        ("channel", MAX_CHANNEL_LETTERS),
        ("clientComment", MAX_CLIENT_COMMENT_LETTERS),
    ):
        if len(context.get(name, "")) > longest:
            raise RefusedError(UNUSABLE_CONTEXT, f"{name} is longer than {longest} characters")
