"""From the payment to the served order, as the kitchen presses its buttons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from tests.browser.browsers import new_browser_context
from tests.browser.customer import REFUND
from tests.browser.kitchen import open_board, press, sign_in
from tests.browser.steps import number_on, reference_on
from tests.walk.stages.choosing import add_bun, fill_basket
from tests.walk.stages.paying import order
from tests.walk.walker import Walker

STEPS = (
    ("Start", "Preparing", "Förbereds", "We are preparing your order", "Vi förbereder din"),
    ("Ready", "Ready", "Klar", "Your order is ready", "Din beställning är klar"),
    ("Serve", "Served", "Serverad", "Enjoy!", "Smaklig måltid!"),
)


@contextmanager
def kitchen(walker: Walker) -> Iterator[Page]:
    """Open the kitchen board as the cook."""
    browser = walker.page.context.browser
    assert isinstance(browser, Browser)
    context = new_browser_context(browser, viewport={"width": 1024, "height": 768})
    sign_in(context, walker.stack)
    yield open_board(context, walker.stack)
    context.close()


def pay(walker: Walker) -> tuple[str, str]:
    """Order what is in the basket and pay; return the order's number and invoice reference."""
    order(walker)
    reference = reference_on(walker.page)
    walker.stack.sandbox.pay(reference)
    walker.heading("Paid, thank you!", "Betalt, tack!")
    return number_on(walker.page), reference


def walk(walker: Walker) -> None:
    """Pay, and watch each step of the kitchen."""
    page = walker.page
    walker.scan()
    fill_basket(walker)
    number, _ = pay(walker)
    walker.see("Keep this number until you get your order.", "Spara numret tills du får")
    walker.see(number)
    page.get_by_role("button", name=walker.say("Sound when", "Ljud när")).click()
    walker.picture("paid")
    with kitchen(walker) as board:
        for button, english, swedish, heading, rubrik in STEPS:
            press(board, number, button)
            expect(page).to_have_title(f"{walker.say(english, swedish)} · {number}")
            walker.see(heading, rubrik)
            walker.picture(english.lower())
    expect(page.get_by_role("button", name=walker.say("Sound when", "Ljud när"))).to_be_hidden()


def walk_with_refund(walker: Walker) -> None:
    """Get a part back while the rest is being prepared, then all of it."""
    page, stack = walker.page, walker.stack
    walker.scan()
    add_bun(walker, 2)
    number, reference = pay(walker)
    state = "UPDATE orders_order SET state = %s, preparing_at = now() WHERE id = %s"
    for name, amount in (("partly_refunded", "35.00"), ("refunded", "70.00")):
        stack.write(REFUND, amount, reference)
        stack.write(state, name, int(number) - 1000)
        page.goto(f"{stack.url}/lyktan/success")
        walker.see(
            walker.say("SEK\xa0", "") + amount.replace(".", walker.say(".", ",")), within="#order"
        )
        if name == "partly_refunded":
            walker.see(
                "The rest of your order is being prepared.", "Resten av din beställning förbereds."
            )
        else:
            walker.heading("Refunded", "Återbetald")
        walker.picture(name.replace("_", "-"))
