"""A loyalty card's discount on the waiting page and on the receipt."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stack import Stack
from tests.browser.steps import expect_heading, order_without_app
from tests.payments.loyalty import hooks

pytestmark = pytest.mark.browser


def test_customer_with_a_loyalty_card_sees_the_discount_before_paying_and_on_the_receipt(
    stack: Stack, page: Page
) -> None:
    scan = stack.scan()
    card = {"id": "CLUB", "value": hooks.CARD}
    stack.sandbox.control("POST", "/customers", {"msisdn": scan.msisdn, "cards": [card]})
    reference = order_without_app(page, scan)
    expect(page.get_by_role("row", name="Total")).to_contain_text("35.00")

    stack.sandbox.control("POST", f"/invoices/{reference}/open", {"msisdn": scan.msisdn})

    expect(page.get_by_role("row", name="Regular")).to_contain_text("-SEK 4.50")
    expect(page.get_by_role("row", name="Regular")).to_contain_text("With your loyalty card")
    expect(page.get_by_role("row", name="Total")).to_contain_text("30.50")
    page.goto(stack.sandbox.pay(reference, scan.token)["redirect_url"])
    expect_heading(page, "Paid, thank you!")
    page.get_by_role("link", name="Receipt", exact=True).click()
    expect(page.get_by_role("row", name="Regular")).to_contain_text("-SEK 4.50")
    expect(page.get_by_role("row", name="Total")).to_contain_text("30.50")
