"""sendInvoice: valid and invalid invoices."""

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.raw_soap import SoapClient, amount, invoice, row
from tests.sandbox_process import SandboxProcess


@covers_codes("sendInvoice", 0)
def test_sent_invoice_gets_numeric_reference_and_qr_code(soap: SoapClient) -> None:
    response = soap.send_invoice()

    reference = response.text("invoiceReference")
    assert response.status == 200
    assert response.code == 0
    assert reference is not None
    assert reference.isdigit()
    assert response.text("invoiceQRCode") == f"HTTP://SEQR.SE/R{reference}"
    assert response.text("ersReference") is None


def test_references_stay_unique_after_reset(soap: SoapClient, sandbox: SandboxProcess) -> None:
    before = soap.new_invoice()

    sandbox.reset()
    after = soap.new_invoice()

    assert int(after) > int(before)


def test_control_api_returns_invoice_as_sent(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.new_invoice(
        invoice("45.50", rows=row("40.00", quantity="2") + row("5.50", name="Åland &amp; ö 🥐"))
    )

    stored = sandbox.invoice(reference)

    assert stored["status"] == "ISSUED"
    assert stored["version"] == 1
    assert (stored["amount"], stored["currency"]) == ("45.50", "SEK")
    assert (stored["title"], stored["client_invoice_id"]) == ("Café Söder", "order-17")
    assert [line["itemDescription"] for line in stored["rows"]] == ["Kaffe", "Åland & ö 🥐"]
    assert stored["rows"][0]["itemTotalAmount"] == {"value": "40.00", "currency": "SEK"}
    assert sandbox.invoices() == [stored]


def test_negative_row_is_accepted_as_discount(soap: SoapClient) -> None:
    response = soap.send_invoice(invoice("40.00", rows=row("45.00") + row("-5.00")))

    assert response.code == 0


@pytest.mark.parametrize("total", ["0.01", "99999999.99", "45", "45.5"])
def test_amounts_with_up_to_two_decimals_are_accepted(soap: SoapClient, total: str) -> None:
    response = soap.send_invoice(invoice(total))

    assert response.code == 0


INVALID = {
    "total differs from the rows": invoice("45.00", rows=row("44.99")),
    "total is zero": invoice("0.00"),
    "total is negative": invoice("-1.00"),
    "three decimals": invoice("45.001"),
    "too large": invoice("1000000000000000.00"),
    "no rows": invoice(rows=""),
    "unknown currency": invoice(currency="QQQ"),
    "lower case currency": invoice(currency="sek"),
    "currencies differ": invoice(rows=row("45.00", currency="EUR")),
    "a unit price in another currency": invoice().replace(
        "</invoiceRow>", amount("itemUnitPrice", "45.00", "EUR") + "</invoiceRow>"
    ),
    "row without amount": invoice().replace(amount("itemTotalAmount", "45.00"), ""),
    "amount without value": invoice().replace("<value>45.00</value>", ""),
    "amount without currency": invoice().replace("<currency>SEK</currency>", ""),
    "no total": invoice().replace(amount("totalAmount", "45.00"), ""),
    "no title": invoice().replace("<title>Café Söder</title>", ""),
    "blank title": invoice().replace("Café Söder", " "),
    "no acknowledgmentMode": invoice().replace(
        "<acknowledgmentMode>NO_ACKNOWLEDGMENT</acknowledgmentMode>", ""
    ),
    "no invoice": "",
}


@covers_codes("sendInvoice", 49)
@pytest.mark.parametrize("content", INVALID.values(), ids=INVALID.keys())
def test_invalid_invoice_data_is_refused(
    soap: SoapClient, sandbox: SandboxProcess, content: str
) -> None:
    response = soap.send_invoice(content)

    assert response.code == 49
    assert response.names() == ["resultCode", "resultDescription"]
    assert sandbox.invoices() == []


@covers_codes("sendInvoice", 64)
@pytest.mark.parametrize("url", ["", "ftp://shop.example/n", "shop.example/n", "httpx://a"])
def test_notification_url_must_start_with_http(soap: SoapClient, url: str) -> None:
    response = soap.send_invoice(invoice(notification_url=url))

    assert response.code == 64


def test_ten_thousand_rows_are_accepted(soap: SoapClient) -> None:
    response = soap.send_invoice(invoice("10000.00", rows=row("1.00") * 10_000))

    assert response.code == 0
