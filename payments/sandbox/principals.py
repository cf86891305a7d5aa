"""Who may call: the published test principals, and the checks on a request's context.

Source: API reference 2.6.0, clientContext.
"""

import hmac
from dataclasses import dataclass
from typing import Final

from payments.sandbox.codes import UNUSABLE_CONTEXT, RefusedError, ResultCode
from payments.sandbox.messages import Message

MAX_CHANNEL: Final = 40
MAX_CLIENT_COMMENT: Final = 80
MAX_CLIENT_REFERENCE: Final = 32

RESELLER_OPERATIONS: Final = frozenset(
    {"registerTerminal", "markTransactionPeriod", "executeReport"}
)
EITHER_OPERATIONS: Final = frozenset({"getClientSessionInfo"})
"""For which kind of principal this call is, the reference leaves open."""


@dataclass(frozen=True)
class Principal:
    """Somebody who may call SEQR. `user_id` is only a RESELLERUSER's."""

    type: str
    id: str
    user_id: str | None
    password: str


TEST_TERMINAL: Final = Principal("TERMINALID", "public_test_shop_terminal", None, "12345678")
TEST_RESELLER: Final = Principal("RESELLERUSER", "public_test_shop", "9900", "1234")

PRINCIPALS: Final = (TEST_TERMINAL, TEST_RESELLER)


def authenticate(operation: str, context: Message | None) -> Principal:
    """The principal that the context names.

    Raises RefusedError: 29 malformed, 37 not found, 20 wrong password, 21 not for this kind of
    principal, or UNUSABLE_CONTEXT.
    """
    if context is None:
        raise RefusedError(ResultCode.INVALID_INITIATOR_PRINCIPAL_ID, "context is missing")
    principal = _find(context.get("initiatorPrincipalId") or {})
    given = context.get("password", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, principal.password.encode()):
        raise RefusedError(ResultCode.AUTHENTICATION_FAILED, "wrong password")
    _check_texts(context)
    wanted = "RESELLERUSER" if operation in RESELLER_OPERATIONS else "TERMINALID"
    if operation not in EITHER_OPERATIONS and principal.type != wanted:
        raise RefusedError(ResultCode.ACCESS_DENIED, f"{operation} is for a {wanted}")
    return principal


def _find(given: Message) -> Principal:
    if given.get("type") not in {"TERMINALID", "RESELLERUSER"}:
        raise RefusedError(
            ResultCode.INVALID_INITIATOR_PRINCIPAL_ID,
            "initiatorPrincipalId.type must be TERMINALID or RESELLERUSER",
        )
    if not given.get("id"):
        raise RefusedError(
            ResultCode.INVALID_INITIATOR_PRINCIPAL_ID, "initiatorPrincipalId.id is missing"
        )
    if given["type"] == "RESELLERUSER" and not given.get("userId"):
        raise RefusedError(
            ResultCode.INVALID_INITIATOR_PRINCIPAL_ID, "initiatorPrincipalId.userId is missing"
        )
    for principal in PRINCIPALS:
        if (given["type"], given["id"]) == (principal.type, principal.id) and (
            principal.user_id is None or given["userId"] == principal.user_id
        ):
            return principal
    raise RefusedError(ResultCode.INITIATOR_PRINCIPAL_NOT_FOUND, "no such principal")


def _check_texts(context: Message) -> None:
    if not context.get("clientReference"):
        raise RefusedError(UNUSABLE_CONTEXT, "clientReference is mandatory")
    for name, longest in (
        ("clientReference", MAX_CLIENT_REFERENCE),
        ("channel", MAX_CHANNEL),
        ("clientComment", MAX_CLIENT_COMMENT),
    ):
        if len(context.get(name, "")) > longest:
            raise RefusedError(UNUSABLE_CONTEXT, f"{name} is longer than {longest} characters")
