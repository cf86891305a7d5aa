"""A chain's next shop, from its seller to a code that opens its menu, in a real browser."""

from __future__ import annotations

import io

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.backoffice.test_browser import logged_in
from tests.factories import ProductFactory, ShopFactory
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = ("order", "success", "failure", "cancel")


def save(page: Page) -> None:
    """Press the first button of the form."""
    page.click("input[name=_save]")


def test_shop_is_added_from_its_seller_to_a_code_that_opens_its_menu(
    live_server: LiveServer, sandbox: SandboxProcess, settings: Settings
) -> None:
    settings.PUBLIC_BASE_URL = live_server.url
    sandbox.add_reseller("fyren", "9901", "reseller-secret")
    sandbox.add_terminal("fyren-1", "terminal-secret", reseller_id="fyren")
    ProductFactory.create(shop=ShopFactory.create(name="Kafé Lyktan"), name_en="Cinnamon bun")

    with logged_in(live_server) as browser:
        page = browser.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])

        browser.open("/admin/orders/seller/add/")
        page.fill("#id_legal_name", "Fyren Bageri AB")
        page.fill("#id_organisation_number", "5566778899")
        page.fill("#id_reseller_id", "fyren")
        page.fill("#id_reseller_user_id", "9901")
        page.fill("#id_reseller_password", "reseller-secret")
        save(page)
        page.wait_for_selector("text=was added successfully")

        browser.open("/admin/orders/shop/add/")
        page.fill("#id_name", "Kafé Fyren")
        page.fill("#id_service_id", "fyren")
        page.select_option("#id_seller", label="Fyren Bageri AB")
        page.select_option("#id_copy_menu_of", label="Kafé Lyktan")
        assert page.input_value("#id_slug") == "kafe-fyren"
        save(page)
        with page.expect_popup() as opened:
            page.click("text=Add a terminal")
        popup = opened.value
        popup.fill("#id_label", "Till 1")
        popup.fill("#id_principal_id", "fyren-1")
        popup.fill("#id_password", "mistyped")
        save(popup)
        expect(popup.locator(".field-password .errorlist")).to_have_text(
            "SEQR does not accept the password (code 20)."
        )
        assert popup.input_value("#id_password") == ""
        popup.fill("#id_password", "terminal-secret")
        with popup.expect_event("close"):
            save(popup)

        assert page.input_value("#id_name") == "Kafé Fyren"
        assert page.locator("#id_terminal option:checked").inner_text() == "Till 1"
        save(page)

        expect(page.locator(".answers")).to_have_count(4)
        copied = []
        for button in page.locator("button[data-copy]").all():
            button.click()
            expect(button).to_have_text("Copied")
            copied.append(page.evaluate("navigator.clipboard.readText()"))
        addresses = [f"{live_server.url}/kafe-fyren/{name}" for name in PAGES]
        assert copied == addresses

        page.fill("#id_tables", "2")
        page.click("text=Make the codes")
        page.wait_for_selector("text=3 codes were made.")
        page.click("text=Table 2")
        picture = page.locator(".field-picture img").screenshot()
        (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))

        sandbox.register_shop("FYREN", f"{live_server.url}/kafe-fyren", codes=["TABLE=2"])
        page.goto(sandbox.scan(code.text)["order_url"])
        page.wait_for_selector("text=Cinnamon bun")
        violations, errors = list(browser.policy_violations), list(browser.script_errors)

    assert code.text == "HTTP://SEQR.SE/000/FYREN?TABLE=2"
    assert (violations, errors) == ([], [])
