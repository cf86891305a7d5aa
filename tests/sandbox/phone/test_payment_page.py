"""The payment page: its content, the PIN pad, paying and cancelling."""

import json

import pytest

from tests.sandbox.http_pages import Browser
from tests.sandbox.phone.conftest import CODE
from tests.sandbox.raw_soap import SoapClient, invoice, row
from tests.sandbox_process import SandboxProcess


def test_payment_page_shows_shop_rows_total_and_pin_field(
    browser: Browser, soap: SoapClient
) -> None:
    rows = row("1200.00", quantity="2.50", name="&lt;b&gt;Tårta&lt;/b&gt;") + row("-1.50")
    reference = soap.new_invoice(invoice("1198.50", rows=rows))

    page = browser.get(f"/app/R{reference}")

    assert page.status == 200
    assert "Café Söder" in page.text
    assert "&lt;b&gt;Tårta&lt;/b&gt;" in page.text
    assert "2,5 ×" in page.text
    assert "1\u00a0200,00\u00a0kr" in page.text
    assert "−1,50\u00a0kr" in page.text
    assert "Pay 1\u00a0198,50\u00a0kr" in page.text
    assert "Order 17" in page.text
    assert 'name="pin"' in page.text


@pytest.mark.parametrize(
    ("action", "page_name"),
    [
        ("pay", "success"),
        ("cancel", "cancel"),
    ],
)
def test_pay_and_cancel_redirect_to_shop_with_token_and_reference(
    browser: Browser,
    soap: SoapClient,
    cafe: SandboxProcess,
    action: str,
    page_name: str,
) -> None:
    scanned = browser.submit("/phone/scan", url=CODE).location or ""
    cafe.scan(CODE, "46709999999")
    reference = soap.new_invoice()

    page = browser.submit(f"/app/R{reference}", action=action, pin="0000")

    token = scanned.partition("#")[2]
    assert page.status == 303
    assert page.location == f"https://cafe.example/{page_name}#{token}_{reference}"
    assert cafe.invoice(reference)["status"] in {"PAID", "CANCELED"}


@pytest.mark.parametrize("pin", ["", "123", "12345", "12a4", "１２３４"])
def test_payment_needs_four_digits(
    browser: Browser, soap: SoapClient, cafe: SandboxProcess, pin: str
) -> None:
    reference = soap.new_invoice()

    page = browser.submit(f"/app/R{reference}", action="pay", pin=pin)

    assert page.status == 400
    assert "The PIN has four digits." in page.text
    assert cafe.invoice(reference)["status"] == "ISSUED"


@pytest.mark.parametrize(
    ("typed", "key", "displayed"),
    [("", "1", "1"), ("12", "0", "120"), ("123", "erase", "12"), ("1234", "5", "1234")],
)
def test_pin_pad_works_without_scripts(
    browser: Browser,
    soap: SoapClient,
    cafe: SandboxProcess,
    *,
    typed: str,
    key: str,
    displayed: str,
) -> None:
    reference = soap.new_invoice()

    page = browser.submit(f"/app/R{reference}", pin=typed, key=key)

    assert page.status == 200
    assert f'class="pin" value="{displayed}"' in page.text
    assert cafe.invoice(reference)["status"] == "ISSUED"


def test_pin_pad_enters_only_digits(browser: Browser, soap: SoapClient) -> None:
    reference = soap.new_invoice()

    page = browser.submit(f"/app/R{reference}", pin='"><b>', key="x")

    assert (page.status, 'class="pin" value=""' in page.text) == (200, True)


def test_script_gets_next_url_as_json(browser: Browser, soap: SoapClient) -> None:
    scanned = browser.submit("/phone/scan", url=CODE).location or ""
    reference = soap.new_invoice()
    accept = {"Accept": "application/json"}

    page = browser.submit(f"/app/R{reference}", accept, action="pay", pin="1234")

    next_url = f"https://cafe.example/success#{scanned.partition('#')[2]}_{reference}"
    assert (page.status, json.loads(page.text)) == (200, {"next_url": next_url})


def test_payment_page_shows_vat(browser: Browser, soap: SoapClient) -> None:
    total = "<itemTotalAmount>"
    rows = [
        row("125.00").replace(total, f"<itemTaxRate>25</itemTaxRate>{total}"),
        row("56.00").replace(total, f"<itemTaxRate>12.0</itemTaxRate>{total}"),
        row("10.00").replace(total, f"<itemTaxRate>0</itemTaxRate>{total}"),
    ]
    reference = soap.new_invoice(invoice("191.00", rows="".join(rows)))

    page = browser.get(f"/app/R{reference}")

    assert "VAT 25 %</span> <span>25,00\u00a0kr" in page.text
    assert "VAT 12 %</span> <span>6,00\u00a0kr" in page.text
    assert page.text.count("of which VAT") == 2


def test_form_without_action_neither_pays_nor_cancels(
    browser: Browser, soap: SoapClient, cafe: SandboxProcess
) -> None:
    reference = soap.new_invoice()

    page = browser.submit(f"/app/R{reference}", pin="1234")

    assert page.status == 400
    assert cafe.invoice(reference)["status"] == "ISSUED"


def test_second_payment_shows_paid_page(browser: Browser, soap: SoapClient) -> None:
    reference = soap.new_invoice()
    browser.submit(f"/app/R{reference}", action="pay", pin="1234")

    page = browser.submit(f"/app/R{reference}", action="pay", pin="1234")

    assert page.status == 409
    assert "Paid" in page.text
    assert 'name="pin"' not in page.text


@pytest.mark.parametrize(
    ("action", "words"),
    [("pay", "Paid"), ("cancel", "Cancelled"), ("fail", "Payment failed"), ("expire", "expired")],
)
def test_ended_payment_shows_its_outcome(
    browser: Browser, soap: SoapClient, cafe: SandboxProcess, action: str, words: str
) -> None:
    reference = soap.new_invoice()
    cafe.act(reference, action)

    page = browser.get(f"/app/R{reference}")

    assert words in page.text
    assert 'name="pin"' not in page.text


def test_reversed_payment_is_shown_only_on_the_phone_that_paid(
    browser: Browser, soap: SoapClient, cafe: SandboxProcess
) -> None:
    browser.submit("/phone/scan", url=CODE)
    reference = soap.new_invoice()
    browser.submit(f"/app/R{reference}", action="pay", pin="1234")

    cafe.advance(20)

    page, home = browser.get(f"/app/R{reference}"), browser.get("/")
    browser.submit("/phone/number", msisdn="46701234567")
    other = browser.get("/")
    assert "Payment returned" in page.text
    assert "Payment returned" in home.text
    assert "Payment returned" not in other.text


def test_phone_opens_back_url_without_scan(sandbox: SandboxProcess) -> None:
    reference = SoapClient(sandbox).new_invoice(
        invoice(back_url="https://cafe.example/back?order=17")
    )

    page = Browser(sandbox).submit(f"/app/R{reference}", action="pay", pin="1234")

    assert page.location == "https://cafe.example/back?order=17"


@pytest.mark.parametrize("back_url", [None, "javascript:alert(1)", "https://a.example/\nX-Bad: 1"])
def test_back_url_with_other_scheme_is_not_followed(
    sandbox: SandboxProcess, back_url: str | None
) -> None:
    reference = SoapClient(sandbox).new_invoice(invoice(back_url=back_url))
    browser = Browser(sandbox)

    page = browser.submit(f"/app/R{reference}", action="pay", pin="1234")

    assert (page.status, page.location) == (303, f"/app/R{reference}")
    assert "Back to the shop" not in browser.get(f"/app/R{reference}").text
