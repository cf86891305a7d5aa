"""The journeys of a refund in a real browser, with their clicks counted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from payments.models import Invoice, Refund, RefundStatus
from seqrshop.backoffice.links import admin_url
from tests.backoffice.test_browser import logged_in
from tests.browser.clicks import ClickCounter, Journey, promised_clicks
from tests.factories import InvoiceFactory, OrderRowFactory, ProductFactory
from tests.staff import page_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def order_of_two_coffees_and_a_bun() -> Invoice:
    """Return the paid payment of two coffees at 20.00 and a bun at 45.00."""
    paid: Invoice = InvoiceFactory.create(
        paid=True, order__total=Decimal("85.00"), amount=Decimal("85.00")
    )
    coffee = ProductFactory.create(
        shop=paid.order.shop, name_sv="Kaffe", name_en="Coffee", price=Decimal("20.00")
    )
    OrderRowFactory.create(order=paid.order, product=coffee, quantity=2)
    OrderRowFactory.create(order=paid.order)
    return paid


def test_one_of_two_coffees_is_refunded_in_four_clicks_and_the_page_says_what_happens(
    live_server: LiveServer, settings: Settings
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("30.00")
    invoice = order_of_two_coffees_and_a_bun()
    order_page = page_url(invoice.order)
    clicks = [
        "a.button:text-is('Refund')",
        ".refund-buttons label:nth-of-type(2)",
        "label:has-text('Something was wrong with it')",
        "button:has-text('Refund 20.00')",
    ]

    with logged_in(live_server) as browser:
        page = browser.page
        browser.open(admin_url(Invoice, "refund", invoice.pk))
        page.click(".refund-buttons label:nth-of-type(3)")
        both = page.inner_text(".refund-effect"), page.inner_text("button.button-primary")
        counter = ClickCounter(page.context)
        browser.open(order_page)
        for click in clicks[:2]:
            page.click(click)
        alone = page.inner_text(".refund-effect")
        for click in clicks[2:]:
            page.click(click)
        slip = page.inner_text(".slip")
        number = counter.take()
        errors = browser.policy_violations + browser.script_errors

    refund = Refund.objects.get()
    assert number == promised_clicks()[Journey.REFUND_ROW]
    assert promised_clicks()[Journey.READ_REFUND] == 0
    assert all(each in slip for each in ("astrid", "Something was wrong with it"))
    assert errors == []
    assert alone == "The customer gets the money back at once."
    assert both[0] == "A colleague must approve this before the customer gets the money."
    assert both[1] == "Ask for approval of 40.00\N{NO-BREAK SPACE}SEK"
    assert (refund.amount, refund.rows.get().quantity) == (Decimal("20.00"), 1)
    assert "1 × Coffee" in slip


def test_typed_amount_above_the_limit_asks_a_colleague_who_reads_it_in_approvals(
    live_server: LiveServer, settings: Settings
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("30.00")
    invoice = order_of_two_coffees_and_a_bun()

    with logged_in(live_server) as browser:
        page = browser.page
        browser.open(admin_url(Invoice, "refund", invoice.pk))
        page.click("text=Another amount")
        page.fill("input[name=amount]", "30,50")
        effect = page.inner_text(".refund-effect")
        page.click("label:has-text('Took too long')")
        page.click("button:has-text('Ask for approval of 30.50')")
        browser.open(admin_url(Refund, "approvals"))
        approvals = page.inner_text(".decisions")
        errors = browser.policy_violations + browser.script_errors

    assert errors == []
    assert effect.startswith("A colleague must approve this")
    assert "Took too long" in approvals
    assert "You asked for this refund, so a colleague must decide." in approvals
    assert Refund.objects.get().status == RefundStatus.REQUESTED
