"""The shops of a member of staff, chosen on the user's page."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client

from orders.models import Shop, StaffAccess
from seqrshop.backoffice.links import admin_url
from tests.factories import ShopFactory
from tests.staff import page_url, staff, superuser

pytestmark = pytest.mark.django_db

NONE_CHOSEN = "Choose the shops of this member of staff, or all shops."


@pytest.fixture
def clerk() -> User:
    """A member of staff without a shop."""
    return User.objects.create_user("clerk", is_staff=True)


@pytest.fixture
def shops() -> list[Shop]:
    """Two shops."""
    return ShopFactory.create_batch(2)


def form(user: User, **fields: Any) -> dict[str, Any]:
    """Return the form of a user: of the staff, unless a field says otherwise."""
    access = StaffAccess.objects.filter(user=user).first()
    return {
        "username": user.username,
        "date_joined_0": "2026-11-23",
        "date_joined_1": "12:00:00",
        "is_active": "on",
        "is_staff": "on",
        "staff_access-TOTAL_FORMS": 1,
        "staff_access-INITIAL_FORMS": 1 if access else 0,
        "staff_access-MAX_NUM_FORMS": 1,
        "staff_access-0-id": access.pk if access else "",
        "staff_access-0-user": user.pk,
        **fields,
    }


def choose(client: Client, user: User, **fields: Any) -> str:
    """Save a user's page; return the error shown, or nothing."""
    response = client.post(page_url(user), form(user, **fields))
    if response.status_code == 302:
        return ""
    assert response.status_code == 200
    return NONE_CHOSEN if NONE_CHOSEN in response.content.decode() else "another error"


def chosen(user: User) -> tuple[bool, list[Shop]]:
    """Return whether the user has all shops, and which ones else."""
    access = StaffAccess.objects.get(user=user)
    return access.all_shops, list(access.shops.all())


def test_some_shops_are_chosen(clerk: User, shops: list[Shop]) -> None:
    error = choose(superuser(), clerk, **{"staff_access-0-shops": [shops[0].pk]})

    assert error == ""
    assert chosen(clerk) == (False, [shops[0]])


def test_second_row_for_a_member_of_staff_is_refused(clerk: User) -> None:
    rows: dict[str, object] = {"staff_access-TOTAL_FORMS": 2}
    for number in range(2):
        rows |= {f"staff_access-{number}-user": clerk.pk, f"staff_access-{number}-all_shops": "on"}

    error = choose(superuser(), clerk, **rows)

    assert error == "another error"
    assert not StaffAccess.objects.filter(user=clerk).exists()


def test_all_shops_are_chosen(clerk: User) -> None:
    error = choose(superuser(), clerk, **{"staff_access-0-all_shops": "on"})

    assert error == ""
    assert chosen(clerk) == (True, [])


def test_member_of_staff_without_a_choice_is_refused(clerk: User) -> None:
    error = choose(superuser(), clerk, first_name="Astrid")

    clerk.refresh_from_db()
    assert error == NONE_CHOSEN
    assert clerk.first_name == ""
    assert not StaffAccess.objects.filter(user=clerk).exists()


def test_last_shop_of_a_member_of_staff_cannot_be_taken_away(
    clerk: User, shops: list[Shop]
) -> None:
    client = superuser()
    choose(client, clerk, **{"staff_access-0-shops": [shops[0].pk]})

    error = choose(client, clerk)

    assert error == NONE_CHOSEN
    assert chosen(clerk) == (False, [shops[0]])


def test_user_who_becomes_staff_needs_a_choice(shops: list[Shop]) -> None:
    user = User.objects.create_user("guest")

    assert choose(superuser(), user) == NONE_CHOSEN
    assert choose(superuser(), user, **{"staff_access-0-shops": [shops[1].pk]}) == ""
    assert chosen(user) == (False, [shops[1]])


@pytest.mark.parametrize("fields", [{"is_staff": ""}, {"is_superuser": "on"}])
def test_user_who_is_no_staff_or_a_superuser_needs_no_choice(
    fields: dict[str, str], clerk: User
) -> None:
    assert choose(superuser(), clerk, **fields) == ""


def test_new_user_is_no_staff_and_has_no_shop() -> None:
    page = superuser().get(admin_url(User, "add")).content.decode()

    assert "staff_access" not in page


def test_person_of_all_shops_who_may_change_users_chooses_their_shops(
    clerk: User, shops: list[Shop]
) -> None:
    client = staff("auth.change_user", "auth.view_user")

    error = choose(client, clerk, **{"staff_access-0-shops": [shops[0].pk]})

    assert error == ""
    assert chosen(clerk) == (False, [shops[0]])


def test_person_who_may_only_view_users_sees_their_shops(clerk: User, shops: list[Shop]) -> None:
    access = StaffAccess.objects.create(user=clerk)
    access.shops.set(shops[:1])
    client = staff("auth.view_user")

    page = client.get(page_url(clerk)).content.decode()
    response = client.post(page_url(clerk), form(clerk, **{"staff_access-0-all_shops": "on"}))

    assert shops[0].name in page
    assert response.status_code == 403
    assert chosen(clerk) == (False, shops[:1])


def test_person_of_some_shops_changes_nobodys_shops(clerk: User, shops: list[Shop]) -> None:
    client = staff("auth.change_user", "auth.view_user", "auth.add_user", shops=shops)

    statuses = [
        client.post(page_url(clerk), form(clerk, **{"staff_access-0-all_shops": "on"})).status_code,
        client.get(page_url(clerk)).status_code,
        client.get(admin_url(User, "add")).status_code,
    ]

    assert statuses == [403, 403, 403]
    assert not StaffAccess.objects.filter(user=clerk).exists()


def test_migration_gives_every_member_of_staff_all_shops(clerk: User) -> None:
    guest = User.objects.create_user("guest")
    migration = import_module("orders.migrations.0010_staff_access")

    migration.give_staff_all_shops(apps, None)

    assert chosen(clerk) == (True, [])
    assert not StaffAccess.objects.filter(user=guest).exists()
