"""The list of terminals, filtered by whether they are retired."""

from __future__ import annotations

import pytest
from django.utils import timezone

from orders.models import Terminal
from tests.factories import TerminalFactory
from tests.staff import listed, superuser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "labels"),
    [({}, {"Till", "Old till"}), ({"retired": "no"}, {"Till"}), ({"retired": "yes"}, {"Old till"})],
)
def test_terminals_are_listed_by_whether_they_are_retired(
    query: dict[str, str], labels: set[str]
) -> None:
    TerminalFactory.create(label="Till")
    TerminalFactory.create(
        label="Old till", principal_id="old", password="", retired_at=timezone.now()
    )

    assert {terminal.label for terminal in listed(superuser(), Terminal, **query)} == labels
