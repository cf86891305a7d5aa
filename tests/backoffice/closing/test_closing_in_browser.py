"""The pages of closing the day in a real browser: no violation that axe finds, and no sideways."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from orders.models import Shop
from tests.backoffice.test_browser import logged_in
from tests.browser.axe import accessibility_violations, set_theme
from tests.browser.browsers import DESKTOP, PHONE, THEMES
from tests.payments.closings.steps import (
    DAY,
    at,
    in_use_since_long,
    period_marked,
    refund_of,
    row_of,
    sale,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_day_is_signed_and_reopened_on_accessible_pages(
    live_server: LiveServer, cafe: Shop, clerk: User
) -> None:
    in_use_since_long(cafe.terminal)
    period_marked(cafe.terminal, at(4))
    payment = sale(cafe, at(9), tip="5.00")
    refund = refund_of(payment, "10.00", at(10), clerk)
    next_night = at(4, day=DAY + timedelta(days=1))
    period_marked(cafe.terminal, next_night, row_of(payment), row_of(refund), ("1.00", "unknown"))
    day = reverse("staff:closing_day", args=[cafe.slug, DAY])
    listed = f"{reverse('staff:closing')}?until=2026-11-20"

    found = {}
    with logged_in(live_server) as browser:
        page = browser.page

        def check(name: str) -> None:
            for theme, size in zip(THEMES, (DESKTOP, PHONE), strict=True):
                page.set_viewport_size(size)
                set_theme(page, theme)
                found[name, theme] = accessibility_violations(page)
                width = page.evaluate("document.documentElement.scrollWidth")
                if width > size["width"]:
                    found[name, theme].append(f"{width} px wide")

        browser.open(listed)
        check("list")
        browser.open(day)
        check("day")
        page.click("text=Sign off the day")
        page.wait_for_selector("text=The day is signed off.")
        page.click("summary:has-text('Re-open the day')")
        check("signed")
        page.fill("[name=reason]", "a receipt was late")
        page.click("button:has-text('Re-open')")
        page.wait_for_selector("text=a receipt was late")
        errors = browser.policy_violations + browser.script_errors

    assert {name: each for name, each in found.items() if each} == {}
    assert errors == []
