"""registerTerminal, unregisterTerminal, assignSeqrId, and cash registers."""

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.raw_soap import RESELLER, SoapClient, context, invoice, terminal
from tests.sandbox_process import SandboxProcess


def send_from(soap: SoapClient, till: str, total: str = "45.00") -> str:
    """Send an invoice from the till; return its reference."""
    response = soap.call("sendInvoice", invoice(total), with_context=till)
    return response.text("invoiceReference") or f"refused with {response.code}"


def assign_seqr_id(soap: SoapClient, seqr_id: str, principal: str | None = None) -> int:
    """Call assignSeqrId; return the result code."""
    content = f"<seqrId>{seqr_id}</seqrId>"
    return soap.call("assignSeqrId", content, with_context=principal).code


@covers_codes("registerTerminal", 0)
def test_registered_terminal_gets_an_id_and_can_call(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    response = soap.register_terminal("till-1")

    terminal_id = response.text("terminalId") or ""
    reference = send_from(soap, context(terminal(terminal_id, "secret-1")))
    assert response.names() == ["resultCode", "resultDescription", "terminalId"]
    assert sandbox.invoice(reference)["terminal"] == {
        "terminal_id": terminal_id,
        "reseller_id": "public_test_shop",
        "name": "Till till-1",
        "external_id": "till-1",
        "seqr_id": None,
        "latest_invoice": reference,
        "active": True,
    }


@covers_codes("sendInvoice", 20)
def test_registered_terminal_has_its_own_password(soap: SoapClient) -> None:
    terminal_id = soap.register_terminal("till-1").text("terminalId") or ""

    response = soap.call(
        "sendInvoice", invoice(), with_context=context(terminal(terminal_id, "12345678"))
    )

    assert response.code == 20


@covers_codes("registerTerminal", 10)
@pytest.mark.parametrize(
    "missing",
    [
        "<externalTerminalId>till-1</externalTerminalId>",
        "<password>secret-1</password>",
        "<name>Till</name>",
    ],
    ids=["externalTerminalId", "password", "name"],
)
def test_incomplete_registration_is_refused(soap: SoapClient, missing: str) -> None:
    content = (
        "<externalTerminalId>till-1</externalTerminalId><password>secret-1</password>"
        "<name>Till</name>"
    )

    response = soap.call(
        "registerTerminal", content.replace(missing, ""), with_context=context(RESELLER)
    )

    assert response.code == 10
    assert response.text("terminalId") is None


@covers_codes("registerTerminal", 10)
@covers_codes("unregisterTerminal", 0)
def test_external_id_cannot_be_registered_twice(soap: SoapClient) -> None:
    till = soap.new_till("till-1")
    again = soap.register_terminal("till-1")

    soap.call("unregisterTerminal", "", with_context=till)

    assert again.code == 10
    assert soap.register_terminal("till-1").code == 0


def test_next_invoice_of_cash_register_cancels_previous_one(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    till, other_till = soap.new_till("till-1"), soap.new_till("till-2")
    first, other = send_from(soap, till), send_from(soap, other_till)

    second = send_from(soap, till)

    before = sandbox.invoice(first)
    assert (before["status"], before["version"]) == ("CANCELED", 2)
    assert sandbox.invoice(second)["status"] == "ISSUED"
    assert sandbox.invoice(other)["status"] == "ISSUED"


def test_published_terminal_keeps_all_invoices_open(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    first = soap.new_invoice()

    soap.new_invoice()

    assert sandbox.invoice(first)["status"] == "ISSUED"


def test_next_invoice_of_cash_register_leaves_paid_one(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    till = soap.new_till()
    first = send_from(soap, till)
    sandbox.pay(first)

    send_from(soap, till)

    assert sandbox.invoice(first)["status"] == "PAID"


def test_refused_invoice_cancels_nothing(soap: SoapClient, sandbox: SandboxProcess) -> None:
    till = soap.new_till()
    first = send_from(soap, till)

    send_from(soap, till, "0.00")

    assert sandbox.invoice(first)["status"] == "ISSUED"


@covers_codes("sendInvoice", 48)
def test_cash_register_is_refused_while_customer_is_about_to_pay(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    till = soap.new_till()
    first = send_from(soap, till)
    sandbox.act(first, "hold")

    response = soap.call("sendInvoice", invoice(), with_context=till)

    assert response.code == 48
    assert sandbox.pay(first)["status"] == "PAID"


@covers_codes("unregisterTerminal", 21)
def test_published_terminal_cannot_be_unregistered(soap: SoapClient) -> None:
    response = soap.call("unregisterTerminal", "")

    assert response.code == 21
    assert soap.send_invoice().code == 0


@covers_codes("assignSeqrId", 0)
def test_terminal_can_change_its_seqr_id(soap: SoapClient, sandbox: SandboxProcess) -> None:
    codes = [assign_seqr_id(soap, seqr_id) for seqr_id in ("COUNTER-1", "COUNTER-1", "COUNTER-2")]

    (published,) = sandbox.control("GET", "/terminals")["terminals"]
    assert codes == [0, 0, 0]
    assert published["seqr_id"] == "COUNTER-2"
    assert "password" not in str(published)


@covers_codes("assignSeqrId", 53)
@pytest.mark.parametrize("seqr_id", ["", "a b", "Söder", "x" * 41, "R/1"])
def test_invalid_seqr_id_is_refused(soap: SoapClient, seqr_id: str) -> None:
    assert assign_seqr_id(soap, seqr_id) == 53


@covers_codes("assignSeqrId", 53)
def test_seqr_id_is_unique_until_its_terminal_is_unregistered(soap: SoapClient) -> None:
    till = soap.new_till()
    assign_seqr_id(soap, "COUNTER-1", till)
    taken = assign_seqr_id(soap, "COUNTER-1")

    soap.call("unregisterTerminal", "", with_context=till)

    assert (taken, assign_seqr_id(soap, "COUNTER-1")) == (53, 0)


def test_password_of_registration_is_not_logged(soap: SoapClient, sandbox: SandboxProcess) -> None:
    soap.register_terminal("till-1")

    assert "secret-1" not in str(sandbox.calls())
