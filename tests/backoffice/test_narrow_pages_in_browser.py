"""The pages of the owner's evening fit a phone of 320 pixels, in both languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from orders.models import MenuImport, PriceChange, QrCode, Shop
from payments.exports.account_plans import plan_of
from payments.models import ExportDelivery, ExportSchedule
from seqrshop.backoffice.bulk.jobs import propose_job
from seqrshop.backoffice.bulk.of_menu import SELL_OUT
from seqrshop.backoffice.links import admin_url, list_url, page_url
from tests.backoffice.test_browser import AdminBrowser, logged_in
from tests.backoffice.test_codes_in_browser import files_in_each_state, shop_with_codes
from tests.backoffice.test_menu_pages_accessible import ROWS
from tests.browser.browsers import DESKTOP
from tests.factories import CategoryFactory, OpeningHoursFactory, ProductFactory
from tests.grids import is_tried
from tests.hours_factories import OpeningExceptionFactory, PlannedPauseFactory
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

PAGES_PER_TRIED = 2  # in one language, and the others in the other one
WIDTHS = (346, 320)  # a folded phone, and the narrowest of WCAG 2.2
LABELS = "async () => (await axe.run({runOnly: {type: 'rule', values: ['label']}})).violations"


def paths_of(shop: Shop, person: User) -> list[str]:
    """Store what the pages show, and return their addresses."""
    in_use_since_long(shop.terminal)
    period_marked(shop.terminal, at(4))
    payment = sale(shop, at(9), tip="5.00")
    refund = refund_of(payment, "10.00", at(10), person)
    next_night = at(4, day=DAY + timedelta(days=1))
    period_marked(shop.terminal, next_night, row_of(payment), row_of(refund), ("1.00", "unknown"))
    now = timezone.now()
    bun = ProductFactory.create(sku="BUN", shop=shop)
    CategoryFactory.create(shop=shop)
    PriceChange.objects.create(
        product=bun, price=49, applies_at=now + timedelta(days=9), made_by=person
    )
    OpeningHoursFactory.create(shop=shop)
    OpeningExceptionFactory.create(shop=shop, first_day=now.date() + timedelta(days=9))
    PlannedPauseFactory.create(shop=shop, starts_at=now, ends_at=now + timedelta(hours=1))
    MenuImport.objects.create(
        shop=shop,
        made_by=person,
        rows=[{"number": n, "cells": cells} for n, cells in enumerate(ROWS, start=2)],
        file_name="menu.csv",
    )
    schedule = ExportSchedule.objects.create(
        content="receipts",
        seller=shop.seller,
        recipient="a.very.long.name.of.an.accountant@bokforing-i-goteborg.example",
        next_first=DAY,
        created_by=person,
    )
    ExportDelivery.objects.create(
        schedule=schedule, first=DAY, last=DAY, last_error="The mail server did not take the mail."
    )
    job = propose_job(SELL_OUT, [bun], person, "sv")
    files = files_in_each_state(person).values()
    code = QrCode.objects.get(placement="Bord 1")
    return [
        *(f"{reverse('staff:dashboard')}?by={grain}" for grain in ("hour", "month")),
        f"{reverse('staff:closing')}?until={DAY + timedelta(days=5)}",
        reverse("staff:closing_day", args=[shop.slug, DAY]),
        reverse("staff:exports"),
        *(page_url(row) for row in (plan_of(shop.seller), schedule, bun, code, shop)),
        admin_url(ExportSchedule, "add"),
        list_url(ExportSchedule),
        *(reverse(f"staff:{name}") for name in ("tables", "print_files", "bulk_jobs", "kept")),
        *(reverse("staff:print_file", args=[file.pk]) for file in files),
        reverse("staff:bulk_job", args=[job.pk]),
        *(admin_url(Shop, name, shop.pk) for name in ("hours", "menu", "menu_preview")),
        reverse("staff:customers"),
        reverse("staff:customer", args=[payment.invoice.order.customer_id]),
        reverse("staff:customer_erase", args=[payment.invoice.order.customer_id]),
    ]


def too_wide(browser: AdminBrowser) -> list[str]:
    """Return the widths that the open page does not fit once a wide window is made narrow."""
    found = []
    for width in WIDTHS:
        browser.page.set_viewport_size({"width": width, "height": 640})
        needed = browser.page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            found.append(f"{needed} px wide in a window of {width} px")
    browser.page.set_viewport_size(DESKTOP)
    return found


def test_pages_fit_a_narrow_phone_in_both_languages_and_fields_have_labels(
    live_server: LiveServer,
) -> None:
    person = User.objects.create_superuser("astrid")
    shop = shop_with_codes(person)
    paths = paths_of(shop, person)

    with logged_in(live_server, person) as browser:
        browser.page.set_viewport_size(DESKTOP)
        faults = []
        for turn, language in enumerate(("sv", "en")):
            browser.open(f"/admin/?language={language}")
            for number, path in enumerate(paths, turn):
                if not is_tried(number, PAGES_PER_TRIED):
                    continue
                browser.open(path)
                faults += [f"{language} {path}: {fault}" for fault in too_wide(browser)]
        browser.open(page_url(shop))
        browser.page.evaluate(AXE_SCRIPT)
        violations = browser.page.evaluate(LABELS)
        errors = browser.policy_violations + browser.script_errors

    assert not faults, "\n".join(faults)
    assert [node["target"] for each in violations for node in each["nodes"]] == []
    assert errors == []
