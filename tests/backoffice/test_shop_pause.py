"""A shop is paused and opened in the admin."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry

from orders.models import Shop
from tests.backoffice.shop_form import form
from tests.factories import (
    ShopFactory,
)
from tests.staff import (
    page_url,
    run_action,
    staff,
    superuser,
    user_of,
)

pytestmark = pytest.mark.django_db


def test_shop_is_paused_and_opened_and_logged_with_the_user() -> None:
    shop = ShopFactory.create(name="Kafé Lyktan")
    client = staff("orders.view_shop", "orders.pause_shop")

    run_action(client, "pause", shop)
    run_action(client, "pause", shop)
    shop.refresh_from_db()
    was_paused = shop.paused
    messages = run_action(client, "open", shop, from_row_page="yes")
    shop.refresh_from_db()

    assert (was_paused, shop.paused) == (True, False)
    assert messages == [
        "Paused: Kafé Lyktan.",
        "Nothing to change: Kafé Lyktan.",
        "Opened: Kafé Lyktan.",
    ]
    log = LogEntry.objects.order_by("id")
    assert [(line.change_message, line.user) for line in log] == [
        ("Paused", user_of(client)),
        ("Opened", user_of(client)),
    ]


def test_pausing_needs_its_own_permission() -> None:
    shop = ShopFactory.create()

    run_action(staff("orders.view_shop", "orders.change_shop"), "pause", shop)

    shop.refresh_from_db()
    assert not shop.paused
    assert not LogEntry.objects.exists()


def test_outdated_page_does_not_resume_a_paused_shop() -> None:
    shop = ShopFactory.create(paused=True)

    superuser().post(page_url(shop), form(name="Kafé Fyren"))

    shop.refresh_from_db()
    assert (shop.name, shop.paused) == ("Kafé Fyren", True)


def test_page_offers_pause_or_open_and_shows_the_customers_message() -> None:
    shop = ShopFactory.create()
    client = superuser()

    open_page = client.get(page_url(shop)).content.decode()
    Shop.objects.update(paused=True, pause_note_en="Back at 14:00.")
    paused_page = client.get(page_url(shop)).content.decode()

    assert 'name="action" value="pause"' in open_page
    assert "Open for orders." in open_page
    assert 'name="action" value="open"' in paused_page
    assert "We are not taking orders right now. Back at 14:00." in paused_page
