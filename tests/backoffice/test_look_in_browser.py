"""The frame, the first page, the search and the lists in a real browser: accessible, and live."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from orders.models import Order
from payments.models import Invoice
from tests.backoffice.test_browser import AdminBrowser, logged_in
from tests.browser.axe import violations_in_each_theme
from tests.browser.browsers import DESKTOP, PHONE
from tests.factories import InvoiceFactory, OrderFactory, ProductFactory
from tests.staff import list_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLET: ViewportSize = {"width": 1024, "height": 768}
SIZES = (DESKTOP, TABLET, PHONE)
# Django's search field has a picture as its label, its links in the text of a filter no line.
RULES_OF_DJANGOS_LISTS = ("label-title-only: ", "link-in-text-block: ")
POLL_MS = 5_000  # of the first page
MAX_LINE_PX = 56


def order_of_table_4() -> Order:
    """Store a paid order of table 4, and a sold-out product."""
    invoice = InvoiceFactory.create(paid=True, order__parameters={"TABLE": "4"})
    ProductFactory.create(shop=invoice.order.shop, sold_out=True)
    order: Order = invoice.order
    return order


def faults_of(browser: AdminBrowser, path: str) -> list[str]:
    """Return what axe finds on a page, light and dark; of a list, in our own parts of it."""
    browser.open(path)
    found = violations_in_each_theme(browser.page)
    return [each for each in found if not any(rule in each for rule in RULES_OF_DJANGOS_LISTS)]


def too_wide(page: Page) -> list[str]:
    """Return the sizes of windows that the open page does not fit."""
    found = []
    for size in SIZES:
        page.set_viewport_size(size)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            found.append(f"{width} px wide in a window of {size['width']} px")
    return found


def test_pages_are_accessible_and_fit_each_screen(live_server: LiveServer) -> None:
    order = order_of_table_4()
    for _ in range(2):
        OrderFactory.create(customer=order.customer, parameters={"TABLE": "5"})
    paths = (
        "/admin/",
        "/staff/search?q=table+5",
        "/staff/search?q=nothing",
        "/staff/dashboard",
        list_url(Order),
        list_url(Invoice),
        f"{list_url(Order)}?q=nothing",
    )

    with logged_in(live_server) as browser:
        faults = [
            f"{path}: {fault}"
            for path in paths
            for fault in (*faults_of(browser, path), *too_wide(browser.page))
        ]
        violations, errors = list(browser.policy_violations), list(browser.script_errors)

    assert faults == []
    assert (violations, errors) == ([], [])


def test_order_is_found_from_any_page_by_the_keyboard_alone(live_server: LiveServer) -> None:
    order = order_of_table_4()

    with logged_in(live_server) as browser:
        browser.open(list_url(Invoice))
        page = browser.page
        page.keyboard.press("/")
        expect(page.locator("#staff-search")).to_be_focused()
        page.keyboard.type("table 4")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/admin/orders/order/{order.pk}/change/")
        page.keyboard.press("Control+k")
        expect(page.locator("#staff-search")).to_be_focused()


def test_focus_stands_in_the_search_box_after_a_search_without_a_hit(
    live_server: LiveServer,
) -> None:
    order_of_table_4()

    with logged_in(live_server) as browser:
        browser.open("/staff/search?q=nothing")
        expect(browser.page.locator("#staff-search")).to_be_focused()


def test_navigation_of_a_phone_is_one_line_that_shows_the_current_page(
    live_server: LiveServer,
) -> None:
    with logged_in(live_server) as browser:
        page = browser.page
        page.set_viewport_size(PHONE)
        browser.open("/admin/orders/auditevent/")
        lines = page.locator(":is(.staff-nav, .staff-subnav) ul")
        heights = [line.bounding_box() for line in lines.all()]
        for name in ("Technical", "Audit trail"):
            expect(page.locator("nav a.current", has_text=name)).to_be_in_viewport(ratio=1)
        title = page.locator("#content h1").bounding_box()

    assert title is not None
    assert title["y"] < PHONE["height"] / 3
    assert [box["height"] < MAX_LINE_PX for box in heights if box] == [True, True]


def test_first_page_shows_a_change_without_being_reloaded(live_server: LiveServer) -> None:
    order_of_table_4()

    with logged_in(live_server) as browser:
        page = browser.page
        page.clock.install()
        browser.open("/admin/")
        page.evaluate("window.isTheSamePage = true")
        expect(page.locator("[data-part=sold-out]")).to_contain_text("Cinnamon bun")
        served = page.evaluate(
            """async (url) => {
                const text = await (await fetch(url)).text();
                return text.replace("Cinnamon bun", "Shrimp sandwich");
            }""",
            "/staff/today",
        )
        page.route("**/staff/today", lambda route: route.fulfill(body=served))
        page.clock.run_for(POLL_MS)
        expect(page.locator("[data-part=sold-out]")).to_contain_text("Shrimp sandwich")
        assert page.evaluate("window.isTheSamePage")


def test_first_page_says_when_it_has_lost_the_server(live_server: LiveServer) -> None:
    order_of_table_4()

    with logged_in(live_server) as browser:
        page = browser.page
        page.clock.install()
        browser.open("/admin/")
        expect(page.locator("#today-offline")).to_be_hidden()
        page.route("**/staff/today", lambda route: route.abort())
        page.clock.run_for(POLL_MS)
        expect(page.locator("#today-offline")).to_be_visible()
        expect(page.locator("#today-offline span")).to_contain_text(":")
        page.unroute("**/staff/today")
        page.clock.run_for(POLL_MS)
        expect(page.locator("#today-offline")).to_be_hidden()


def test_shortened_reference_is_copied_whole(live_server: LiveServer) -> None:
    order_of_table_4()
    reference = Invoice.objects.get().ers_reference

    with logged_in(live_server) as browser:
        page = browser.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        browser.open(list_url(Order))
        page.locator("button.reference").click()
        expect(page.locator("button.reference")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")

    assert copied == reference
