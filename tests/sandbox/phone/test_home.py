"""The phone's wallet: printed codes, scanning, and the phone number."""

import json
import re

import pytest
import zxingcpp
from PIL import Image

from payments.sandbox import pages
from payments.sandbox.phone import qr
from tests.sandbox.http_pages import Browser
from tests.sandbox.phone.conftest import CODE
from tests.sandbox.raw_soap import SoapClient, invoice
from tests.sandbox.shop_server import ShopServer
from tests.sandbox_process import SandboxProcess


@pytest.mark.parametrize("path", ["/", "/phone"])
def test_home_shows_printed_codes_with_shop_and_place(browser: Browser, path: str) -> None:
    page = browser.get(path)

    assert page.status == 200
    assert "Café Söder" in page.text
    assert "Table 4" in page.text
    assert f'value="{CODE}"' in page.text
    assert "/phone/codes/CAFE/0.svg" in page.text


def test_home_without_shops_explains_how_to_add_one(sandbox: SandboxProcess) -> None:
    page = Browser(sandbox).get("/")

    assert "--shop ID=URL" in page.text


def test_printed_code_has_version_4_and_two_modules_of_padding(
    browser: Browser,
) -> None:
    page = browser.get("/phone/codes/CAFE/0.svg")

    assert page.headers["Content-Type"] == "image/svg+xml"
    assert 'viewBox="0 0 37 37"' in page.text


def test_qr_code_contains_its_payload() -> None:
    picture = draw(qr.svg(CODE).decode())

    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [CODE]


def draw(svg: str) -> Image.Image:
    """Draw the modules of an SVG code as an image: each is a square `M<x>,<y>H…V…H…z`."""
    picture = Image.new("L", (37, 37), 255)
    for x, y in re.findall(r"M([\d.]+),([\d.]+)H", svg):
        picture.putpixel((int(float(x)), int(float(y))), 0)
    return picture.resize((37 * 8, 37 * 8), Image.Resampling.NEAREST)


@pytest.mark.parametrize("path", ["/phone/codes/CAFE/1.svg", "/phone/codes/BAR/0.svg", "/app/x"])
def test_unknown_path_gets_html_page(browser: Browser, path: str) -> None:
    page = browser.get(path)

    assert page.status == 404
    assert "Page not found" in page.text


def test_scan_opens_order_page_and_shop_gets_phone_number(
    browser: Browser, soap: SoapClient
) -> None:
    browser.submit("/phone/number", msisdn="+46701234567")

    page = browser.submit("/phone/scan", url=CODE)

    assert page.status == 303
    assert page.location is not None
    url, _, token = page.location.partition("#")
    assert url == "https://cafe.example/order"
    assert b"46701234567" in session_texts(soap, token)


def session_texts(soap: SoapClient, token: str) -> bytes:
    texts = (str(text) for text in soap.session(token).content.itertext())
    return " ".join(texts).encode()


@pytest.mark.parametrize("url", ["", "nonsense", "HTTP://SEQR.SE/000/BAR", "http://["])
def test_unusable_code_shows_error(browser: Browser, url: str) -> None:
    page = browser.submit("/phone/scan", url=url)

    assert page.status == 400
    assert 'role="alert"' in page.text


@pytest.mark.parametrize("number", ["", "07", "abc", "<b>"])
def test_phone_number_must_be_international(browser: Browser, number: str) -> None:
    page = browser.submit("/phone/number", msisdn=number)

    assert (page.status, 'role="alert"' in page.text) == (400, True)


def test_invoice_code_opens_payment_page(browser: Browser, soap: SoapClient) -> None:
    reference = soap.new_invoice()

    page = browser.submit("/phone/scan", url=f"HTTP://SEQR.SE/R{reference}")

    assert (page.status, page.location) == (303, f"/app/R{reference}")


def test_pages_allow_only_own_scripts_and_resources(browser: Browser) -> None:
    page = browser.get("/")

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert set(re.findall(r"<script[^>]*>", page.text)) == {
        '<script type="module" src="/phone/static/live.js">'
    }
    assert "style=" not in page.text


def test_style_sheet_and_icon_are_served(browser: Browser) -> None:
    served = [browser.get(f"/phone/static/{name}") for name in ("phone.css", "icon.svg")]

    assert [page.status for page in served] == [200, 200]
    assert served[0].text == (pages.HERE / "static/phone.css").read_text()


def test_product_is_bought_by_its_own_code_with_this_phones_number(
    browser: Browser, soap: SoapClient, shop: ShopServer
) -> None:
    reference = soap.new_invoice(invoice(notification_url="http://127.0.0.1:1/notify"))
    shop.respond = lambda: (200, json.dumps({"invoiceReferenceId": reference}).encode())
    browser.submit("/phone/number", msisdn="+46701234567")

    bought = browser.submit(
        "/phone/purchase", url=f"{shop.url}/createPurchase", purchaseToken="P17"
    )

    assert (bought.status, bought.location) == (303, f"/app/R{reference}")
    sent = json.loads(shop.next_request().body)
    assert (sent["purchaseToken"], sent["msisdn"]) == ("P17", "46701234567")


def test_product_that_the_shop_refuses_is_explained(browser: Browser, shop: ShopServer) -> None:
    shop.respond = lambda: (409, b"{}")

    refused = browser.submit(
        "/phone/purchase", url=f"{shop.url}/createPurchase", purchaseToken="P17"
    )

    assert refused.status == 400
    assert "This product cannot be bought. The merchant responded with HTTP 409." in refused.text
