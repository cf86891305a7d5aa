"""The phone and the console in Chromium, on three screen sizes."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
)

from tests.browser.browsers import shared_chromium
from tests.sandbox.raw_soap import SoapClient, invoice, row
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.browser

WAIT_MS = 30_000
SIZES = [(390, 844), (320, 480), (1280, 800)]
EVIL = "&lt;script&gt;document.title = 'evil'&lt;/script&gt;"

# Inline links and invisible elements are exempt.
SMALL_TARGETS = """
() => [...document.querySelectorAll("button, input, select, summary, a")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }))
  .filter((each) => getComputedStyle(each).display !== "inline")
  .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
  .filter(([, box]) => box.height < 44 || box.width < 44)
  .map(([html, box]) => `${html} ${box.width} x ${box.height}`)
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with shared_chromium.in_use() as browser:
        yield browser


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, sandbox: SandboxProcess) -> Iterator[OpenPage]:
    """Open pages in separate contexts. Errors and warnings in the console fail the test."""
    contexts: list[BrowserContext] = []
    messages: list[str] = []

    def collect(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            messages.append(message.text)

    def open_one(path: str, size: tuple[int, int] = SIZES[0], **options: object) -> Page:
        viewport = {"width": size[0], "height": size[1]}
        context = chromium.new_context(viewport=viewport, **options)  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS)
        context.on("console", collect)
        context.on("weberror", lambda error: messages.append(str(error.error)))
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{sandbox.base_url}{path}")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert messages == []


@pytest.fixture
def paths(soap: SoapClient, sandbox: SandboxProcess) -> dict[str, str]:
    """Paths of all pages, with a paid invoice (refund and receipt) and an open one."""
    base = sandbox.base_url
    pages = {f"{page}_url": f"{base}/phone/lock" for page in ("order", "failure", "cancel")}
    shop = {"service_id": "CAFE", "name": "Kafé Lyktan", "codes": ["TABLE=4", "TABLE=5"]}
    sandbox.control("POST", "/shops", {**shop, "success_url": f"{base}/phone/history"} | pages)
    token = sandbox.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")["token"]
    paid = soap.new_invoice()
    sandbox.pay(paid, token)
    ers_reference = soap.status(paid, 1).text("ersReference") or ""
    soap.refund(ers_reference, invoice("5.00", rows=row("5.00")))
    receipt = "<h1>Kvitto för dig</h1>".encode()
    soap.submit_receipt(ers_reference, receipt, "text/html; charset=utf-8")
    sandbox.fault("cancelInvoice", "delay", seconds=2, probability=0.5)
    sandbox.set_latency("cancelInvoice", "bimodal", slow_share=0.5)
    soap.new_invoice(invoice(rows=row("45.00", name=EVIL)).replace("Café Söder", EVIL))
    sandbox.add_reseller("c" * 40, "17", "secret-2")
    sandbox.add_terminal("b" * 40, "secret-1", reseller_id="c" * 40)
    sandbox.add_terminal("old-branch", "secret-1", name="The branch at the station")
    sandbox.retire_terminal("old-branch")
    return {
        "home": "/",
        "lock": "/phone/lock",
        "history": "/phone/history",
        "open": f"/app/R{soap.new_invoice()}",
        "paid": f"/app/R{paid}",
        "receipt": f"/phone/receipts/{paid}/0",
        "console": "/console",
        "call": "/console/calls/1",
    }


def test_every_page_fits_each_screen_with_large_targets(
    open_page: OpenPage, paths: dict[str, str], sandbox: SandboxProcess
) -> None:
    page = open_page("/")

    for name, path in paths.items():
        page.goto(f"{sandbox.base_url}{path}")
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})

            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            assert page.evaluate(SMALL_TARGETS) == [], (name, width)
    assert page.title() != "evil"


def test_payment_with_pin_pad_opens_shop_page(open_page: OpenPage, paths: dict[str, str]) -> None:
    page = open_page(paths["open"])

    for key in ("1", "2", "Erase", "9", "0", "7"):
        page.get_by_role("button", name=key, exact=True).click()
    typed = page.get_by_label("PIN").input_value()
    page.get_by_role("button", name=re.compile("^Pay")).click()

    expect(page.get_by_text("to Café Söder", exact=True)).to_be_visible()
    page.wait_for_url("**/phone/history#*")
    assert typed == "1907"


def test_payment_with_keyboard_works_on_smallest_phone(
    open_page: OpenPage, paths: dict[str, str]
) -> None:
    page = open_page(paths["open"], SIZES[1], reduced_motion="reduce")

    page.get_by_label("PIN").focus()
    page.keyboard.type("1234")
    page.keyboard.press("Enter")

    page.wait_for_url("**/phone/history#*")


def test_everything_works_without_scripts(
    open_page: OpenPage, paths: dict[str, str], sandbox: SandboxProcess
) -> None:
    page = open_page(paths["open"], java_script_enabled=False)

    for key in "1234":
        page.get_by_role("button", name=key, exact=True).click()
    page.get_by_role("button", name=re.compile("^Pay")).click()

    page.wait_for_url("**/phone/history#*")
    page.goto(f"{sandbox.base_url}/console")
    page.get_by_label("Fault kind").select_option("http_status")
    page.get_by_role("button", name="Add fault").click()
    expect(page.get_by_text("status 503")).to_be_visible()


def test_lock_screen_shows_payment_without_reload(
    open_page: OpenPage, soap: SoapClient, sandbox: SandboxProcess
) -> None:
    page = open_page("/phone/lock")
    expect(page.get_by_text("No messages")).to_be_visible()

    sandbox.pay(soap.new_invoice())

    expect(page.get_by_text("You paid 45,00 kr.")).to_be_visible()
    page.get_by_role("link", name="Unlock").click()
    expect(page.get_by_role("heading", name="Scan and pay")).to_be_visible()


