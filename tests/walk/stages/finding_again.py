"""A paid order is found again: another scan, the list, the receipt, its mail, order again."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.steps import wait_until
from tests.walk.stages.choosing import fill_basket
from tests.walk.stages.following import pay
from tests.walk.walker import Walker


def walk(walker: Walker) -> None:
    """Pay, come back after another scan, read the receipt, have it mailed, and order again."""
    page, stack = walker.page, walker.stack
    scan = walker.scan()
    fill_basket(walker)
    number, reference = pay(walker)
    walker.scan(scan.msisdn)
    walker.see(f"Your order {number} · paid", f"Din beställning {number} · betalt")
    walker.picture("awaited")
    walker.press("My orders", "Mina beställningar")
    walker.heading("Today", "Idag")
    walker.see(f"{number} · Paid", f"{number} · Betalt")
    walker.picture("my-orders")

    walker.press("Receipt", "Kvitto")
    walker.heading("Receipt", "Kvitto")
    walker.see("556677-8899")
    walker.see("12 %")
    walker.see(reference_of_payment(walker, reference))
    walker.picture("receipt")
    field = page.get_by_label(walker.say("Send the receipt by e-mail", "Få kvittot med e-post"))
    with walker.messages("400"):
        field.fill("kim@example")
        field.press("Enter")
        walker.see("Enter an e-mail address", "Ange en e-postadress")
        walker.picture("mail-mistyped")
    field.fill(f"kim-{number}@example.com")
    field.press("Enter")
    walker.see("The receipt has been mailed.", "Kvittot är mejlat.")
    walker.picture("mailed")
    assert any(f"To: kim-{number}@example.com" in each for each in stack.mail_server.mails)
    walker.press("Back to the order", "Tillbaka till beställningen")
    walker.heading("Paid, thank you!", "Betalt, tack!")
    walker.see("To order more, scan the code again.", "skanna koden igen")
    walker.picture("return-page")

    page.goto(f"{stack.url}/lyktan/my-orders")
    walker.press("Order again", "Beställ igen")
    page.locator("#basket").wait_for()  # it opens by itself, unless it stands beside the menu
    expect(page.locator("#basket [data-rows] li")).to_have_count(2)
    walker.see("Oat milk", "Havremjölk", within="#basket")
    walker.picture("order-again")
    _go_back_and_forward(walker)


def _go_back_and_forward(walker: Walker) -> None:
    """Leave the menu in its middle, and find its place again by the browser's buttons."""
    page = walker.page
    page.reload()
    page.locator("#menu").wait_for()
    page.evaluate("scrollTo(0, 300)")
    wait_until(page, "history.state?.scrollY > 0")  # once the page stands still
    left_at = page.evaluate("scrollY")
    page.evaluate("document.querySelector('#menu [data-my-orders]').click()")
    walker.heading("Today", "Idag")
    for _ in range(2):
        page.go_back()
        page.locator("#menu").wait_for()
        wait_until(page, f"Math.abs(scrollY - {left_at}) < 5")
        page.go_forward()
        walker.heading("Today", "Idag")


def reference_of_payment(walker: Walker, reference: str) -> str:
    """Return the payment's number, which the receipt must have."""
    [(number,)] = walker.stack.read(
        "SELECT ers_reference FROM payments_invoice WHERE invoice_reference = %s", reference
    )
    return str(number)
