"""Who may still read the kitchen board whose stream is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from orders.models import StaffAccess
from seqrshop.backoffice.kitchen.access import may_read
from seqrshop.backoffice.kitchen.stream import Reader
from tests.backoffice.kitchen.boards import cook
from tests.factories import ShopFactory
from tests.staff import user_of

pytestmark = pytest.mark.django_db


def reader_of(client: Client) -> Reader:
    """Return the reader of a board in a signed-in browser."""
    session_key = client.session.session_key
    assert session_key is not None
    return Reader(user_of(client).pk, session_key)


def sign_out(client: Client) -> None:
    client.logout()


def deactivate(client: Client) -> None:
    user = user_of(client)
    user.is_active = False
    user.save()


def change_password(client: Client) -> None:
    user = user_of(client)
    user.set_password("another long password")
    user.save()


def take_permission(client: Client) -> None:
    user_of(client).user_permissions.clear()


def take_shop(client: Client) -> None:
    StaffAccess.objects.get(user=user_of(client)).shops.clear()


def end_session(client: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def leave_the_staff(client: Client) -> None:
    user = user_of(client)
    user.is_staff = False
    user.save()


@pytest.mark.parametrize(
    "end",
    [
        sign_out,
        deactivate,
        change_password,
        take_permission,
        take_shop,
        end_session,
        leave_the_staff,
    ],
)
def test_person_who_may_not_read_the_board_any_more_is_found(
    end: Callable[[Client], None],
) -> None:
    shop = ShopFactory.create()
    client = cook(shop)
    reader = reader_of(client)
    before = may_read(reader, shop.pk)

    end(client)

    assert (before, may_read(reader, shop.pk)) == (True, False)


def test_person_of_another_shop_is_no_reader_of_this_one() -> None:
    own, other = ShopFactory.create(), ShopFactory.create()
    reader = reader_of(cook(own))

    assert (may_read(reader, own.pk), may_read(reader, other.pk)) == (True, False)
