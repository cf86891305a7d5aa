"""New passwords: set by the person, by a link from a colleague or with the old one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Invitation
from tests.backoffice.people.authenticator import add_app
from tests.backoffice.people.invitation_steps import INVITATION, PASSWORD, accept
from tests.backoffice.people.sign_in_steps import events, is_signed_in
from tests.staff import superuser, user_of

pytestmark = pytest.mark.django_db


def password_page(user: User) -> str:
    """Return the page on which a link for a new password is made."""
    return reverse("admin:auth_user_password_change", args=[user.pk])


def test_colleague_sets_a_new_password_by_a_link(owner: Client) -> None:
    user = User.objects.create_user("boel", password="forgotten password", is_staff=True)
    asked = owner.get(password_page(user)).content.decode()
    token = owner.post(password_page(user)).context["link"].partition("#")[2]
    before = User.objects.get(pk=user.pk).check_password("forgotten password")
    browser = Client()

    form = browser.post(INVITATION, {"token": token})
    done = browser.post(INVITATION, {"token": token, "password1": PASSWORD, "password2": PASSWORD})

    assert "The old password works until then." in asked.replace("\n", " ")
    assert 'type="password"' not in asked
    assert before
    assert 'name="username"' not in form.content.decode()
    assert done.status_code == 302
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert events(user) == ["password_link_created", "password_changed", "signed_in"]
    left = Invitation.objects.get().expires_at - timezone.now()
    assert left <= timedelta(hours=24)


def test_second_password_link_withdraws_the_first(owner: Client) -> None:
    user = User.objects.create_user("boel", password="forgotten password", is_staff=True)
    first, second = (
        owner.post(password_page(user)).context["link"].partition("#")[2] for _ in range(2)
    )

    assert Client().post(INVITATION, {"token": first}).status_code == 410
    assert Client().post(INVITATION, {"token": second}).status_code == 200


def test_password_link_of_a_deactivated_person_is_over(owner: Client) -> None:
    user = User.objects.create_user("boel", password="forgotten password", is_staff=True)
    token = owner.post(password_page(user)).context["link"].partition("#")[2]
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert accept(token).status_code == 410


def test_password_link_does_not_get_around_the_second_factor(owner: Client) -> None:
    user = User.objects.create_user("boel", password="forgotten password", is_staff=True)
    add_app(user)
    token = owner.post(password_page(user)).context["link"].partition("#")[2]
    browser = Client()

    done = accept(token, browser)

    assert done.headers["Location"] == "/staff/second-factor"
    assert not is_signed_in(browser)


def test_nobody_makes_a_password_link_for_a_person_with_more_rights(owner: Client) -> None:
    chief = user_of(superuser())

    assert owner.post(password_page(chief)).status_code == 403
    assert not Invitation.objects.exists()


def test_own_password_is_changed_with_the_old_one(owner: Client) -> None:
    answer = owner.post(password_page(user_of(owner)))

    assert answer.headers["Location"] == reverse("admin:password_change")
