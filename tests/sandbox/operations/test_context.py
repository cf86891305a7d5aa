"""The context of a call: principal, password and texts."""

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.operations.published_types import RETURNS
from tests.sandbox.raw_soap import RESELLER, TERMINAL, SoapClient, context, invoice

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
    "clientReference too long": (10, context(reference="x" * 33)),
    "channel too long": (10, context(channel="x" * 41)),
    "clientComment too long": (
        10,
        context().replace("<clientId>", f"<clientComment>{'x' * 81}</clientComment><clientId>"),
    ),
}


@covers_codes("sendInvoice")
@pytest.mark.parametrize(("code", "with_context"), REFUSED.values(), ids=REFUSED.keys())
def test_unusable_context_is_refused(soap: SoapClient, code: int, with_context: str) -> None:
    response = soap.call("sendInvoice", invoice(), with_context=with_context)

    assert response.code == code
    assert response.names() == ["resultCode", "resultDescription"]


def test_missing_context_is_refused_as_missing_principal(soap: SoapClient) -> None:
    response = soap.call("sendInvoice", invoice(), with_context="")

    assert response.code == 29


def test_texts_of_maximum_length_are_accepted(soap: SoapClient) -> None:
    longest = context(reference="x" * 32, channel="x" * 40)

    response = soap.call("sendInvoice", invoice(), with_context=longest)

    assert response.code == 0


FOR_RESELLERS = {"markTransactionPeriod", "executeReport", "registerTerminal"}

INVALID_CONTEXTS = {
    10: lambda principal: context(principal, reference="x" * 33),
    20: lambda principal: context(principal.replace("<password>", "<password>x")),
    29: lambda principal: context(principal.replace("<type>", "<type>x")),
    37: lambda principal: context(principal.replace("<id>", "<id>x")),
}


def required(operation: str) -> str:
    """The elements that the schema requires besides the context."""
    return "<invoiceVersion>0</invoiceVersion>" if operation == "getPaymentStatus" else ""


@covers_codes()
@pytest.mark.parametrize(
    ("operation", "code"),
    [(operation, code) for operation in RETURNS for code in INVALID_CONTEXTS],
)
def test_every_operation_checks_its_context(soap: SoapClient, operation: str, code: int) -> None:
    principal = RESELLER if operation in FOR_RESELLERS else TERMINAL

    response = soap.call(
        operation, required(operation), with_context=INVALID_CONTEXTS[code](principal)
    )

    assert (response.status, response.code) == (200, code)


@covers_codes(None, 21)
@pytest.mark.parametrize("operation", [name for name in RETURNS if name != "getClientSessionInfo"])
def test_wrong_kind_of_principal_is_denied(soap: SoapClient, operation: str) -> None:
    principal = TERMINAL if operation in FOR_RESELLERS else RESELLER

    response = soap.call(operation, required(operation), with_context=context(principal))

    assert response.code == 21


@covers_codes(None, 33)
@pytest.mark.parametrize("operation", [name for name in RETURNS if name not in FOR_RESELLERS])
def test_unregistered_terminal_is_refused(soap: SoapClient, operation: str) -> None:
    till = soap.new_till()
    soap.call("unregisterTerminal", "", with_context=till)

    response = soap.call(operation, required(operation), with_context=till)

    assert response.code == 33
