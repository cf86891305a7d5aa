"""The phone's lock screen, its history, the receipts of shops, and several customers."""

import base64

import pytest

from tests.sandbox.http_pages import Browser
from tests.sandbox.raw_soap import Soap, invoice, row
from tests.sandbox_process import SandboxProcess

CODE = "HTTP://SEQR.SE/000/CAFE?TABLE=4"
SCRIPT = "<h1>Kvitto åäö</h1><script>alert(1)</script>"


@pytest.fixture
def browser(cafe: SandboxProcess) -> Browser:
    """A phone that has scanned the code of the service CAFE."""
    browser = Browser(cafe)
    browser.submit("/phone/scan", url=CODE)
    return browser


def paid(browser: Browser, soap: Soap, content: str | None = None) -> tuple[str, str]:
    """Pay an invoice on the phone; its reference, and the payment's."""
    reference = soap.issued(content)
    browser.submit(f"/app/R{reference}", action="pay", pin="1234")
    ers_reference = soap.status(reference, 1).text("ersReference")
    assert ers_reference
    return reference, ers_reference


def submit_receipt(soap: Soap, ers_reference: str, mime_type: str, content: bytes) -> None:
    document = (
        f"<receiptDocument><mimeType>{mime_type}</mimeType>"
        f"<receiptData>{base64.b64encode(content).decode()}</receiptData>"
        "<receiptType>RECEIPT</receiptType></receiptDocument>"
    )
    answer = soap.call(
        "submitPaymentReceipt", f"<ersReference>{ers_reference}</ersReference>{document}"
    )
    assert answer.code == 0


@pytest.mark.parametrize("path", ["/", "/phone/lock", "/phone/history"])
def test_a_payment_and_its_refund_are_told_everywhere(
    browser: Browser, soap: Soap, path: str
) -> None:
    _, ers_reference = paid(browser, soap)
    soap.refund(ers_reference, invoice("5.00", rows=row("5.00")))

    page = browser.get(path)

    assert page.status == 200
    assert page.text.index("Refund") < page.text.rindex("Paid")
    assert "5,00\u00a0kr" in page.text


def test_the_history_has_signs_and_days(browser: Browser, soap: Soap, cafe: SandboxProcess) -> None:
    paid(browser, soap)
    cafe.advance(24 * 3600)
    _, ers_reference = paid(browser, soap, invoice("20.00"))
    soap.refund(ers_reference, invoice("5.00", rows=row("5.00")))

    page = browser.get("/phone/history")

    words = ["Today", "+5,00\u00a0kr", "−20,00\u00a0kr", "Yesterday", "−45,00\u00a0kr"]
    assert [page.text.index(word) for word in words] == sorted(map(page.text.index, words))


def test_an_empty_history_says_so(browser: Browser) -> None:
    assert "No payments yet." in browser.get("/phone/history").text


def test_each_customer_has_a_history_of_their_own(browser: Browser, soap: Soap) -> None:
    paid(browser, soap)

    browser.submit("/phone/number", msisdn="+46 70 123 45 67")

    assert "Café Söder" not in browser.get("/phone/history").text
    assert "+46\u00a070\u00a0064\u00a039\u00a033" in browser.get("/").text


def test_the_bill_shows_its_refunds_and_leads_to_its_receipts(browser: Browser, soap: Soap) -> None:
    reference, ers_reference = paid(browser, soap)
    soap.refund(ers_reference, invoice("5.00", rows=row("5.00")))
    submit_receipt(soap, ers_reference, "text/html", SCRIPT.encode())

    page = browser.get(f"/app/R{reference}")

    assert "Refund, " in page.text
    assert f'href="/phone/receipts/{reference}/0"' in page.text


def test_a_receipt_is_shown_in_a_frame_without_rights(browser: Browser, soap: Soap) -> None:
    reference, ers_reference = paid(browser, soap)
    submit_receipt(soap, ers_reference, "text/html; charset=utf-8", SCRIPT.encode())
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
    ("mime_type", "shown_as"),
    [
        ("application/xml", "text/plain; charset=utf-8"),
        ("image/svg+xml", "text/plain; charset=utf-8"),
        ("text/javascript", "text/plain; charset=utf-8"),
        ("image/png", "image/png"),
        ("application/pdf", "application/octet-stream"),
        ("no type at all", "application/octet-stream"),
    ],
)
def test_other_receipts_are_plain_text_pictures_or_downloads(
    browser: Browser, soap: Soap, mime_type: str, shown_as: str
) -> None:
    reference, ers_reference = paid(browser, soap)
    submit_receipt(soap, ers_reference, mime_type, b"<r/>")

    page = browser.get(f"/phone/receipts/{reference}/0")
    document = browser.get(f"/phone/receipts/{reference}/0/document")

    download = shown_as == "application/octet-stream"
    assert document.headers["Content-Type"] == shown_as
    assert (document.headers["Content-Disposition"] is not None) is download
    assert (">Download</a>" in page.text) is download


@pytest.mark.parametrize("path", ["/phone/receipts/1/0", "/phone/receipts/1/0/document"])
def test_an_unknown_receipt_is_not_found(browser: Browser, path: str) -> None:
    assert browser.get(path).status == 404


def test_a_bill_that_waits_for_the_shop_can_only_be_cancelled(
    browser: Browser, soap: Soap, cafe: SandboxProcess
) -> None:
    cards = [{"id": "CLUB", "value": "123", "description": "Club <card>"}]
    cafe.control("POST", "/customers", {"msisdn": "46700643933", "cards": cards})
    waiting = soap.issued(invoice(acknowledgment_mode="REQUIRE_ACKNOWLEDGMENT"))

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
def test_a_bill_in_any_status_can_be_looked_at(
    browser: Browser, soap: Soap, cafe: SandboxProcess, status: str, words: str
) -> None:
    reference = soap.issued()
    cafe.control("PUT", f"/invoices/{reference}", {"status": status})

    assert words in browser.get(f"/app/R{reference}").text
