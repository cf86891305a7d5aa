"""getPaymentStatus and cancelInvoice over an invoice's life."""

import pytest

from tests.sandbox.raw_soap import Soap, invoice, row
from tests.sandbox.shows import shows
from tests.sandbox_process import ControlError, SandboxProcess


@shows("getPaymentStatus", 0)
def test_an_issued_invoice_has_no_receipt_and_no_ers_reference(soap: Soap) -> None:
    reference = soap.issued()

    answer = soap.status(reference)

    assert answer.names() == ["resultCode", "resultDescription", "status", "version"]
    assert (answer.code, answer.text("status"), answer.text("version")) == (0, "ISSUED", "1")


def test_a_paid_invoice_has_its_whole_receipt(soap: Soap, cafe: SandboxProcess) -> None:
    cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")
    reference = soap.issued(invoice("45.50", rows=row("40.00", quantity="2") + row("5.50")))
    cafe.pay(reference)

    answer = soap.status(reference, 1)

    ers_reference = answer.text("ersReference")
    assert answer.names() == [
        "ersReference",
        "resultCode",
        "resultDescription",
        "status",
        "receipt",
        "version",
    ]
    assert (answer.text("status"), answer.text("version")) == ("PAID", "2")
    assert ers_reference is not None
    assert len(ers_reference) == 25
    assert answer.names("receipt") == [
        "terminalId",
        "paymentDate",
        "clientInvoiceId",
        "invoiceReference",
        "paymentReference",
        "payerTerminalId",
        "receiverName",
        "invoice",
    ]
    assert answer.text("receipt/terminalId") == "public_test_shop_terminal"
    assert answer.text("receipt/clientInvoiceId") == "order-17"
    assert answer.text("receipt/invoiceReference") == reference
    assert answer.text("receipt/invoice/title") == "Café Söder"
    assert answer.text("receipt/invoice/totalAmount/value") == "45.50"
    assert answer.text("receipt/invoice/invoiceRows/invoiceRow/itemQuantity") == "2"


@shows(None, 54)
@pytest.mark.parametrize("reference", ["", "999", "R1", "x"])
@pytest.mark.parametrize("operation", ["getPaymentStatus", "cancelInvoice"])
def test_an_unknown_reference_is_refused_with_54(
    soap: Soap, reference: str, operation: str
) -> None:
    answer = soap.status(reference) if operation == "getPaymentStatus" else soap.cancel(reference)

    assert answer.code == 54


def test_an_unasked_payment_is_returned_after_twenty_seconds(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    reference = soap.issued()
    sandbox.pay(reference)

    sandbox.advance(20)

    answer = soap.status(reference, 1)
    shown = sandbox.invoice(reference)
    assert (answer.text("status"), answer.text("version")) == ("CANCELED", "3")
    assert answer.text("ersReference") is None
    assert answer.text("receipt/terminalId") is None
    assert shown["reversed"] is True
    assert shown["confirmed_at"] is None


def test_asking_in_time_keeps_the_payment_for_good(soap: Soap, sandbox: SandboxProcess) -> None:
    reference = soap.issued()
    sandbox.pay(reference)
    sandbox.advance(18)

    soap.status(reference, 1)
    sandbox.advance(3600)

    assert soap.status(reference, 2).text("status") == "PAID"
    assert sandbox.invoice(reference)["reversed"] is False


def test_asking_before_the_payment_does_not_confirm_it(soap: Soap, sandbox: SandboxProcess) -> None:
    reference = soap.issued()
    soap.status(reference)
    sandbox.pay(reference)

    sandbox.advance(21)

    assert soap.status(reference, 1).text("status") == "CANCELED"


def test_the_time_to_the_reversal_can_be_set(tuned: SandboxProcess) -> None:
    reference = Soap(tuned).issued()
    tuned.pay(reference)

    tuned.advance(5)

    assert tuned.invoice(reference)["reversed"] is True


def test_the_version_last_sent_by_the_shop_is_shown(soap: Soap, sandbox: SandboxProcess) -> None:
    reference = soap.issued()

    soap.status(reference, 7)

    assert sandbox.invoice(reference)["status_queried_version"] == 7


@shows("cancelInvoice", 0)
def test_a_cancelled_invoice_is_canceled_with_a_new_version(soap: Soap) -> None:
    reference = soap.issued()

    code = soap.cancel(reference).code

    answer = soap.status(reference, 1)
    assert code == 0
    assert (answer.text("status"), answer.text("version")) == ("CANCELED", "2")


@shows("cancelInvoice")
@pytest.mark.parametrize(
    ("action", "code"), [("pay", 50), ("hold", 51), ("cancel", 95), ("fail", 55), ("expire", 58)]
)
def test_what_cannot_be_cancelled_says_why(
    soap: Soap, sandbox: SandboxProcess, action: str, code: int
) -> None:
    reference = soap.issued()
    sandbox.act(reference, action)
    before = sandbox.invoice(reference)["version"]

    answer = soap.cancel(reference)

    assert answer.code == code
    assert sandbox.invoice(reference)["version"] == before


def test_a_released_invoice_can_be_cancelled_again(soap: Soap, sandbox: SandboxProcess) -> None:
    reference = soap.issued()
    sandbox.act(reference, "hold")
    sandbox.act(reference, "release")

    answer = soap.cancel(reference)

    assert answer.code == 0


@pytest.mark.parametrize("ending", ["pay", "cancel", "fail", "expire"])
@pytest.mark.parametrize("action", ["pay", "cancel", "fail", "expire", "hold", "release"])
def test_an_ended_invoice_stays_as_it_is(
    soap: Soap, sandbox: SandboxProcess, ending: str, action: str
) -> None:
    reference = soap.issued()
    sandbox.act(reference, ending)
    before = sandbox.invoice(reference)

    with pytest.raises(ControlError, match=f"409: Invoice {reference} is"):
        sandbox.act(reference, action)

    assert sandbox.invoice(reference) == before
