"""Operations for SEQR's resellers: declared, and answered with 91."""

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.operations.published_types import UNSUPPORTED, assert_published_form
from tests.sandbox.raw_soap import SoapClient, amount, envelope

REQUESTS = {
    "requestTopup": (
        "<senderPrincipalId><id>a</id></senderPrincipalId>"
        "<topupAccountSpecifier><accountId>1</accountId></topupAccountSpecifier>"
        + amount("amount", "10.00")
    ),
    "requestPurchase": "<purchaseOrder><purchaseCount>1</purchaseCount></purchaseOrder>" * 2,
    "changePrincipalPassword": "<principalId><id>a</id></principalId><newPassword>x</newPassword>",
}


@covers_codes(None, 91)
@pytest.mark.parametrize("operation", UNSUPPORTED)
def test_operation_that_no_shop_calls_is_unsupported(soap: SoapClient, operation: str) -> None:
    with_context = "" if operation == "benchmarkingNop" else None

    response = soap.call(operation, REQUESTS.get(operation, ""), with_context=with_context)

    assert response.code == 91
    assert_published_form(response, operation)


def test_unsupported_operation_needs_no_principal(soap: SoapClient) -> None:
    response = soap.post(envelope("requestTransfer", ""))

    assert response.code == 91


def test_element_of_unsupported_operation_out_of_order_gets_fault(soap: SoapClient) -> None:
    response = soap.call("requestTopup", amount("amount", "1.00") + "<productId>1</productId>")

    assert response.fault == "Client"
