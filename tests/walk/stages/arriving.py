"""Before a valid scan: the start page, links that are old or lead nowhere, no order yet."""

from __future__ import annotations

from tests.browser.start_states import EXPIRED_TOKEN
from tests.walk.walker import Walker


def walk(walker: Walker) -> None:
    """Open what a person may open by mistake, and then the menu."""
    page, url = walker.page, walker.stack.url
    page.goto(f"{url}/?language={walker.language}")
    walker.heading("How to order", "Så beställer du")
    walker.see("Open the SEQR app and scan the code", "Öppna SEQR-appen och skanna koden")
    walker.picture("start")

    with walker.messages("404"):
        page.goto(f"{url}/nowhere/order")
        walker.see("Error 404", "Fel 404")
        walker.picture("no-page")
        walker.press("See the shops here", "Se butikerna här")
        walker.heading("How to order", "Så beställer du")

    with walker.messages("401"):
        page.goto(f"{url}/lyktan/order")
        walker.heading("Scan the code again", "Skanna koden igen")
        walker.picture("no-scan")
        page.goto("about:blank")
        page.goto(f"{url}/lyktan/order#{EXPIRED_TOKEN}")
        walker.heading("Scan the code again", "Skanna koden igen")
        walker.see("Any order that you have placed is still here", "finns kvar")
        walker.picture("old-scan")

    scan = walker.scan()
    walker.heading("What would you like?", "Vad får det lov att vara?")
    walker.see("Table 4", "Bord 4", within=".header")
    walker.picture("menu")
    page.goto(f"{url}/lyktan/success#{scan.token}")
    walker.heading("We couldn't find your order", "Vi hittade ingen beställning")
    walker.picture("no-order")
    walker.press("To the menu", "Till menyn")
    walker.heading("What would you like?", "Vad får det lov att vara?")
    page.goto(f"{url}/lyktan/my-orders")
    walker.see("You have not ordered anything here", "Du har inte beställt något här")
    walker.picture("my-orders-none")
