"""getPaymentStatus and cancelInvoice in every status of an invoice."""

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.raw_soap import SoapClient, invoice, row
from tests.sandbox_process import ControlError, SandboxProcess


@covers_codes("getPaymentStatus", 0)
def test_issued_invoice_has_no_receipt_and_no_ers_reference(soap: SoapClient) -> None:
    reference = soap.new_invoice()

    response = soap.status(reference)

    assert response.names() == ["resultCode", "resultDescription", "status", "version"]
    assert (response.code, response.text("status"), response.text("version")) == (0, "ISSUED", "1")


def test_paid_invoice_has_complete_receipt(soap: SoapClient, cafe: SandboxProcess) -> None:
    cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")
    reference = soap.paid_invoice(invoice("45.50", rows=row("40.00", quantity="2") + row("5.50")))

    response = soap.status(reference, 1)

    ers_reference = response.text("ersReference")
    assert response.names() == [
        "ersReference",
        "resultCode",
        "resultDescription",
        "status",
        "receipt",
        "version",
    ]
    assert (response.text("status"), response.text("version")) == ("PAID", "2")
    assert ers_reference is not None
    assert len(ers_reference) == 25
    assert response.names("receipt") == [
        "terminalId",
        "paymentDate",
        "clientInvoiceId",
        "invoiceReference",
        "paymentReference",
        "payerTerminalId",
        "receiverName",
        "invoice",
    ]
    assert response.text("receipt/terminalId") == "public_test_shop_terminal"
    assert response.text("receipt/clientInvoiceId") == "order-17"
    assert response.text("receipt/invoiceReference") == reference
    assert response.text("receipt/invoice/title") == "Café Söder"
    assert response.text("receipt/invoice/totalAmount/value") == "45.50"
    assert response.text("receipt/invoice/invoiceRows/invoiceRow/itemQuantity") == "2"


@covers_codes(None, 54)
@pytest.mark.parametrize("reference", ["", "999", "R1", "x"])
@pytest.mark.parametrize("operation", ["getPaymentStatus", "cancelInvoice"])
def test_unknown_reference_is_refused(soap: SoapClient, reference: str, operation: str) -> None:
    response = soap.status(reference) if operation == "getPaymentStatus" else soap.cancel(reference)

    assert response.code == 54


def test_unconfirmed_payment_is_reversed_after_twenty_seconds(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    reference = soap.paid_invoice()

    sandbox.advance(20)

    response = soap.status(reference, 1)
    stored = sandbox.invoice(reference)
    assert (response.text("status"), response.text("version")) == ("CANCELED", "3")
    assert response.text("ersReference") is None
    assert response.text("receipt/terminalId") is None
    assert stored["reversed"] is True
    assert stored["confirmed_at"] is None


def test_status_query_in_time_confirms_payment(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.paid_invoice()
    sandbox.advance(18)

    soap.status(reference, 1)
    sandbox.advance(3600)

    assert soap.status(reference, 2).text("status") == "PAID"
    assert sandbox.invoice(reference)["reversed"] is False


def test_status_query_before_payment_does_not_confirm_it(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    reference = soap.new_invoice()
    soap.status(reference)
    sandbox.pay(reference)

    sandbox.advance(21)

    assert soap.status(reference, 1).text("status") == "CANCELED"


def test_reversal_time_can_be_configured(configured_sandbox: SandboxProcess) -> None:
    reference = SoapClient(configured_sandbox).new_invoice()
    configured_sandbox.pay(reference)

    configured_sandbox.advance(5)

    assert configured_sandbox.invoice(reference)["reversed"] is True


def test_control_api_returns_version_of_latest_status_query(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    reference = soap.new_invoice()

    soap.status(reference, 7)

    assert sandbox.invoice(reference)["status_queried_version"] == 7


def test_control_api_returns_longest_time_without_status_query(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    reference = soap.new_invoice()
    for seconds in (3, 8, 2):
        sandbox.advance(seconds)
        soap.status(reference, 1)
    sandbox.pay(reference)
    soap.status(reference, 1)  # the payment is confirmed
    sandbox.advance(60)
    soap.status(reference, 2)

    assert 8 <= sandbox.invoice(reference)["longest_silence_seconds"] < 9


@covers_codes("cancelInvoice", 0)
def test_cancelled_invoice_has_new_version(soap: SoapClient) -> None:
    reference = soap.new_invoice()

    code = soap.cancel(reference).code

    response = soap.status(reference, 1)
    assert code == 0
    assert (response.text("status"), response.text("version")) == ("CANCELED", "2")


@covers_codes("cancelInvoice")
@pytest.mark.parametrize(
    ("action", "code"), [("pay", 50), ("hold", 51), ("cancel", 95), ("fail", 55), ("expire", 58)]
)
def test_cancel_is_refused_by_status(
    soap: SoapClient, sandbox: SandboxProcess, action: str, code: int
) -> None:
    reference = soap.new_invoice()
    sandbox.act(reference, action)
    before = sandbox.invoice(reference)["version"]

    response = soap.cancel(reference)

    assert response.code == code
    assert sandbox.invoice(reference)["version"] == before


def test_released_invoice_can_be_cancelled(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.new_invoice()
    sandbox.act(reference, "hold")
    sandbox.act(reference, "release")

    response = soap.cancel(reference)

    assert response.code == 0


@pytest.mark.parametrize("ending", ["pay", "cancel", "fail", "expire"])
@pytest.mark.parametrize("action", ["pay", "cancel", "fail", "expire", "hold", "release"])
def test_ended_invoice_cannot_change(
    soap: SoapClient, sandbox: SandboxProcess, ending: str, action: str
) -> None:
    reference = soap.new_invoice()
    sandbox.act(reference, ending)
    before = sandbox.invoice(reference)

    with pytest.raises(ControlError, match=f"409: Invoice {reference} is"):
        sandbox.act(reference, action)

    assert sandbox.invoice(reference) == before
