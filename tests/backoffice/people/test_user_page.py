"""The page of a user: it shows no password, and the audit has each change of roles."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.models import StaffAccess
from tests.backoffice.people.invitation_steps import role
from tests.backoffice.people.sign_in_steps import events
from tests.staff import list_url, page_url

pytestmark = pytest.mark.django_db


def test_page_of_a_user_shows_no_hash_and_changes_no_password(owner: Client) -> None:
    user = User.objects.create_user("boel", password="forgotten password", is_staff=True)
    StaffAccess.objects.create(user=user, all_shops=True)

    page = owner.get(page_url(user)).content.decode()

    assert "md5" not in page
    assert 'name="password' not in page


def test_change_of_roles_is_recorded(owner: Client) -> None:
    user = User.objects.create_user("boel", is_staff=True)
    access = StaffAccess.objects.create(user=user, all_shops=True)
    form = {
        "username": "boel",
        "is_active": "on",
        "is_staff": "on",
        "groups": [role("Kitchen").pk],
        "staff_access-TOTAL_FORMS": 1,
        "staff_access-INITIAL_FORMS": 1,
        "staff_access-0-id": access.pk,
        "staff_access-0-user": user.pk,
        "staff_access-0-all_shops": "on",
    }

    owner.post(page_url(user), form)
    owner.post(page_url(user), {**form, "first_name": "Boel"})

    assert events(user) == ["rights_changed"]


def test_filter_of_users_names_the_roles_in_the_language_of_the_person(owner: Client) -> None:
    owner.defaults["HTTP_ACCEPT_LANGUAGE"] = "sv"

    page = owner.get(list_url(User)).content.decode()

    assert f'?groups__id__exact={role("Shift leader").pk}">Skiftledare</a>' in page
    assert "Shift leader" not in page
