"""The context of a call: who calls, with which password, and the texts in it."""

import pytest

from tests.sandbox.raw_soap import RESELLER, TERMINAL, Soap, context, invoice

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


OTHER_OPERATIONS = {
    "updateInvoice": TERMINAL,
    "commitReservation": TERMINAL,
    "submitPaymentReceipt": TERMINAL,
    "refundPayment": TERMINAL,
    "unregisterTerminal": TERMINAL,
    "assignSeqrId": TERMINAL,
    "markTransactionPeriod": RESELLER,
    "executeReport": RESELLER,
    "registerTerminal": RESELLER,
}


@pytest.mark.parametrize(("operation", "principal"), OTHER_OPERATIONS.items())
def test_an_operation_that_the_sandbox_lacks_is_answered_with_91(
    soap: Soap, operation: str, principal: str
) -> None:
    answer = soap.call(operation, "", with_context=context(principal))

    assert answer.status == 200
    assert answer.content.tag.endswith(f"}}{operation}Response")
    assert answer.code == 91
