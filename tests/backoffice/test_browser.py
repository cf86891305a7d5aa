"""The admin in a real browser, under the Content Security Policy of all pages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import zxingcpp
from django.conf import settings
from django.contrib.auth.models import User
from PIL import Image
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from orders.codes.generate import save_qr_code
from orders.models import AuditEvent, Order, Product, QrCode, Seller, Shop, Terminal
from payments.models import Invoice
from tests.browser.browsers import shared_chromium
from tests.factories import InvoiceFactory, OrderRowFactory, ProductFactory, ShopFactory
from tests.staff import browser_signed_in, list_url, page_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@dataclass
class AdminBrowser:
    """The browser of a person who is logged in, with the errors of its console."""

    page: Page
    base_url: str
    policy_violations: list[str] = field(default_factory=list)
    script_errors: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the admin."""
        self.page.goto(f"{self.base_url}{path}")


@contextmanager
def logged_in(server: LiveServer, person: User | None = None) -> Iterator[AdminBrowser]:
    """Open a browser in which a person has just signed in, by default a superuser.

    Inside, the test cannot use the database itself.
    """
    session = browser_signed_in(person or User.objects.create_superuser("astrid"))
    name = settings.SESSION_COOKIE_NAME
    value = session.cookies[name].value
    with shared_chromium.in_use() as chromium, chromium.new_context() as context:
        context.add_cookies([{"name": name, "value": value, "url": server.url}])
        opened = AdminBrowser(context.new_page(), server.url)
        opened.page.on(
            "console",
            lambda message: (
                opened.policy_violations.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        opened.page.on("pageerror", lambda error: opened.script_errors.append(str(error)))
        yield opened


def test_admin_pages_comply_with_the_content_security_policy(live_server: LiveServer) -> None:
    shop = ShopFactory.create()
    product = ProductFactory.create(shop=shop)
    code = save_qr_code(shop, "Table 4", "TABLE=4", None)
    invoice = InvoiceFactory.create(issued=True, order__shop=shop)
    OrderRowFactory.create(order=invoice.order)
    paths = [
        *(
            list_url(model)
            for model in (Seller, Terminal, Shop, Product, QrCode, Order, Invoice, AuditEvent)
        ),
        *(
            page_url(row)
            for row in (
                shop.seller,
                shop.terminal,
                shop,
                product,
                code,
                invoice.order,
                invoice,
            )
        ),
        *(f"/admin/orders/{model}/add/" for model in ("seller", "terminal", "shop", "qrcode")),
        f"/admin/orders/shop/{shop.pk}/start/",
        f"/admin/orders/shop/{shop.pk}/terminal/",
        f"/admin/orders/shop/{shop.pk}/delete/",
        f"/admin/orders/shop/{shop.pk}/history/",
    ]

    with logged_in(live_server) as browser:
        for path in paths:
            browser.open(path)
        browser.open(page_url(shop))
        browser.page.click("text=Add another Product")
        browser.open(page_url(invoice))
        browser.page.click("text=Cancel at SEQR")
        browser.page.wait_for_selector("button:has-text('Cancel at SEQR')")
        violations, errors = list(browser.policy_violations), list(browser.script_errors)
        browser.page.evaluate("document.body.setAttribute('style', 'color: red')")
        browser.page.wait_for_timeout(200)
        violations_after_inline_style = list(browser.policy_violations)

    assert violations == []
    assert errors == []
    assert len(violations_after_inline_style) == 1  # proves that violations are recorded


def test_code_can_be_scanned_from_the_screen(live_server: LiveServer) -> None:
    code = save_qr_code(ShopFactory.create(service_id="LYKTAN"), "Table 4", "TABLE=4", None)

    with logged_in(live_server) as browser:
        browser.open(page_url(code))
        picture = browser.page.locator(".field-picture img").screenshot()

    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    assert read.text == "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"
