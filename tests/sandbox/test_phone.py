"""The phone's pages: scanning, the bill, paying and cancelling."""

import json
import re
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from payments.sandbox import qr
from tests.sandbox.http_pages import Browser
from tests.sandbox.raw_soap import Soap, invoice, row
from tests.sandbox_process import SandboxProcess

CODE = "HTTP://SEQR.SE/000/CAFE?TABLE=4"


@pytest.fixture
def browser(cafe: SandboxProcess) -> Browser:
    """A phone near the codes of the service CAFE."""
    return Browser(cafe)


@pytest.mark.parametrize("path", ["/", "/phone"])
def test_the_shelf_shows_each_printed_code_with_its_service_and_place(
    browser: Browser, path: str
) -> None:
    page = browser.get(path)

    assert page.status == 200
    assert "Café Söder" in page.text
    assert "Table 4" in page.text
    assert f'value="{CODE}"' in page.text
    assert "/phone/codes/CAFE/0.svg" in page.text


def test_an_empty_shelf_says_how_to_fill_it(sandbox: SandboxProcess) -> None:
    page = Browser(sandbox).get("/")

    assert "--service ID=URL" in page.text


def test_a_printed_code_is_a_version_4_picture_with_two_modules_of_padding(
    browser: Browser,
) -> None:
    page = browser.get("/phone/codes/CAFE/0.svg")

    assert page.headers["Content-Type"] == "image/svg+xml"
    assert 'viewBox="0 0 37 37"' in page.text


def test_the_picture_of_a_code_says_its_payload() -> None:
    picture = draw(qr.svg(CODE).decode())

    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [CODE]


def draw(svg: str) -> Image.Image:
    """The modules of a QR code's path as an image: each is a square `M<x>,<y>H…V…H…z`."""
    picture = Image.new("L", (37, 37), 255)
    for x, y in re.findall(r"M([\d.]+),([\d.]+)H", svg):
        picture.putpixel((int(float(x)), int(float(y))), 0)
    return picture.resize((37 * 8, 37 * 8), Image.Resampling.NEAREST)


@pytest.mark.parametrize("path", ["/phone/codes/CAFE/1.svg", "/phone/codes/BAR/0.svg", "/app/x"])
def test_what_is_not_there_gets_a_friendly_page(browser: Browser, path: str) -> None:
    page = browser.get(path)

    assert page.status == 404
    assert "There is nothing here" in page.text


def test_scanning_leads_to_the_order_page_and_the_shop_learns_the_phone_number(
    browser: Browser, soap: Soap
) -> None:
    browser.submit("/phone/owner", msisdn="+46701234567")

    page = browser.submit("/phone/scan", url=CODE)

    assert page.status == 303
    assert page.location is not None
    url, _, token = page.location.partition("#")
    assert url == "https://cafe.example/order"
    assert b"46701234567" in soap_answer(soap, token)


def soap_answer(soap: Soap, token: str) -> bytes:
    texts = (str(text) for text in soap.session(token).content.itertext())
    return " ".join(texts).encode()


@pytest.mark.parametrize("url", ["", "nonsense", "HTTP://SEQR.SE/000/BAR", "http://["])
def test_a_code_that_leads_nowhere_says_so(browser: Browser, url: str) -> None:
    page = browser.submit("/phone/scan", url=url)

    assert page.status == 400
    assert 'role="alert"' in page.text


@pytest.mark.parametrize("number", ["", "07", "abc", "<b>"])
def test_a_phone_number_must_be_international(browser: Browser, number: str) -> None:
    page = browser.submit("/phone/owner", msisdn=number)

    assert (page.status, 'role="alert"' in page.text) == (400, True)


def test_an_invoice_code_from_a_screen_leads_to_its_bill(browser: Browser, soap: Soap) -> None:
    reference = soap.issued()

    page = browser.submit("/phone/scan", url=f"HTTP://SEQR.SE/R{reference}")

    assert (page.status, page.location) == (303, f"/app/R{reference}")


def test_the_bill_shows_shop_rows_total_and_a_place_for_the_pin(
    browser: Browser, soap: Soap
) -> None:
    rows = row("1200.00", quantity="2.50", name="&lt;b&gt;Tårta&lt;/b&gt;") + row("-1.50")
    reference = soap.issued(invoice("1198.50", rows=rows))

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
    ("action", "leads_to"),
    [
        ("pay", "success"),
        ("cancel", "cancel"),
    ],
)
def test_pay_and_cancel_lead_on_to_the_shop_with_token_and_reference(
    browser: Browser,
    soap: Soap,
    cafe: SandboxProcess,
    action: str,
    leads_to: str,
) -> None:
    scanned = browser.submit("/phone/scan", url=CODE).location or ""
    cafe.scan(CODE, "46709999999")
    reference = soap.issued()

    page = browser.submit(f"/app/R{reference}", action=action, pin="0000")

    token = scanned.partition("#")[2]
    assert page.status == 303
    assert page.location == f"https://cafe.example/{leads_to}#{token}_{reference}"
    assert cafe.invoice(reference)["status"] in {"PAID", "CANCELED"}


@pytest.mark.parametrize("pin", ["", "123", "12345", "12a4", "１２３４"])
def test_without_four_digits_nothing_is_paid(
    browser: Browser, soap: Soap, cafe: SandboxProcess, pin: str
) -> None:
    reference = soap.issued()

    page = browser.submit(f"/app/R{reference}", action="pay", pin=pin)

    assert page.status == 400
    assert "The PIN is four digits." in page.text
    assert cafe.invoice(reference)["status"] == "ISSUED"


