"""The context of a call: who calls, with which password, and the texts in it."""

import pytest

from tests.sandbox.raw_soap import RESELLER, TERMINAL, Soap, context, invoice
from tests.sandbox.shows import shows

REFUSED = {
    "unknown type": (29, context(TERMINAL.replace("TERMINALID", "CARD"))),
    "no type": (29, context(TERMINAL.replace("<type>TERMINALID</type>", ""))),
    "no id": (29, context(TERMINAL.replace("<id>public_test_shop_terminal</id>", ""))),
    "no principal": (29, context("<password>12345678</password>")),
    "reseller without userId": (29, context(RESELLER.replace("<userId>9900</userId>", ""))),
    "unknown terminal": (37, context(TERMINAL.replace("_terminal<", "_till<"))),
    "unknown reseller": (37, context(RESELLER.replace("public_test_shop", "other_shop"))),
    "unknown userId": (37, context(RESELLER.replace("9900", "9901"))),
    "wrong password": (20, context(TERMINAL.replace("12345678", "12345679"))),
    "no password": (20, context(TERMINAL.replace("<password>12345678</password>", ""))),
    "reseller sends an invoice": (21, context(RESELLER)),
    "no clientReference": (10, context(reference="")),
    "clientReference too long": (10, context(reference="x" * 33)),
    "channel too long": (10, context(channel="x" * 41)),
    "clientComment too long": (
        10,
        context().replace("<clientId>", f"<clientComment>{'x' * 81}</clientComment><clientId>"),
    ),
}


@shows("sendInvoice")
@pytest.mark.parametrize(("code", "given"), REFUSED.values(), ids=REFUSED.keys())
def test_an_unusable_context_has_its_own_code(soap: Soap, code: int, given: str) -> None:
    answer = soap.call("sendInvoice", invoice(), with_context=given)

    assert answer.code == code
    assert answer.names() == ["resultCode", "resultDescription"]


def test_a_missing_context_is_a_missing_principal(soap: Soap) -> None:
    answer = soap.call("sendInvoice", invoice(), with_context="")

    assert answer.code == 29


def test_texts_of_the_longest_allowed_length_are_taken(soap: Soap) -> None:
    longest = context(reference="x" * 32, channel="x" * 40)

    answer = soap.call("sendInvoice", invoice(), with_context=longest)

    assert answer.code == 0


ALL_OPERATIONS = (
    "sendInvoice",
    "updateInvoice",
    "getPaymentStatus",
    "cancelInvoice",
    "commitReservation",
    "submitPaymentReceipt",
    "refundPayment",
    "markTransactionPeriod",
    "executeReport",
    "registerTerminal",
    "unregisterTerminal",
    "assignSeqrId",
    "getClientSessionInfo",
)
FOR_RESELLERS = {"markTransactionPeriod", "executeReport", "registerTerminal"}

SPOILT = {
    10: lambda principal: context(principal, reference=""),
    20: lambda principal: context(principal.replace("<password>", "<password>x")),
    29: lambda principal: context(principal.replace("<type>", "<type>x")),
    37: lambda principal: context(principal.replace("<id>", "<id>x")),
}


def required(operation: str) -> str:
    """What the schema requires besides the context."""
    return "<invoiceVersion>0</invoiceVersion>" if operation == "getPaymentStatus" else ""


@shows()
@pytest.mark.parametrize(
    ("operation", "code"), [(operation, code) for operation in ALL_OPERATIONS for code in SPOILT]
)
def test_every_operation_holds_its_context_against_the_rules(
    soap: Soap, operation: str, code: int
) -> None:
    principal = RESELLER if operation in FOR_RESELLERS else TERMINAL

    answer = soap.call(operation, required(operation), with_context=SPOILT[code](principal))

    assert (answer.status, answer.code) == (200, code)


@shows(None, 21)
@pytest.mark.parametrize(
    "operation", [name for name in ALL_OPERATIONS if name != "getClientSessionInfo"]
)
def test_the_other_kind_of_principal_is_denied(soap: Soap, operation: str) -> None:
    principal = TERMINAL if operation in FOR_RESELLERS else RESELLER

    answer = soap.call(operation, required(operation), with_context=context(principal))

    assert answer.code == 21


@shows(None, 33)
@pytest.mark.parametrize(
    "operation", [name for name in ALL_OPERATIONS if name not in FOR_RESELLERS]
)
def test_an_unregistered_terminal_can_do_nothing_more(soap: Soap, operation: str) -> None:
    till = soap.till()
    soap.call("unregisterTerminal", "", with_context=till)

    answer = soap.call(operation, required(operation), with_context=till)

    assert answer.code == 33
