"""The receipt: on the page, as PDF and in print, also in a web view without cookies."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.browsers import SMALL_PHONE
from tests.browser.conftest import OpenBrowser
from tests.browser.stack import Scan, Stack
from tests.browser.steps import expect_heading, number_on, order_without_app

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

    assert download.value.suggested_filename == f"receipt-{number}.pdf"
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
    expect_heading(small, "Receipt")
