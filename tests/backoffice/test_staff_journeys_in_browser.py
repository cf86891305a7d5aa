"""Journeys of the staff's day in Chromium, each with the clicks that docs/staff.md promises.

Others are counted where their pages are tested: a refund by rows in test_refund_in_browser.py,
people in people/test_people_in_browser.py, the kitchen in tests/browser/test_kitchen.py, and an
action over many orders in tests/browser/test_bulk_job.py.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from orders.audit import ChangeSource, by_staff
from orders.models import Order, OrderState, Product, SourceName, StaffAccess
from payments.cases.cases import open_case
from payments.models import CaseKind, Invoice, InvoiceStatus, Refund, RefundReason, RefundStatus
from payments.refunds.refund import RefundRequest, create_refund
from payments.staff_roles import save_roles
from tests.backoffice.test_browser import AdminBrowser, logged_in
from tests.browser.clicks import ClickCounter, Journey, promised_clicks
from tests.factories import InvoiceFactory, OrderFactory, OrderRowFactory, ProductFactory
from tests.payments.steps import issued_invoice, reference
from tests.sandbox_process import SandboxProcess
from tests.staff import list_url, page_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIRST_PAGE = "/admin/"
REFUSALS = {
    "en": ("You lack the permission", "These roles have it: Cashier, Shift leader, Owner"),
    "sv": ("Du saknar behörigheten", "De här rollerna har den: Kassör, Skiftledare, Ägare"),
}


class Journeys:
    """A signed-in person, whose clicks are counted."""

    def __init__(self, browser: AdminBrowser) -> None:
        self.page: Page = browser.page
        self._browser = browser
        self._clicks = ClickCounter(browser.page.context)
        self.wrong: list[str] = []

    def run(self, journey: Journey, path: str, steps: Callable[[Page], Any]) -> None:
        """Open the page that the person has open, take the steps, and compare the clicks."""
        self._browser.open(path)
        self._clicks.take()
        steps(self.page)
        number, promised = self._clicks.take(), promised_clicks()[journey]
        if number != promised:
            self.wrong.append(f"{journey} took {number} clicks, not {promised}")

    @property
    def faults(self) -> list[str]:
        """Return the wrong numbers of clicks, and the errors of the console."""
        browser = self._browser
        return self.wrong + browser.policy_violations + browser.script_errors


def paid_order() -> Order:
    """Store a paid order of one bun, and return it."""
    invoice = InvoiceFactory.create(
        paid=True,
        invoice_reference="7000111222",
        ers_reference="2012060410485453001000001",
        order__customer__msisdn="46701234567",
        order__parameters={"TABLE": "4"},
    )
    OrderRowFactory.create(order=invoice.order)
    order: Order = invoice.order
    return order


def refund_to_decide(clerk: User) -> Refund:
    """Return a refund of 45.00 that a clerk has requested, above the limit."""
    invoice = InvoiceFactory.create(paid=True)
    row = OrderRowFactory.create(order=invoice.order)
    request = RefundRequest(
        Decimal("45.00"), "", f"form-{invoice.pk}", RefundReason.WRONG_ITEM, {row.pk: 1}
    )
    refund: Refund = create_refund(invoice.pk, request, by_staff(clerk))[0]
    return refund


def test_order_is_found_by_each_of_its_keys(live_server: LiveServer) -> None:
    order = paid_order()
    OrderFactory.create(parameters={"TABLE": "5"})
    of_order = f"**{page_url(order)}"
    keys = (
        order.number,
        f"#{order.number}",
        "070-123 45 67",
        "+46 70 123 45 67",
        "0046701234567",
        "4567",
        "7000111222",
        "00111222",
        "2012060410485453001000001",
        "01000001",
        "table 4",
    )

    def find(key: str) -> Callable[[Page], None]:
        def steps(page: Page) -> None:
            page.click("#staff-search")
            page.keyboard.type(key)
            page.keyboard.press("Enter")
            page.wait_for_url(of_order)

        return steps

    with logged_in(live_server) as browser:
        journeys = Journeys(browser)
        for key in keys:
            journeys.run(Journey.FIND, FIRST_PAGE, find(key))
        journeys.run(Journey.FIND, f"{FIRST_PAGE}?language=sv", find("bord 4"))
        faults = journeys.faults

    assert faults == []


def test_order_is_served_and_a_whole_order_refunded_on_its_page(live_server: LiveServer) -> None:
    order, other = paid_order(), InvoiceFactory.create(paid=True).order
    OrderRowFactory.create_batch(2, order=other)

    def refund_everything(page: Page) -> None:
        page.click("a.button:text-is('Refund')")
        page.click("label:has-text('Everything that is left')")
        page.click("label:has-text('Took too long')")
        page.click("button:has-text('Refund 45.00')")
        page.wait_for_url(f"**{page_url(other)}")

    def serve(page: Page) -> None:
        page.click("button:has-text('Mark as served')")
        expect(page.locator(".slip-state")).to_contain_text("served", ignore_case=True)

    with logged_in(live_server) as browser:
        journeys = Journeys(browser)
        journeys.run(Journey.SERVE, page_url(order), serve)
        journeys.run(Journey.REFUND_ALL, page_url(other), refund_everything)
        faults = journeys.faults

    order.refresh_from_db()
    assert faults == []
    assert order.state == OrderState.SERVED
    assert Refund.objects.get().amount == Decimal("45.00")


def test_refunds_are_approved_and_declined_from_the_first_page(
    live_server: LiveServer, settings: Settings, clerk: User
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("30.00")
    approved, declined = refund_to_decide(clerk), refund_to_decide(clerk)

    def decide(button: str, message: str) -> Callable[[Page], None]:
        def steps(page: Page) -> None:
            page.click("[data-part=approvals] .big-number a")
            page.locator(f"button:has-text('{button}')").first.click()
            expect(page.locator(".messagelist")).to_contain_text(message)

        return steps

    with logged_in(live_server) as browser:
        journeys = Journeys(browser)
        journeys.run(Journey.APPROVE, FIRST_PAGE, decide("Approve 45.00", "Approved"))
        journeys.run(Journey.DECLINE, FIRST_PAGE, decide("Decline", "Declined"))
        faults = journeys.faults

    for refund in (approved, declined):
        refund.refresh_from_db()
    assert faults == []
    assert (approved.status, declined.status) == (RefundStatus.CREATED, RefundStatus.WITHDRAWN)


def test_case_is_helped_by_the_button_beside_its_effect(
    live_server: LiveServer, sandbox: SandboxProcess
) -> None:
    invoice = issued_invoice()
    source = ChangeSource(SourceName.POLLER)
    case = open_case(CaseKind.CANCEL_STUCK, source, "it is stuck", invoice=invoice)
    assert case is not None
    sandbox.pay(reference(invoice))

    def check(page: Page) -> None:
        page.click(".decision button:has-text('Check with SEQR')")
        expect(page.locator(".messagelist")).to_contain_text("Now: paid")

    with logged_in(live_server) as browser:
        journeys = Journeys(browser)
        journeys.run(Journey.CASE, page_url(case), check)
        faults = journeys.faults

    invoice.refresh_from_db()
    assert faults == []
    assert invoice.status == InvoiceStatus.PAID


def test_product_is_sold_out_without_a_question(live_server: LiveServer) -> None:
    product = ProductFactory.create()
    ProductFactory.create(shop=product.shop, name_sv="Te", name_en="Tea")

    def sell_out(page: Page) -> None:
        page.click("nav a:has-text('Menu')")
        page.click("#result_list a:text-is('Cinnamon bun')")
        page.click("[value='Mark as sold out']")
        expect(page.locator(".messagelist")).to_contain_text("Marked as sold out: Cinnamon bun.")

    with logged_in(live_server) as browser:
        journeys = Journeys(browser)
        journeys.run(Journey.SELL_OUT, FIRST_PAGE, sell_out)
        faults = journeys.faults

    assert faults == []
    assert [each.pk for each in Product.objects.filter(sold_out=True)] == [product.pk]


@pytest.mark.parametrize("language", REFUSALS)
def test_page_of_a_right_that_is_missing_names_the_roles_that_have_it(
    live_server: LiveServer, language: str
) -> None:
    save_roles()
    order = paid_order()
    boel = User.objects.create_user("boel", is_staff=True)
    boel.groups.set(Group.objects.filter(name="Kitchen"))
    StaffAccess.objects.create(user=boel, all_shops=True)

    def read(page: Page) -> None:
        for text in REFUSALS[language]:
            expect(page.locator("#content")).to_contain_text(text)

    with logged_in(live_server, boel) as browser:
        journeys = Journeys(browser)
        browser.open(f"{page_url(order)}?language={language}")
        refunds = browser.page.locator("a[href*='/refund/']").count()
        journeys.run(Journey.MISSING_RIGHT, list_url(Invoice), read)
        faults = journeys.faults

    assert refunds == 0
    assert faults == []
