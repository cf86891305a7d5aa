"""An invoice belongs to the terminal that sent it; no other terminal may use it."""

from collections.abc import Callable

import pytest

from tests.sandbox.raw_soap import SoapClient, SoapResponse, amount, invoice, terminal
from tests.sandbox_process import SandboxProcess

REFUND = f"<invoice>{amount('totalAmount', '5.00')}</invoice>"
RESERVED = invoice(payment_mode="RESERVATION_REQUIRED")


@pytest.fixture(params=["public_test_shop", "chain"])
def other(request: pytest.FixtureRequest, sandbox: SandboxProcess) -> SoapClient:
    """Another terminal: of the same reseller, and of another one."""
    sandbox.add_reseller("chain", "17", "secret-2")
    sandbox.add_terminal("branch", "secret-1", reseller_id=request.param)
    return SoapClient(sandbox, as_terminal=terminal("branch", "secret-1"))


USES: dict[str, Callable[[SoapClient, str], SoapResponse]] = {
    "getPaymentStatus": lambda caller, reference: caller.status(reference),
    "cancelInvoice": lambda caller, reference: caller.cancel(reference),
    "updateInvoice": lambda caller, reference: caller.update(reference, invoice("40.00")),
}


@pytest.mark.parametrize("operation", USES)
def test_open_invoice_of_another_terminal_is_refused_like_an_unknown_one(
    soap: SoapClient, sandbox: SandboxProcess, other: SoapClient, operation: str
) -> None:
    reference = soap.new_invoice()
    before = sandbox.invoice(reference)

    refused = USES[operation](other, reference)

    unknown = USES[operation](other, "77")
    assert (refused.code, refused.text("resultDescription")) == (
        54,
        unknown.text("resultDescription"),
    )
    assert refused.names() == unknown.names()
    assert sandbox.invoice(reference) == before
    assert USES[operation](soap, reference).code == 0


def test_reservation_of_another_terminal_is_not_committed(
    soap: SoapClient, sandbox: SandboxProcess, other: SoapClient
) -> None:
    reference = soap.paid_invoice(RESERVED)

    refused = other.commit(reference, "5.00")

    assert (refused.code, sandbox.invoice(reference)["status"]) == (54, "RESERVED")
    assert soap.commit(reference, "5.00").code == 0


def test_query_of_another_terminal_does_not_accept_a_payment(
    soap: SoapClient, sandbox: SandboxProcess, other: SoapClient
) -> None:
    reference = soap.paid_invoice()

    refused = other.status(reference)
    sandbox.advance(20)

    assert (refused.code, refused.text("status")) == (54, None)
    assert sandbox.invoice(reference)["reversed"] is True


def test_payment_of_another_terminal_is_neither_refunded_nor_receipted(
    soap: SoapClient, sandbox: SandboxProcess, other: SoapClient
) -> None:
    ers_reference = soap.new_payment()

    codes = [
        other.refund(ers_reference, REFUND).code,
        other.submit_receipt(ers_reference, b"a").code,
    ]

    (paid,) = sandbox.invoices()
    assert codes == [23, 23]
    assert (paid["refunds"], paid["receipts"]) == ([], [])
    assert soap.refund(ers_reference, REFUND).code == 0
    assert soap.submit_receipt(ers_reference, b"a").code == 0


def test_token_of_a_scan_is_given_to_any_terminal(
    soap: SoapClient, cafe: SandboxProcess, other: SoapClient
) -> None:
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE")["token"]

    assert [soap.session(token).code, other.session(token).code] == [0, 0]
