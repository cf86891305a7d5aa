"""Who may open the kitchen board, and what its buttons do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from orders.models import AuditEvent, Order, OrderState, Shop
from payments.availability.availability import Reason, unavailability_of
from payments.availability.messages import shop_unavailable_message
from payments.models import Invoice, InvoiceStatus
from tests.backoffice.kitchen.boards import address, change, cook, paid_order
from tests.backoffice.staff_by_shop import PERSONS, browser_of, make_world
from tests.factories import ShopFactory
from tests.staff import staff, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return ShopFactory.create(name="Kafé Lyktan")


def press(client: Client, order: Order, step: str, kind: str = "record") -> Any:
    """Press a button of a card."""
    return client.post(address("step", order.shop, order), {"change": kind, "step": step})


def state_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


# --- Who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PERSONS)
@pytest.mark.slow
def test_each_person_opens_the_boards_of_the_own_shops_alone(name: str) -> None:
    person, world = PERSONS[name], make_world()
    client = browser_of(person, world)
    may = person.is_superuser or person.has_permissions

    for letter, shop in world.shops.items():
        order = paid_order(shop)
        for page in ("board", "orders", "events"):
            response = client.get(address(page, shop))

            expected = 403 if not may else 200 if person.has_all or letter in person.shops else 404
            assert (page, letter, response.status_code) == (page, letter, expected)
        assert press(client, order, "ready").status_code == expected
        assert client.post(address("pause", shop), {"minutes": "20"}).status_code == expected
        is_changed = expected == 200
        assert (state_of(order) == OrderState.READY) == is_changed
        assert Shop.objects.get(pk=shop.pk).paused == is_changed


@pytest.mark.parametrize("page", ["orders", "events"])
def test_script_of_a_person_who_is_not_signed_in_gets_401(page: str, shop: Shop) -> None:
    order = paid_order(shop)

    read, changed = Client().get(address(page, shop)), press(Client(), order, "ready")

    assert (read.status_code, read.json()) == (401, {"error": "signed_out"})
    assert (changed.status_code, state_of(order)) == (401, OrderState.PAID)


def test_page_of_a_person_who_is_not_signed_in_leads_to_the_sign_in(shop: Shop) -> None:
    response = Client().get(address("board", shop))

    assert (response.status_code, "/login" in response.headers["Location"]) == (302, True)


def test_order_of_another_shop_is_unknown_at_this_board(shop: Shop) -> None:
    other = paid_order(ShopFactory.create())
    there = address("step", shop, other)

    response = cook().post(there, {"change": "record", "step": "ready"})

    assert (response.status_code, state_of(other)) == (404, OrderState.PAID)


def test_forged_request_from_another_site_changes_nothing(shop: Shop) -> None:
    order = paid_order(shop)
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = cook().cookies

    response = press(browser, order, "served")

    assert (response.status_code, state_of(order)) == (403, OrderState.PAID)


def test_person_of_one_shop_comes_to_its_board_at_once(shop: Shop) -> None:
    ShopFactory.create()

    response = cook(shop).get("/staff/kitchen")

    assert response.headers["Location"] == address("board", shop)


def test_person_of_several_shops_chooses_one(shop: Shop) -> None:
    other = ShopFactory.create(name="Hamnen")

    page = cook(shop, other).get("/staff/kitchen").content.decode()

    assert re.findall(r'class="card" href="([^"]+)"', page) == [
        address("board", other),
        address("board", shop),
    ]


# --- Steps ---------------------------------------------------------------------------------------


def test_buttons_record_the_steps_and_undo_them_as_the_person(shop: Shop) -> None:
    order, client = paid_order(shop), cook(shop)

    answers = [press(client, order, step).json() for step in ("preparing", "ready", "served")]
    undone = press(client, order, "served", "undo").json()

    assert (answers, undone) == ([{"changed": True}] * 3, {"changed": True})
    assert state_of(order) == OrderState.READY
    actors = AuditEvent.objects.filter(order=order.pk, source="staff")
    assert {event.actor for event in actors} == {user_of(client)}


def test_second_screen_that_presses_the_same_button_changes_nothing(shop: Shop) -> None:
    order, first, second = paid_order(shop), cook(shop), cook(shop)
    press(first, order, "preparing")
    press(first, order, "ready")

    late = press(second, order, "preparing")

    assert (late.json(), state_of(order)) == ({"changed": False}, OrderState.READY)


def test_order_that_was_reversed_meanwhile_is_not_served_and_the_reason_is_shown(
    shop: Shop,
) -> None:
    order = paid_order(shop)
    change(Invoice.objects.get(order=order), InvoiceStatus.CANCELED)

    response = press(cook(shop), order, "served")

    assert response.status_code == 409
    assert response.json()["message"] == (
        f"Order {order.number} is not to be served: needs attention."
    )
    assert Order.objects.get(pk=order.pk).served_at is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"change": "record"},
        {"change": "record", "step": "paid"},
        {"change": "record", "step": "refunded"},
        {"change": "delete", "step": "ready"},
    ],
    ids=str,
)
def test_unknown_step_is_refused(shop: Shop, body: dict[str, str]) -> None:
    order = paid_order(shop)

    response = cook(shop).post(address("step", shop, order), body)

    assert (response.status_code, state_of(order)) == (400, OrderState.PAID)


def test_board_is_changed_by_post_alone(shop: Shop) -> None:
    order = paid_order(shop)
    query = "?change=record&step=served&minutes="

    statuses = [
        cook(shop).get(f"{there}{query}").status_code
        for there in (address("step", shop, order), address("pause", shop))
    ]

    assert (statuses, state_of(order)) == ([405, 405], OrderState.PAID)


# --- Pause ---------------------------------------------------------------------------------------


def pause(shop: Shop, minutes: str, *permissions: str) -> Any:
    client = staff("orders.serve_order", *permissions)
    return client.post(address("pause", shop), {"minutes": minutes})


def test_shop_is_paused_for_minutes_until_opened_and_opened_again(shop: Shop) -> None:
    seen = []
    for minutes in ("20", "", "0"):
        pause(shop, minutes, "orders.pause_shop")
        shop.refresh_from_db()
        until = shop.paused_until
        seen.append((shop.paused, until and round((until - timezone.now()).total_seconds() / 60)))

    assert seen == [(True, 20), (True, None), (False, None)]
    assert [line.change_message for line in LogEntry.objects.order_by("pk")] == [
        "Paused",
        "Paused",
        "Opened",
    ]


@pytest.mark.parametrize("minutes", ["-1", "1000", "twenty", "2.5", "٢٠", " 20"])
def test_pause_of_other_than_minutes_is_refused(shop: Shop, minutes: str) -> None:
    response = pause(shop, minutes, "orders.pause_shop")

    assert (response.status_code, Shop.objects.get(pk=shop.pk).paused) == (400, False)


def test_pause_needs_its_permission(shop: Shop) -> None:
    response = pause(shop, "20")

    assert (response.status_code, Shop.objects.get(pk=shop.pk).paused) == (403, False)
    page = cook(shop).get(address("board", shop)).content.decode()
    assert "data-pause-minutes" not in page


def test_timed_pause_ends_by_itself_and_tells_customers_when(shop: Shop) -> None:
    now = timezone.now()
    Shop.objects.filter(pk=shop.pk).update(paused=True, paused_until=now + timedelta(minutes=20))
    shop.refresh_from_db()

    paused = unavailability_of(shop, now + timedelta(minutes=19))
    message = shop_unavailable_message(shop)
    later = unavailability_of(shop, now + timedelta(minutes=20))

    assert paused is not None
    assert (paused.reason, paused.opens_at) == (Reason.PAUSED, shop.paused_until)
    assert message is not None
    assert message.startswith("We are not taking orders right now. We open again")
    assert later is None
