"""registerTerminal, unregisterTerminal, assignSeqrId, and what a cash register does."""

import pytest

from tests.sandbox.raw_soap import RESELLER, Soap, context, invoice, terminal
from tests.sandbox.shows import shows
from tests.sandbox_process import SandboxProcess


def sent(soap: Soap, till: str, total: str = "45.00") -> str:
    """The reference of an invoice that the till has sent."""
    answer = soap.call("sendInvoice", invoice(total), with_context=till)
    return answer.text("invoiceReference") or f"refused with {answer.code}"


def assigned(soap: Soap, seqr_id: str, principal: str | None = None) -> int:
    """The result code of assignSeqrId."""
    content = f"<seqrId>{seqr_id}</seqrId>"
    return soap.call("assignSeqrId", content, with_context=principal).code


@shows("registerTerminal", 0)
def test_a_registered_terminal_has_an_id_and_can_call(soap: Soap, sandbox: SandboxProcess) -> None:
    answer = soap.register("till-1")

    terminal_id = answer.text("terminalId") or ""
    reference = sent(soap, context(terminal(terminal_id, "secret-1")))
    assert answer.names() == ["resultCode", "resultDescription", "terminalId"]
    assert sandbox.invoice(reference)["terminal"] == {
        "terminal_id": terminal_id,
        "name": "Till till-1",
        "external_id": "till-1",
        "seqr_id": None,
        "latest_invoice": reference,
        "active": True,
    }


@shows("sendInvoice", 20)
def test_a_registered_terminal_has_its_own_password(soap: Soap) -> None:
    terminal_id = soap.register("till-1").text("terminalId") or ""

    answer = soap.call(
        "sendInvoice", invoice(), with_context=context(terminal(terminal_id, "12345678"))
    )

    assert answer.code == 20


@shows("registerTerminal", 10)
@pytest.mark.parametrize(
    "missing",
    [
        "<externalTerminalId>till-1</externalTerminalId>",
        "<password>secret-1</password>",
        "<name>Till</name>",
    ],
    ids=["externalTerminalId", "password", "name"],
)
def test_a_registration_needs_all_its_texts(soap: Soap, missing: str) -> None:
    content = (
        "<externalTerminalId>till-1</externalTerminalId><password>secret-1</password>"
        "<name>Till</name>"
    )

    answer = soap.call(
        "registerTerminal", content.replace(missing, ""), with_context=context(RESELLER)
    )

    assert answer.code == 10
    assert answer.text("terminalId") is None


@shows("registerTerminal", 10)
@shows("unregisterTerminal", 0)
def test_an_external_id_is_registered_once_at_a_time(soap: Soap) -> None:
    till = soap.till("till-1")
    again = soap.register("till-1")

    soap.call("unregisterTerminal", "", with_context=till)

    assert again.code == 10
    assert soap.register("till-1").code == 0


def test_a_cash_registers_next_invoice_cancels_the_one_before(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    till, other_till = soap.till("till-1"), soap.till("till-2")
    first, other = sent(soap, till), sent(soap, other_till)

    second = sent(soap, till)

    before = soap.status(first, 1)
    assert (before.text("status"), before.text("version")) == ("CANCELED", "2")
    assert sandbox.invoice(second)["status"] == "ISSUED"
    assert sandbox.invoice(other)["status"] == "ISSUED"


def test_the_published_terminal_keeps_all_its_invoices_open(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    first = soap.issued()

    soap.issued()

    assert sandbox.invoice(first)["status"] == "ISSUED"


def test_a_paid_invoice_stays_paid_when_its_cash_register_sends_the_next(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    till = soap.till()
    first = sent(soap, till)
    sandbox.pay(first)

    sent(soap, till)

    assert soap.status(first, 1).text("status") == "PAID"


def test_an_invoice_that_is_refused_cancels_nothing(soap: Soap, sandbox: SandboxProcess) -> None:
    till = soap.till()
    first = sent(soap, till)

    sent(soap, till, "0.00")

    assert sandbox.invoice(first)["status"] == "ISSUED"


@shows("sendInvoice", 48)
def test_a_cash_register_waits_for_a_customer_who_is_about_to_pay(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    till = soap.till()
    first = sent(soap, till)
    sandbox.act(first, "hold")

    answer = soap.call("sendInvoice", invoice(), with_context=till)

    assert answer.code == 48
    assert sandbox.pay(first)["status"] == "PAID"


@shows("unregisterTerminal", 21)
def test_the_published_terminal_cannot_be_unregistered(soap: Soap) -> None:
    answer = soap.call("unregisterTerminal", "")

    assert answer.code == 21
    assert soap.send_invoice().code == 0


@shows("assignSeqrId", 0)
def test_a_terminal_takes_a_seqr_id_and_may_change_it(soap: Soap, sandbox: SandboxProcess) -> None:
    codes = [assigned(soap, seqr_id) for seqr_id in ("DESK-1", "DESK-1", "DESK-2")]

    (published,) = sandbox.control("GET", "/terminals")["terminals"]
    assert codes == [0, 0, 0]
    assert published["seqr_id"] == "DESK-2"
    assert "password" not in str(published)


@shows("assignSeqrId", 53)
@pytest.mark.parametrize("seqr_id", ["", "a b", "Söder", "x" * 41, "R/1"])
def test_a_seqr_id_that_is_none_is_refused_with_53(soap: Soap, seqr_id: str) -> None:
    assert assigned(soap, seqr_id) == 53


@shows("assignSeqrId", 53)
def test_a_seqr_id_has_one_terminal_and_is_free_when_that_is_unregistered(soap: Soap) -> None:
    till = soap.till()
    assigned(soap, "DESK-1", till)
    taken = assigned(soap, "DESK-1")

    soap.call("unregisterTerminal", "", with_context=till)

    assert (taken, assigned(soap, "DESK-1")) == (53, 0)


def test_the_password_of_a_registration_is_not_recorded(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    soap.register("till-1")

    assert "secret-1" not in str(sandbox.calls())
