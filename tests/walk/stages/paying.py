"""An order that is cancelled, fails, or meets a bad network; the basket stays."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.steps import (
    app_is_opened,
    bar_total,
    block_app,
    open_basket,
    reference_on,
    submit_order,
)
from tests.walk.stages.choosing import add_bun, fill_basket
from tests.walk.walker import Walker

ONE_BAR = {
    "offline": False,
    "latency": 400,  # ms
    "downloadThroughput": 50_000,  # bytes a second
    "uploadThroughput": 50_000,
}
ROWS = "#basket [data-rows] li"


def order(walker: Walker) -> None:
    """Order what is in the basket, in a browser without the app, and wait for how to pay."""
    block_app(walker.page)
    with app_is_opened(walker.page):
        submit_order(walker.page)
    walker.heading("Pay in SEQR", "Betala i SEQR")


def walk(walker: Walker) -> None:
    """Cancel to add something, let the payment fail, and let it time out."""
    page, sandbox = walker.page, walker.stack.sandbox
    scan = walker.scan()
    fill_basket(walker)
    order(walker)
    walker.see("Open SEQR", "Öppna SEQR")
    walker.see("Oat milk", "Havremjölk")
    walker.picture("awaiting-payment")
    page.locator("#order [data-open-app]").click()
    if walker.has_app_store:
        walker.see("Get the app.", "Hämta appen.")
        walker.see("Get SEQR", "Hämta SEQR")
    else:
        walker.see("scan this code with SEQR on your phone", "Skanna koden med SEQR i din telefon")
    walker.picture("no-app")
    walker.press("Cancel the order", "Avbryt beställningen")
    walker.heading("Cancelled", "Avbruten")
    walker.see("You have not been charged.", "Du har inte betalat något.")
    walker.picture("cancelled")

    walker.press("Back to the menu", "Till menyn")
    add_bun(walker)
    open_basket(page)
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.locator(ROWS).first.locator("[data-quantity]")).to_have_text("3")
    order(walker)
    with walker.messages("net::ERR"):
        page.goto(sandbox.act(reference_on(page), "fail", scan.token)["redirect_url"])
        walker.heading("The payment failed", "Betalningen misslyckades")
    walker.see("Try paying again", "Försök betala igen")
    walker.picture("failed")

    walker.press("Try paying again", "Försök betala igen")
    walker.heading("Pay in SEQR", "Betala i SEQR")
    page.locator("#order [data-open-app]").wait_for()
    sandbox.act(reference_on(page), "expire")
    walker.heading("Timed out", "Tiden gick ut")
    walker.picture("timed-out")
    walker.press("Back to the menu", "Till menyn")
    expect(bar_total(page).or_(page.locator("#basket [data-total]")).first).not_to_be_empty()
    open_basket(page)
    expect(page.locator(ROWS)).to_have_count(2)
    walker.picture("basket-after-failing")


def walk_without_network(walker: Walker) -> None:
    """Lose the network while the order waits for its payment, and get it back."""
    page = walker.page
    scan = walker.scan()
    add_bun(walker)
    order(walker)
    with walker.messages("ERR_INTERNET_DISCONNECTED"):
        page.context.set_offline(True)
        walker.see("No connection. Trying again", "Ingen anslutning. Försöker igen")
        walker.heading("Pay in SEQR", "Betala i SEQR")
        walker.picture("no-network")
        walker.stack.sandbox.pay(reference_on(page), scan.token)
        page.context.set_offline(False)
        walker.heading("Paid, thank you!", "Betalt, tack!")


def walk_over_a_slow_network(walker: Walker) -> None:
    """Order over one bar of signal: the page says what it waits for, and nothing is lost."""
    page = walker.page
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", ONE_BAR)
    scan = walker.stack.scan()
    page.goto(scan.order_url, wait_until="commit")
    walker.see("Loading the menu", "Hämtar menyn")
    page.locator("#menu").wait_for()
    add_bun(walker)
    order(walker)
    walker.picture("slow-awaiting-payment")
    walker.stack.sandbox.pay(reference_on(page), scan.token)
    walker.heading("Paid, thank you!", "Betalt, tack!")
