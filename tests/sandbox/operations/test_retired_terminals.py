"""A retired terminal: its calls are refused, its open invoices expire, its periods stay."""

import pytest

from tests.sandbox.operations.published_types import RETURNS
from tests.sandbox.raw_soap import SoapClient, context, invoice, terminal
from tests.sandbox_process import SandboxProcess

FOR_RESELLERS = {"markTransactionPeriod", "executeReport", "registerTerminal"}
TERMINAL_ROWS = "Reconciliation/STD_RECON_007.xml"


@pytest.fixture
def branch(sandbox: SandboxProcess) -> SoapClient:
    """A second terminal of the published reseller."""
    sandbox.add_terminal("branch", "secret-1")
    return SoapClient(sandbox, as_terminal=terminal("branch", "secret-1"))


@pytest.mark.parametrize("operation", [name for name in RETURNS if name not in FOR_RESELLERS])
def test_every_call_of_a_retired_terminal_is_refused(
    sandbox: SandboxProcess, branch: SoapClient, operation: str
) -> None:
    version = "<invoiceVersion>0</invoiceVersion>" if operation == "getPaymentStatus" else ""
    sandbox.retire_terminal("branch")

    assert branch.call(operation, version).code == 33


def test_retired_terminals_wrong_password_is_refused_before_its_state(
    sandbox: SandboxProcess, branch: SoapClient
) -> None:
    sandbox.retire_terminal("branch")

    response = branch.status("77", with_context=context(terminal("branch", "wrong")))

    assert response.code == 20


def test_open_invoices_of_a_retired_terminal_alone_expire(
    sandbox: SandboxProcess, soap: SoapClient, branch: SoapClient
) -> None:
    kept = soap.new_invoice()
    issued, held = branch.new_invoice(), branch.new_invoice()
    sandbox.act(held, "hold")
    waiting = branch.new_invoice(invoice(acknowledgment_mode="REQUIRE_ACKNOWLEDGMENT"))
    sandbox.act(waiting, "open")
    reserved = branch.paid_invoice(invoice(payment_mode="RESERVATION_REQUIRED"))
    canceled = branch.new_invoice()
    branch.cancel(canceled)

    retired = sandbox.retire_terminal("branch")

    expired = [sandbox.invoice(each)["status"] for each in (issued, held, waiting, reserved)]
    assert retired["active"] is False
    assert expired == ["EXPIRED"] * 4
    assert sandbox.invoice(issued)["version"] == 2
    assert sandbox.invoice(reserved)["released_at"] is not None
    assert sandbox.invoice(canceled)["status"] == "CANCELED"
    assert sandbox.invoice(kept)["status"] == "ISSUED"
    assert [each["open_invoices"] for each in sandbox.terminals()] == [1, 0]


def test_payment_that_a_retired_terminal_has_not_asked_about_is_reversed(
    sandbox: SandboxProcess, branch: SoapClient
) -> None:
    reference = branch.paid_invoice()

    sandbox.retire_terminal("branch")
    before = sandbox.invoice(reference)["status"]
    sandbox.advance(20)

    assert (before, sandbox.invoice(reference)["reversed"]) == ("PAID", True)


def test_reseller_closes_the_last_period_of_a_retired_terminal(
    sandbox: SandboxProcess, soap: SoapClient, branch: SoapClient
) -> None:
    sale = branch.new_payment()
    sandbox.retire_terminal("branch")

    period_id = soap.mark_period(TERMINALID="branch").text("transactionPeriodId") or ""
    sandbox.advance(3)

    report = soap.report(TERMINAL_ROWS, transactionPeriodId=period_id, TERMINALID="branch")
    assert sale in (report.text("report/contentString") or "")


def test_open_invoice_of_an_unregistered_cash_register_expires(
    sandbox: SandboxProcess, soap: SoapClient
) -> None:
    till = soap.new_till()
    reference = soap.call("sendInvoice", invoice(), with_context=till).text("invoiceReference")

    soap.call("unregisterTerminal", "", with_context=till)

    assert sandbox.invoice(reference or "")["status"] == "EXPIRED"


def test_seqr_id_of_a_retired_terminal_is_free(
    sandbox: SandboxProcess, soap: SoapClient, branch: SoapClient
) -> None:
    branch.call("assignSeqrId", "<seqrId>COUNTER-1</seqrId>")

    sandbox.retire_terminal("branch")

    assert soap.call("assignSeqrId", "<seqrId>COUNTER-1</seqrId>").code == 0
