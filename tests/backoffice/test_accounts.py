"""Accounts: permissions that staff can read."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils.html import escape

from seqrshop.backoffice.links import admin_url
from tests.staff import superuser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Order: Can view", "Refund: Can refund a payment"]),
        ("sv", ["Beställning: Kan visa", "Återbetalning: Kan "]),
    ],
)
def test_group_page_names_each_permission_in_the_language_of_staff(
    language: str, names: list[str]
) -> None:
    client: Client = superuser()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language

    page = client.get(admin_url(Group, "add")).content.decode()

    for name in names:
        assert escape(name) in page
    assert ": None" not in page
