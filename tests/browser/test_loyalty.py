"""A loyalty card: the page that waits for the payment shows the lower price."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stack import Stack
from tests.browser.steps import order_and_stay, sees
from tests.payments.loyalty import hooks

pytestmark = pytest.mark.browser


def test_who_has_the_card_sees_the_discount_pays_less_and_has_the_receipt_of_it(
    stack: Stack, page: Page
) -> None:
    scan = stack.scan()
    card = {"id": "CLUB", "value": hooks.CARD}
    stack.sandbox.control("POST", "/customers", {"msisdn": scan.msisdn, "cards": [card]})
    reference = order_and_stay(page, scan)
    expect(page.get_by_role("row", name="Total")).to_contain_text("35.00")

    stack.sandbox.control("POST", f"/invoices/{reference}/open", {"msisdn": scan.msisdn})

    expect(page.get_by_role("row", name="Regular")).to_contain_text("-SEK 4.50")
    expect(page.get_by_role("row", name="Total")).to_contain_text("30.50")
    page.goto(stack.sandbox.pay(reference, scan.token)["redirect_url"])
    sees(page, "Paid, thank you!")
    page.get_by_role("link", name="Receipt", exact=True).click()
    expect(page.get_by_role("row", name="Regular")).to_contain_text("-SEK 4.50")
    expect(page.get_by_role("row", name="Total")).to_contain_text("30.50")
