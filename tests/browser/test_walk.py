"""A sample of `make walk`: the way from the basket to the served order, on the smallest phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.browsers import SMALL_PHONE
from tests.browser.conftest import Console, OpenBrowser
from tests.browser.stack import Stack
from tests.walk.shop import well_equipped
from tests.walk.stages import STAGES
from tests.walk.walker import Walker

pytestmark = pytest.mark.browser


def test_swedish_customer_orders_with_options_and_follows_the_order(
    stack: Stack, open_browser: OpenBrowser
) -> None:
    page = open_browser(locale="sv-SE", viewport=SMALL_PHONE).new_page()

    with well_equipped(stack):
        walker = Walker(stack, page, "sv")
        STAGES["following"](walker)

    assert walker.problems == []


def test_walker_reports_each_kind_of_fault(page: Page, stack: Stack, console: Console) -> None:
    console.expected.append("Oops")
    faults = {
        '<p style="width: 900px">Hej</p>': "the page is",
        "<h1>Din beställning</h1>": "in the other language: Din beställning",
        "<p>Lägg till Havremjölk</p>": "in the other language: Lägg till Havremjölk",
        '<button aria-label="Stäng" style="width: 44px; height: 44px">×</button>': "Stäng",
        '<p style="width: 3em; overflow-wrap: anywhere">Rabarbersaft</p>': "is broken inside",
        '<div style="height: 2em; overflow: hidden">One<br>two<br>three<br>four</div>': "cut off",
        "<a href='/' style='display: block; width: 20px'>x</a>": "is 20 ×",
        "<script>console.error('Oops')</script>": "console: Oops",
    }

    walker = Walker(stack, page, "en")
    page.set_content('<html lang="en"><body><h1>Your order</h1></body></html>')
    walker.picture("faultless")
    assert walker.problems == []
    for content, expected in faults.items():
        walker = Walker(stack, page, "en")
        page.set_content(f'<html lang="en"><body>{content}</body></html>')
        walker.picture("faulty")
        assert any(expected in problem for problem in walker.problems), (expected, walker.problems)


def test_walker_sees_no_text_that_is_covered(page: Page, stack: Stack) -> None:
    walker = Walker(stack, page, "en")
    cover = '<div style="position: fixed; inset: 0">!</div>'
    page.set_content(f'<html lang="en"><body><p>Hello</p>{cover}</body></html>')

    with pytest.raises(AssertionError, match="is covered by <div"):
        walker.see("Hello")
