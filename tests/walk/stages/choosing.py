"""The menu, a product's sheet, and the basket."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.steps import open_basket
from tests.walk.shop import changed_menu, paused
from tests.walk.walker import Walker

NOTE = "Extra varm, tack ☕"


def open_bun(walker: Walker) -> None:
    """Open the sheet of the cinnamon bun by its name in the menu."""
    name = walker.say("Cinnamon bun", "Kanelbulle")
    walker.page.locator(".products [data-open]").filter(has_text=name).click()


def add_bun(walker: Walker, times: int = 1) -> None:
    """Add cinnamon buns by their stepper in the menu."""
    for _ in range(times):
        walker.press("Add one Cinnamon bun", "Lägg till Kanelbulle")


def add_cappuccino(walker: Walker) -> None:
    """Add a cappuccino with oat milk, a syrup and a note, after an attempt without milk."""
    page = walker.page
    walker.press("Add one Cappuccino", "Lägg till Cappuccino")
    sheet = page.locator("#product-sheet")
    expect(sheet.locator("h2")).to_be_focused()
    walker.see("Depends on what you choose", "Beror på vad du väljer")
    sheet.locator("[type=submit]").click()
    walker.see("Choose one first.", "Välj en först.")
    walker.picture("option-missing")
    for option in (
        walker.say("Regular", "Vanlig"),
        walker.say("Oat milk", "Havremjölk"),
        walker.say("Hazelnut syrup", "Hasselnötssirap"),
    ):
        sheet.get_by_label(option).check()
    walker.see(
        "With your choices: Contains: cereals containing gluten May contain: nuts",
        "Med dina val: Innehåller: spannmål som innehåller gluten Kan innehålla: nötter",
    )
    walker.see("No longer: gluten-free", "Inte längre: glutenfri")
    walker.picture("options")
    walker.see("Note to the kitchen", "Meddelande till köket")
    sheet.locator("textarea").fill(NOTE)
    sheet.locator("[type=submit]").click()
    expect(sheet).to_be_hidden()


def fill_basket(walker: Walker) -> None:
    """Choose two buns and a cappuccino, and open the basket."""
    add_bun(walker, 2)
    add_cappuccino(walker)
    open_basket(walker.page)


def walk(walker: Walker) -> None:
    """Search, read, choose, change one's mind, and come back to the basket."""
    page = walker.page
    walker.scan()
    page.mouse.wheel(0, 4_000)
    walker.see("Kafé Lyktan", within=".header")
    walker.see("Table 4", "Bord 4", within=".header")
    search = page.get_by_role("searchbox")
    search.fill(walker.say("bun", "bulle"))
    walker.see("Found: 2", "Träffar: 2")
    walker.picture("search")
    search.fill("zzz")
    walker.see("Nothing found", "Inga träffar")
    search.fill("")

    open_bun(walker)
    walker.see("Baked here every morning", "Bakas här varje morgon")
    walker.see("Contains", "Innehåller")
    walker.see("May contain", "Kan innehålla")
    walker.picture("product")
    page.go_back()
    walker.heading("What would you like?", "Vad får det lov att vara?")

    fill_basket(walker)
    _choose(walker, "Take away", "Ta med")
    _choose(walker, "Own amount", "Eget belopp")
    page.locator("[data-own] input").fill("abc")
    page.locator("#basket [type=submit]").click()
    walker.see("Enter an amount, such as 25 or 25.50.", "Ange ett belopp")
    walker.picture("basket-bad-tip")
    _choose(walker, "10%", "10 %")
    walker.picture("basket")
    _come_back(walker)

    walker.press("Remove Cinnamon bun", "Ta bort Kanelbulle")
    expect(page.locator("#basket [data-rows] li")).to_have_count(1)
    page.locator("#basket [data-remove]").click()
    walker.see("Your basket is empty", "Varukorgen är tom")
    walker.picture("basket-empty")


def _choose(walker: Walker, english: str, swedish: str) -> None:
    """Take one of the basket's choices."""
    walker.page.locator("#basket .pill", has_text=walker.say(english, swedish)).click()


def _come_back(walker: Walker) -> None:
    """Reload, change the language to and fro, and find the same basket."""
    page = walker.page
    total = page.locator("#basket output[data-total]")
    before = total.inner_text()
    page.reload()
    page.locator("#menu").wait_for()
    for language in ("Svenska", "English") if walker.language == "en" else ("English", "Svenska"):
        page.get_by_role("link", name=language, exact=True).click()
        page.locator(f"html[lang={'sv' if language == 'Svenska' else 'en'}] #menu").wait_for()
    open_basket(page)
    expect(total).to_have_text(before)
    expect(page.locator("#basket [data-rows] li")).to_have_count(2)
    walker.see(NOTE, within="#basket")
    walker.see("Oat milk", "Havremjölk", within="#basket")


def walk_through_changes(walker: Walker) -> None:
    """Find in the basket what was sold out, and what became dearer, meanwhile."""
    page = walker.page
    walker.scan()
    add_bun(walker)
    walker.press("Add one Filter coffee", "Lägg till Bryggkaffe")
    open_basket(page)
    with changed_menu(walker.stack):
        with walker.messages("400", "409"):
            page.locator("#basket [type=submit]").click()
            walker.see("Sold out. Remove it", "Slut. Ta bort den", within="#basket")
        walker.picture("sold-out-meanwhile")
        page.reload()
        page.locator("#menu").wait_for()
        open_basket(page)
        walker.see("Sold out. Remove it to order the rest.", "Slut. Ta bort den för att beställa")
        walker.see("The price was", "Priset var")
        page.locator("#basket [type=submit]").click()
        walker.see("Some products cannot be ordered", "En del varor går inte att beställa")
        walker.picture("basket-problems")
        walker.press("Remove Filter coffee", "Ta bort Bryggkaffe")
        expect(page.locator("#basket [data-rows] li")).to_have_count(1)


def walk_past_a_closed_shop(walker: Walker) -> None:
    """Read at the top that the shop is closed; nothing can be chosen then."""
    page = walker.page
    walker.scan()
    add_bun(walker)
    with paused(walker.stack):
        page.reload()
        page.locator("#menu").wait_for()
        walker.see("We are not taking orders right now.", "Vi tar inte emot beställningar just nu.")
        walker.see("We are back at two o'clock.", "Vi är tillbaka klockan två.")
        expect(page.locator(".products [data-more]")).to_have_count(0)
        walker.picture("closed")
        open_bun(walker)
        expect(page.locator("#product-sheet [type=submit]")).to_be_hidden()
        walker.picture("closed-product")
        page.go_back()
    walker.press("Try again", "Försök igen")
    walker.button("Add one Cinnamon bun", "Lägg till Kanelbulle").wait_for()
