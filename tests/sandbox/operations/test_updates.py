"""updateInvoice: new rows and a new total before the customer pays."""

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.raw_soap import SoapClient, invoice, row, token
from tests.sandbox_process import SandboxProcess


@covers_codes("updateInvoice", 0)
def test_update_replaces_rows_and_total_to_pay(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.new_invoice(invoice("45.00"))

    response = soap.update(reference, invoice("40.00", rows=row("45.00") + row("-5.00")))

    sandbox.pay(reference)
    paid = soap.status(reference, 1)
    assert response.names() == ["resultCode", "resultDescription"]
    assert paid.text("version") == "2"
    assert paid.text("receipt/invoice/totalAmount/value") == "40.00"
    assert len(paid.content.findall("return/receipt/invoice/invoiceRows/invoiceRow")) == 2


REFUSED = {
    "no invoice": (49, ""),
    "rows that do not sum up": (49, invoice("45.00", rows=row("44.00"))),
    "another currency": (49, invoice("45.00", currency="EUR")),
    "a token that is still pending": (49, invoice() + token("1234", 0)),
    "a token without value": (49, invoice() + "<tokens><status>1</status></tokens>"),
    "a notificationUrl that is none": (64, invoice(notification_url="shop.example")),
}


@covers_codes("updateInvoice")
@pytest.mark.parametrize(("code", "content"), REFUSED.values(), ids=REFUSED.keys())
def test_invalid_update_is_refused(
    soap: SoapClient, sandbox: SandboxProcess, code: int, content: str
) -> None:
    reference = soap.new_invoice()
    before = sandbox.invoice(reference)

    response = soap.update(reference, content)

    assert response.code == code
    assert sandbox.invoice(reference) == before


@covers_codes("updateInvoice")
@pytest.mark.parametrize(
    ("action", "code"), [("pay", 10), ("hold", 48), ("cancel", 95), ("fail", 55), ("expire", 58)]
)
def test_update_is_refused_by_status(
    soap: SoapClient, sandbox: SandboxProcess, action: str, code: int
) -> None:
    reference = soap.new_invoice()
    sandbox.act(reference, action)

    response = soap.update(reference, invoice("40.00"))

    assert response.code == code
    assert sandbox.invoice(reference)["amount"] == "45.00"


@covers_codes("updateInvoice", 54)
@pytest.mark.parametrize("reference", ["", "77"])
def test_update_of_unknown_invoice_is_refused(soap: SoapClient, reference: str) -> None:
    response = soap.update(reference, invoice())

    assert response.code == 54


def test_update_of_unknown_status_is_refused(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.new_invoice()
    sandbox.control("PUT", f"/invoices/{reference}", {"status": "HALF_PAID"})

    response = soap.update(reference, invoice())

    assert response.code == 10
