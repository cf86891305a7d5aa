"""A sample of `make walk`: the way from the basket to the served order, on the smallest phone."""

from __future__ import annotations

import pytest

from tests.browser.browsers import SMALL_PHONE
from tests.browser.conftest import OpenBrowser
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
