"""The pages of a menu's file and of opening hours have no violation that axe finds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from orders.models import MenuImport, PriceChange, Shop
from seqrshop.backoffice.links import admin_url, page_url
from tests.backoffice.test_browser import logged_in
from tests.browser.axe import violations_in_each_theme
from tests.factories import OpeningHoursFactory, ProductFactory
from tests.hours_factories import OpeningExceptionFactory, PlannedPauseFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROWS = [
    {"sku": "BUN", "price": "49,50", "name_en": "Bun", "description_en": "Baked here"},
    {"name_sv": "Te", "name_en": "Tea", "price": "30", "category_sv": "Drycker"},
    {"name_sv": "Saft", "name_en": "Squash", "price": "gratis"},
]


def test_pages_of_menu_files_and_hours_have_no_violation(
    live_server: LiveServer, clerk: User
) -> None:
    now = timezone.now()
    bun = ProductFactory.create(sku="BUN", shop__name="Kafé Lyktan")
    shop: Shop = bun.shop
    ProductFactory.create(shop__name="Kafé Fyren")
    OpeningHoursFactory.create(shop=shop)
    today = timezone.localdate()
    OpeningExceptionFactory.create(shop=shop, first_day=today + timedelta(days=9))
    OpeningExceptionFactory.create(
        shop=shop, first_day=today + timedelta(days=20), opens="18:00", closes="03:00"
    )
    PlannedPauseFactory.create(shop=shop, starts_at=now, ends_at=now + timedelta(hours=1))
    PriceChange.objects.create(
        product=bun, price=49, applies_at=now + timedelta(days=9), made_by=clerk
    )
    person = User.objects.create_superuser("astrid")
    rows = [{"number": n, "cells": cells} for n, cells in enumerate(ROWS, start=2)]
    MenuImport.objects.create(shop=shop, made_by=person, rows=rows, file_name="menu.csv")
    paths = {
        "product": page_url(bun),
        **{name: admin_url(Shop, name, shop.pk) for name in ("hours", "menu", "menu_preview")},
    }

    found = {}
    with logged_in(live_server, person) as browser:
        for name, path in paths.items():
            browser.open(path)
            found[name] = [
                each
                for each in violations_in_each_theme(browser.page)
                if "thead > tr > .original" not in each  # of Django's own table of parts
            ]

    assert {page: each for page, each in found.items() if each} == {}
