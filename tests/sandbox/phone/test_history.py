"""The phone's lock screen, history and receipts, and several customers."""

import pytest

from tests.sandbox.http_pages import Browser
from tests.sandbox.phone.conftest import CODE
from tests.sandbox.raw_soap import SoapClient, invoice, row
from tests.sandbox_process import SandboxProcess

SCRIPT = "<h1>Kvitto åäö</h1><script>alert(1)</script>"


@pytest.fixture
def browser(browser: Browser) -> Browser:
    """A phone that has scanned the code of the shop CAFE."""
    browser.submit("/phone/scan", url=CODE)
    return browser


def pay(browser: Browser, soap: SoapClient, content: str | None = None) -> tuple[str, str]:
    """Pay an invoice on the phone; return its reference and its ersReference."""
    reference = soap.new_invoice(content)
    browser.submit(f"/app/R{reference}", action="pay", pin="1234")
    ers_reference = soap.status(reference, 1).text("ersReference")
    assert ers_reference
    return reference, ers_reference


@pytest.mark.parametrize("path", ["/", "/phone/lock", "/phone/history"])
def test_payment_and_refund_are_shown_on_every_page(
    browser: Browser, soap: SoapClient, path: str
) -> None:
    _, ers_reference = pay(browser, soap)
    soap.refund(ers_reference, invoice("5.00", rows=row("5.00")))

    page = browser.get(path)

    assert page.status == 200
    assert page.text.index("Refund") < page.text.rindex("Paid")
    assert "5,00\u00a0kr" in page.text


def test_history_shows_signs_and_days(
    browser: Browser, soap: SoapClient, cafe: SandboxProcess
) -> None:
    pay(browser, soap)
    cafe.advance(24 * 3600)
    _, ers_reference = pay(browser, soap, invoice("20.00"))
    soap.refund(ers_reference, invoice("5.00", rows=row("5.00")))

    page = browser.get("/phone/history")

    words = ["Today", "+5,00\u00a0kr", "−20,00\u00a0kr", "Yesterday", "−45,00\u00a0kr"]
    assert [page.text.index(word) for word in words] == sorted(map(page.text.index, words))


def test_empty_history_shows_hint(browser: Browser) -> None:
    assert "No payments yet." in browser.get("/phone/history").text


def test_history_is_separate_per_customer(browser: Browser, soap: SoapClient) -> None:
    pay(browser, soap)

    browser.submit("/phone/number", msisdn="+46 70 123 45 67")

    assert "Café Söder" not in browser.get("/phone/history").text
    assert "+46\u00a070\u00a0064\u00a039\u00a033" in browser.get("/").text


def test_payment_page_shows_refunds_and_links_receipts(browser: Browser, soap: SoapClient) -> None:
    reference, ers_reference = pay(browser, soap)
    soap.refund(ers_reference, invoice("5.00", rows=row("5.00")))
    soap.submit_receipt(ers_reference, SCRIPT.encode(), "text/html")

    page = browser.get(f"/app/R{reference}")

    assert "Refund, " in page.text
    assert f'href="/phone/receipts/{reference}/0"' in page.text


def test_receipt_is_shown_in_sandboxed_frame(browser: Browser, soap: SoapClient) -> None:
    reference, ers_reference = pay(browser, soap)
    soap.submit_receipt(ers_reference, SCRIPT.encode(), "text/html; charset=utf-8")
    path = f"/phone/receipts/{reference}/0"

    page, document = browser.get(path), browser.get(f"{path}/document")

    assert f'src="{path}/document" title="The shop’s receipt" sandbox></iframe>' in page.text
    assert "alert" not in page.text
    assert document.text == SCRIPT
    assert document.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = document.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "sandbox", "form-action 'none'"} <= set(policy)
    assert not any(part.startswith("script-src") for part in policy)


@pytest.mark.parametrize(
    ("mime_type", "served_type"),
    [
        ("application/xml", "text/plain; charset=utf-8"),
        ("image/svg+xml", "text/plain; charset=utf-8"),
        ("text/javascript", "text/plain; charset=utf-8"),
        ("image/png", "image/png"),
        ("application/pdf", "application/octet-stream"),
        ("no type at all", "application/octet-stream"),
    ],
)
def test_other_receipts_are_text_image_or_download(
    browser: Browser, soap: SoapClient, mime_type: str, served_type: str
) -> None:
    reference, ers_reference = pay(browser, soap)
    soap.submit_receipt(ers_reference, b"<r/>", mime_type)

    page = browser.get(f"/phone/receipts/{reference}/0")
    document = browser.get(f"/phone/receipts/{reference}/0/document")

    download = served_type == "application/octet-stream"
    assert document.headers["Content-Type"] == served_type
    assert (document.headers["Content-Disposition"] is not None) is download
    assert (">Download</a>" in page.text) is download


@pytest.mark.parametrize("path", ["/phone/receipts/1/0", "/phone/receipts/1/0/document"])
def test_unknown_receipt_is_not_found(browser: Browser, path: str) -> None:
    assert browser.get(path).status == 404


def test_payment_waiting_for_shop_can_only_be_cancelled(
    browser: Browser, soap: SoapClient, cafe: SandboxProcess
) -> None:
    cards = [{"id": "CLUB", "value": "123", "description": "Club <card>"}]
    cafe.control("POST", "/customers", {"msisdn": "46700643933", "cards": cards})
    waiting = soap.new_invoice(invoice(acknowledgment_mode="REQUIRE_ACKNOWLEDGMENT"))

    page = browser.get(f"/app/R{waiting}")
    refused = browser.submit(f"/app/R{waiting}", action="pay", pin="1234")

    assert "Waiting for the shop" in page.text
    assert "Club &lt;card&gt;: sent to the shop" in page.text
    assert 'name="pin"' not in page.text
    assert 'value="cancel"' in page.text
    assert refused.status == 409


@pytest.mark.parametrize(
    ("status", "words"), [("RESERVED", "Reserved"), ("SOMETHING_NEW", "Something new")]
)
def test_payment_page_shows_any_status(
    browser: Browser, soap: SoapClient, cafe: SandboxProcess, status: str, words: str
) -> None:
    reference = soap.new_invoice()
    cafe.control("PUT", f"/invoices/{reference}", {"status": status})

    assert words in browser.get(f"/app/R{reference}").text
