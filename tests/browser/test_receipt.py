"""The receipt: on the page, as PDF and in print, also in a web view without cookies."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.browsers import SMALL_PHONE
from tests.browser.conftest import Console, OpenBrowser
from tests.browser.stack import Scan, Stack
from tests.browser.steps import expect_heading, number_on, order_without_app
from tests.mail_server import Behaviour

pytestmark = pytest.mark.browser


def pay_and_return(stack: Stack, page: Page, scan: Scan) -> str:
    """Order and pay for a bun, and open the success page; return the order number."""
    reference = order_without_app(page, scan)
    page.goto(stack.sandbox.pay(reference, scan.token)["redirect_url"])
    expect_heading(page, "Paid, thank you!")
    return number_on(page)


def test_paid_order_has_a_receipt_to_read_and_to_save_as_pdf(stack: Stack, page: Page) -> None:
    number = pay_and_return(stack, page, stack.scan())
    page.context.clear_cookies()

    page.get_by_role("link", name="Receipt", exact=True).click()
    expect_heading(page, "Receipt")
    expect(page.get_by_text(number, exact=True)).to_be_visible()
    expect(page.get_by_role("row", name="25 %")).to_have_count(0)
    expect(page.get_by_role("row", name="12 %")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as PDF").click()

    receipt = page.locator(".facts strong").inner_text()
    assert download.value.suggested_filename == f"receipt-{receipt}.pdf"
    pdf = PdfReader(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert number in pdf.pages[0].extract_text()
    page.get_by_role("link", name="Back to the order").click()
    expect_heading(page, "Paid, thank you!")
    expect(page.get_by_role("link", name="Save as PDF")).to_be_visible()


def test_unpaid_order_has_no_receipt(stack: Stack, page: Page) -> None:
    reference = order_without_app(page, stack.scan())
    expect(page.get_by_role("link", name="Receipt", exact=True)).to_be_hidden()

    back = page.context.new_page()
    back.goto(stack.sandbox.invoice(reference)["back_url"])
    expect(back.get_by_role("link", name="Receipt", exact=True)).to_be_hidden()
    stack.sandbox.pay(reference)

    expect_heading(back, "Paid, thank you!")
    back.get_by_role("link", name="Receipt", exact=True).click()
    expect_heading(back, "Receipt")


def test_receipt_fits_a_small_phone_and_prints_without_links(
    stack: Stack, page: Page, open_browser: OpenBrowser
) -> None:
    pay_and_return(stack, page, stack.scan())
    address = page.get_by_role("link", name="Receipt", exact=True).get_attribute("href")
    small = open_browser(viewport=SMALL_PHONE).new_page()

    small.goto(f"{stack.url}{address}")
    expect_heading(small, "Receipt")
    width = small.evaluate("document.documentElement.scrollWidth")
    small.emulate_media(media="print")

    assert width <= SMALL_PHONE["width"]
    expect(small.get_by_role("link")).to_have_count(0)
    expect(small.get_by_role("textbox")).to_have_count(0)
    expect_heading(small, "Receipt")


def open_receipt(stack: Stack, page: Page) -> None:
    """Pay for a bun, and open its receipt in a browser that keeps no cookie."""
    pay_and_return(stack, page, stack.scan())
    page.context.clear_cookies()
    page.get_by_role("link", name="Receipt", exact=True).click()
    expect_heading(page, "Receipt")


def ask_for_mail(page: Page, address: str) -> None:
    """Enter an address on the receipt's page, and send the form by the keyboard."""
    field = page.get_by_label("Send the receipt by e-mail")
    field.fill(address)
    field.press("Enter")


def test_receipt_is_mailed_to_the_address_that_the_customer_enters(
    stack: Stack, page: Page
) -> None:
    open_receipt(stack, page)

    ask_for_mail(page, "kim@example.com")

    expect(page.get_by_role("status")).to_have_text("The receipt has been mailed.")
    expect(page.get_by_label("Send the receipt by e-mail")).to_be_hidden()
    assert "kim@example.com" not in page.content()
    (sent,) = [each for each in stack.mail_server.mails if "To: kim@example.com" in each]
    assert "application/pdf" in sent
    assert "kim@example.com" not in stack.log.read_text()


def test_mail_that_the_server_refuses_is_reported_and_can_be_asked_for_again(
    stack: Stack, page: Page
) -> None:
    open_receipt(stack, page)
    stack.mail_server.behaviour = Behaviour.REFUSE_RECIPIENT
    try:
        ask_for_mail(page, "robin@example.com")
        expect(page.get_by_role("status")).to_contain_text("could not be mailed")
    finally:
        stack.mail_server.behaviour = Behaviour.ACCEPT

    ask_for_mail(page, "robin@example.com")

    expect(page.get_by_role("status")).to_have_text("The receipt has been mailed.")


def test_mistyped_address_is_explained_beside_the_field_and_kept(
    stack: Stack, page: Page, console: Console
) -> None:
    console.expected.append("400")
    open_receipt(stack, page)

    ask_for_mail(page, "kim@example")

    expect(page.get_by_role("alert")).to_contain_text("Enter an e-mail address")
    expect(page.get_by_label("Send the receipt by e-mail")).to_have_value("kim@example")
