"""A colleague joins by the link of an invitation, which works once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from orders.models import Invitation, Shop, StaffAccess
from seqrshop.backoffice.people import invitations
from seqrshop.backoffice.people.invitations import InvitationOver
from tests.backoffice.people.invitation_steps import (
    INVITATION,
    JOIN,
    PASSWORD,
    accept,
    invited,
    role,
)
from tests.backoffice.people.sign_in_steps import events, is_signed_in
from tests.races import run_concurrently
from tests.staff import browser_signed_in, user_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ready_made_roles")]


def test_colleague_joins_with_the_role_and_the_shops_and_is_signed_in(
    owner: Client, shop: Shop
) -> None:
    token, browser = invited(owner, all_shops="", shops=[shop.pk]), Client()

    asked = browser.post(INVITATION, {"token": token})
    joined = accept(token, browser)

    assert "invites you as Cashier." in asked.content.decode()
    assert "You work in Kafé Lyktan." in asked.content.decode()
    user = User.objects.get(username="astrid")
    assert (user.is_staff, user.is_superuser, user.first_name) == (True, False, "Astrid")
    assert user.check_password(PASSWORD)
    assert list(user.groups.all()) == [role("Cashier")]
    access = StaffAccess.objects.get(user=user)
    assert (access.all_shops, list(access.shops.all())) == (False, [shop])
    assert joined.headers["Location"] == reverse("admin:index")
    assert is_signed_in(browser)
    assert events(user) == ["invitation_accepted", "signed_in"]
    assert events(user_of(owner)) == ["colleague_invited"]


def test_colleague_whose_role_needs_a_second_factor_adds_one_first(
    owner: Client, settings: Settings
) -> None:
    token, browser = invited(owner, "Shift leader"), Client()
    settings.SECOND_FACTOR_REQUIRED = True

    joined = accept(token, browser)

    assert joined.headers["Location"] == "/staff/security"
    assert not is_signed_in(browser)
    assert browser.get("/staff/security").status_code == 200


def test_invited_browser_of_somebody_else_is_not_taken_over(owner: Client) -> None:
    """A person who opens the link where a colleague is signed in gets a session of her own."""
    token, colleague = invited(owner), User.objects.create_user("olle", is_staff=True)
    browser = browser_signed_in(colleague)

    accept(token, browser)

    assert user_of(browser).username == "astrid"


def test_link_works_once(owner: Client) -> None:
    token = invited(owner)
    accept(token)

    again = accept(token, username="boel")

    assert again.status_code == 410
    assert "This link has been used or withdrawn" in again.content.decode()
    assert not User.objects.filter(username="boel").exists()


@pytest.mark.django_db(transaction=True)
def test_link_opened_twice_at_once_makes_one_colleague() -> None:
    actor = User.objects.create_user("olle")
    _row, link = invitations.invite(actor, role("Viewer"), all_shops=True, shops=[], recipient="")
    names = ["astrid", "boel", "cilla"]

    def join() -> bool:
        try:
            invitations.accept(link.partition("#")[2], names.pop(), "", PASSWORD)
        except InvitationOver:
            return False
        return True

    assert sorted(run_concurrently(3, join)) == [False, False, True]
    assert User.objects.filter(is_staff=True).count() == 1


def test_link_ends_after_seven_days(owner: Client) -> None:
    token = invited(owner)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    late = accept(token)

    assert late.status_code == 410
    assert not User.objects.filter(username="astrid").exists()


@pytest.mark.parametrize("token", ["", "unknown", "é" * 40, "x" * 5000])
def test_unknown_token_opens_nothing(token: str) -> None:
    answer = Client().post(INVITATION, {"token": token, **JOIN})

    assert answer.status_code == (410 if token else 200)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"username": ""}, "This field is required."),
        ({"username": "ast rid"}, "Enter a valid username."),
        ({"password2": "another password"}, "The two passwords differ."),
        ({"password1": "short", "password2": "short"}, "This password is too short."),
        ({"password1": "password", "password2": "password"}, "This password is too common."),
        (
            {"password1": "astrid12", "password2": "astrid12"},
            "The password is too similar to the username.",
        ),
    ],
)
def test_malformed_answer_is_explained_and_the_link_still_works(
    fields: dict[str, Any], error: str, owner: Client
) -> None:
    token = invited(owner)

    refused = accept(token, **fields)

    assert refused.status_code == 200
    assert error in refused.content.decode()
    assert accept(token).status_code == 302


@pytest.mark.parametrize("taken", ["astrid", "ASTRID"])
def test_user_name_of_another_is_refused(taken: str, owner: Client) -> None:
    User.objects.create_user(taken)
    token = invited(owner)

    refused = accept(token)

    assert "Somebody else has this user name." in refused.content.decode()
    assert accept(token, username="boel", name="").status_code == 302