def test_receipt_is_shown_in_its_frame(open_page: OpenPage, paths: dict[str, str]) -> None:
    page = open_page(paths["receipt"])

    inside = page.frame_locator("iframe.document")

    expect(inside.get_by_role("heading", name="Kvitto för dig")).to_be_visible()


def test_console_shows_calls_live_and_opens_them_in_place(
    open_page: OpenPage, soap: SoapClient
) -> None:
    page = open_page("/console")
    expect(page.get_by_text("No calls yet.")).to_be_visible()

    soap.send_invoice(invoice().replace("Order 17", EVIL))

    page.locator("summary", has_text="sendInvoice").click()
    expect(page.get_by_label("Request 1")).to_contain_text("[redacted]")
    expect(page.get_by_label("Response 1")).to_contain_text("invoiceReference")
    soap.status("77")
    expect(page.locator("#calls summary")).to_have_count(2)
    expect(page.get_by_label("Response 1")).to_be_visible()
    page.get_by_label("Filter by operation").select_option("getPaymentStatus")
    expect(page.locator("#calls summary")).to_have_count(1)
    assert page.title() != "evil"


def test_console_offers_only_parameters_of_selected_fault(
    open_page: OpenPage, sandbox: SandboxProcess
) -> None:
    page = open_page("/console")
    form = page.locator("#fault-form")
    form.get_by_label("Operation", exact=True).select_option("notification")
    offered = form.get_by_label("Fault kind").input_value()
    form.get_by_label("Fault kind").select_option("late")
    form.get_by_label("Seconds").fill("30")
    hidden = page.get_by_label("Faultstring").is_hidden()

    page.get_by_role("button", name="Add fault").click()

    expect(page.get_by_text("seconds 30, every call")).to_be_visible()
    assert (offered, hidden) == ("lost", True)
    assert sandbox.faults()[0]["seconds"] == 30
    page.get_by_role("button", name="Remove fault 1, late").click()
    expect(page.get_by_text("No faults.")).to_be_visible()


def test_console_sets_and_removes_latency_with_fields_of_its_profile(
    open_page: OpenPage, soap: SoapClient, sandbox: SandboxProcess
) -> None:
    page = open_page("/console")
    form = page.locator("#latency-form")
    form.get_by_label("Operation to delay").select_option("getPaymentStatus")
    form.get_by_label("Profile").select_option("bimodal")
    form.get_by_label("Slow seconds").fill("0.02")
    form.get_by_label("Slow share").fill("1")
    hidden = form.get_by_label("For seconds").is_hidden()

    form.get_by_role("button", name="Set latency").click()

    expect(page.get_by_text("slow seconds 0.02, slow share 1, seed")).to_be_visible()
    soap.status("77")
    expect(page.get_by_text("delayed 1×, 0 waiting")).to_be_visible()
    assert hidden
    assert sandbox.latency()[0]["kind"] == "bimodal"
    page.get_by_role("button", name="Remove latency of getPaymentStatus, bimodal").click()
    expect(page.get_by_text("No latency.")).to_be_visible()


def test_console_adds_and_retires_terminal_while_a_password_is_typed(
    open_page: OpenPage, soap: SoapClient, sandbox: SandboxProcess
) -> None:
    page = open_page("/console")
    reseller, added = (
        page.get_by_role("form", name=name) for name in ("Add a reseller", "Add a terminal")
    )
    forms = page.get_by_text("Add or change")
    forms.click()
    for label, value in (("Reseller ID", "chain"), ("User ID", "17"), ("User’s pass", "secret-2")):
        reseller.get_by_label(label).fill(value)
    reseller.get_by_role("button", name="Add reseller").click()
    expect(page.get_by_role("heading", name="reseller chain, user 17")).to_be_visible()
    forms.click()
    added.get_by_label("Terminal ID").fill("branch")
    added.get_by_label("Terminal’s password").fill("secret-1")
    added.get_by_label("Reseller").select_option(label="chain")
    added.get_by_role("button", name="Add terminal").click()
    terminals = page.locator("#principals")
    expect(terminals.get_by_text("terminal branch", exact=True)).to_be_visible()
    forms.click()
    changed = page.get_by_role("form", name="Change a terminal’s password")
    changed.get_by_label("Terminal", exact=True).select_option("branch")
    changed.get_by_label("New password").fill("secret-3")

    soap.new_invoice()

    expect(terminals.get_by_text("1 open invoice", exact=True)).to_be_visible()
    assert changed.get_by_label("New password").input_value() == "secret-3"
    assert changed.get_by_label("Terminal", exact=True).input_value() == "branch"
    page.get_by_role("button", name="Retire terminal branch").click()
    expect(terminals.get_by_text("retired", exact=True)).to_be_visible()
    assert [each["active"] for each in sandbox.terminals()] == [True, False]


def test_wide_screen_shows_console_beside_phone(
    open_page: OpenPage, paths: dict[str, str], sandbox: SandboxProcess
) -> None:
    page = open_page(paths["open"], SIZES[2])
    reference = paths["open"].partition("R")[2]

    console = page.frame_locator(".beside iframe")
    console.get_by_role("form", name=f"Invoice {reference}").get_by_text("Fail").click()

    expect(page.get_by_text("Payment failed")).to_be_visible()
    expect(open_page("/").locator(".beside")).to_be_hidden()
    assert sandbox.invoice(reference)["status"] == "FAILED"