@pytest.mark.parametrize(
    ("typed", "key", "shown"),
    [("", "1", "1"), ("12", "0", "120"), ("123", "erase", "12"), ("1234", "5", "1234")],
)
def test_the_pad_types_without_scripts_too(
    browser: Browser, soap: Soap, cafe: SandboxProcess, *, typed: str, key: str, shown: str
) -> None:
    reference = soap.issued()

    page = browser.submit(f"/app/R{reference}", pin=typed, key=key)

    assert page.status == 200
    assert f'class="pin" value="{shown}"' in page.text
    assert cafe.invoice(reference)["status"] == "ISSUED"


def test_the_pad_types_nothing_but_digits(browser: Browser, soap: Soap) -> None:
    reference = soap.issued()

    page = browser.submit(f"/app/R{reference}", pin='"><b>', key="x")

    assert (page.status, 'class="pin" value=""' in page.text) == (200, True)


def test_a_script_is_told_where_to_go_on_to(browser: Browser, soap: Soap) -> None:
    scanned = browser.submit("/phone/scan", url=CODE).location or ""
    reference = soap.issued()
    accept = {"Accept": "application/json"}

    page = browser.submit(f"/app/R{reference}", accept, action="pay", pin="1234")

    onward = f"https://cafe.example/success#{scanned.partition('#')[2]}_{reference}"
    assert (page.status, json.loads(page.text)) == (200, {"onward": onward})


def test_the_bill_says_how_much_of_it_is_vat(browser: Browser, soap: Soap) -> None:
    total = "<itemTotalAmount>"
    rows = [
        row("125.00").replace(total, f"<itemTaxRate>25</itemTaxRate>{total}"),
        row("56.00").replace(total, f"<itemTaxRate>12.0</itemTaxRate>{total}"),
        row("10.00").replace(total, f"<itemTaxRate>0</itemTaxRate>{total}"),
    ]
    reference = soap.issued(invoice("191.00", rows="".join(rows)))

    page = browser.get(f"/app/R{reference}")

    assert "VAT 25 %</span> <span>25,00\u00a0kr" in page.text
    assert "VAT 12 %</span> <span>6,00\u00a0kr" in page.text
    assert page.text.count("of which VAT") == 2


def test_a_form_without_an_action_neither_pays_nor_cancels(
    browser: Browser, soap: Soap, cafe: SandboxProcess
) -> None:
    reference = soap.issued()

    page = browser.submit(f"/app/R{reference}", pin="1234")

    assert page.status == 400
    assert cafe.invoice(reference)["status"] == "ISSUED"


def test_paying_twice_shows_that_it_is_paid(browser: Browser, soap: Soap) -> None:
    reference = soap.issued()
    browser.submit(f"/app/R{reference}", action="pay", pin="1234")

    page = browser.submit(f"/app/R{reference}", action="pay", pin="1234")

    assert page.status == 409
    assert "Paid" in page.text
    assert 'name="pin"' not in page.text


@pytest.mark.parametrize(
    ("action", "words"),
    [("pay", "Paid"), ("cancel", "Cancelled"), ("fail", "Payment failed"), ("expire", "expired")],
)
def test_an_ended_bill_says_how_it_ended(
    browser: Browser, soap: Soap, cafe: SandboxProcess, action: str, words: str
) -> None:
    reference = soap.issued()
    cafe.act(reference, action)

    page = browser.get(f"/app/R{reference}")

    assert words in page.text
    assert 'name="pin"' not in page.text


def test_a_returned_payment_is_told_to_the_phone_that_paid_and_to_no_other(
    browser: Browser, soap: Soap, cafe: SandboxProcess
) -> None:
    browser.submit("/phone/scan", url=CODE)
    reference = soap.issued()
    browser.submit(f"/app/R{reference}", action="pay", pin="1234")

    cafe.advance(20)

    bill, home = browser.get(f"/app/R{reference}"), browser.get("/")
    browser.submit("/phone/owner", msisdn="46701234567")
    other = browser.get("/")
    assert "Payment returned" in bill.text
    assert "Payment returned" in home.text
    assert "Payment returned" not in other.text


def test_without_a_scan_the_back_url_is_where_the_phone_goes(sandbox: SandboxProcess) -> None:
    reference = Soap(sandbox).issued(invoice(back_url="https://cafe.example/back?order=17"))

    page = Browser(sandbox).submit(f"/app/R{reference}", action="pay", pin="1234")

    assert page.location == "https://cafe.example/back?order=17"


@pytest.mark.parametrize("back_url", [None, "javascript:alert(1)", "https://a.example/\nX-Bad: 1"])
def test_a_back_url_that_no_browser_can_follow_is_not_followed(
    sandbox: SandboxProcess, back_url: str | None
) -> None:
    reference = Soap(sandbox).issued(invoice(back_url=back_url))
    browser = Browser(sandbox)

    page = browser.submit(f"/app/R{reference}", action="pay", pin="1234")

    assert (page.status, page.location) == (303, f"/app/R{reference}")
    assert "Back to the shop" not in browser.get(f"/app/R{reference}").text


def test_no_page_runs_or_loads_anything_foreign(browser: Browser) -> None:
    page = browser.get("/")

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert set(re.findall(r"<script[^>]*>", page.text)) == {
        '<script type="module" src="/phone/static/live.js">'
    }
    assert "style=" not in page.text


def test_the_style_sheet_and_the_icon_are_served(browser: Browser) -> None:
    served = [browser.get(f"/phone/static/{name}") for name in ("phone.css", "icon.svg")]

    assert [page.status for page in served] == [200, 200]
    assert served[0].text == (Path(qr.__file__).parent / "static/phone.css").read_text()
