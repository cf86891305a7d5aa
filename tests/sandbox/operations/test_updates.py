"""updateInvoice: other rows and another total while the customer has not paid."""

import pytest

from tests.sandbox.raw_soap import Soap, invoice, row, token
from tests.sandbox.shows import shows
from tests.sandbox_process import SandboxProcess


@shows("updateInvoice", 0)
def test_an_update_replaces_rows_and_total_and_the_customer_pays_the_new_one(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    reference = soap.issued(invoice("45.00"))

    answer = soap.update(reference, invoice("40.00", rows=row("45.00") + row("-5.00")))

    sandbox.pay(reference)
    paid = soap.status(reference, 1)
    assert answer.names() == ["resultCode", "resultDescription"]
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


@shows("updateInvoice")
@pytest.mark.parametrize(("code", "content"), REFUSED.values(), ids=REFUSED.keys())
def test_an_update_is_held_against_the_rules_of_an_invoice(
    soap: Soap, sandbox: SandboxProcess, code: int, content: str
) -> None:
    reference = soap.issued()
    before = sandbox.invoice(reference)

    answer = soap.update(reference, content)

    assert answer.code == code
    assert sandbox.invoice(reference) == before


@shows("updateInvoice")
@pytest.mark.parametrize(
    ("action", "code"), [("pay", 10), ("hold", 48), ("cancel", 95), ("fail", 55), ("expire", 58)]
)
def test_what_cannot_be_updated_any_more_says_why(
    soap: Soap, sandbox: SandboxProcess, action: str, code: int
) -> None:
    reference = soap.issued()
    sandbox.act(reference, action)

    answer = soap.update(reference, invoice("40.00"))

    assert answer.code == code
    assert sandbox.invoice(reference)["amount"] == "45.00"


@shows("updateInvoice", 54)
@pytest.mark.parametrize("reference", ["", "77"])
def test_an_update_of_an_unknown_invoice_is_refused_with_54(soap: Soap, reference: str) -> None:
    answer = soap.update(reference, invoice())

    assert answer.code == 54


def test_an_invoice_in_a_status_unknown_to_seqr_cannot_be_updated(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    reference = soap.issued()
    sandbox.control("PUT", f"/invoices/{reference}", {"status": "HALF_PAID"})

    answer = soap.update(reference, invoice())

    assert answer.code == 10
