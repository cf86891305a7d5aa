"""Fixtures of the back office's tests."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.backoffice.staff_by_shop import World, make_world


@pytest.fixture(scope="module")
def stored_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Store the shops and their rows for all tests of a file, in a transaction around theirs."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture
def world(stored_world: World) -> World:
    """The shops and their rows, as nobody has changed them."""
    return deepcopy(stored_world)
