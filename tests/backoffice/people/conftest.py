"""Fixtures of the tests of people: their roles, invitations and second factors."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import Settings

from orders.models import Shop
from payments.staff_roles import save_roles
from tests.factories import ShopFactory
from tests.staff import staff, user_of


@pytest.fixture
def ready_made_roles(db: None) -> None:
    """Store the ready-made roles."""
    save_roles()


@pytest.fixture
def owner(ready_made_roles: None) -> Client:
    """The browser of an owner."""
    client = staff()
    user_of(client).groups.set(Group.objects.filter(name="Owner"))
    return client


@pytest.fixture
def shop(db: None) -> Shop:
    """One of two shops."""
    shop: Shop = ShopFactory.create(name="Kafé Lyktan")
    ShopFactory.create()
    return shop


@pytest.fixture
def second_factor_required(settings: Settings) -> None:
    """Let the setting require a second factor, as in production."""
    settings.SECOND_FACTOR_REQUIRED = True
