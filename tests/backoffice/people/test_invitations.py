"""Invitations: the people who may send one, the list of those that wait, and the mail."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from orders.models import Invitation, Shop
from tests.backoffice.people.invitation_steps import INVITATION, accept, invited, role
from tests.backoffice.people.sign_in_steps import events
from tests.staff import admin_url, staff, user_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ready_made_roles")]


@pytest.mark.parametrize("name", ["Owner", "Shift leader", "Kitchen"])
def test_person_invites_nobody_to_a_role_with_more_rights(name: str) -> None:
    manager = staff("auth.view_user", "auth.add_user", "auth.change_user")

    refused = manager.post(admin_url(User, "add"), {"role": role(name).pk, "all_shops": "on"})

    assert refused.status_code == 200
    assert not Invitation.objects.exists()


def test_person_of_some_shops_and_person_without_the_right_invite_nobody(shop: Shop) -> None:
    of_a_shop = staff("auth.view_user", "auth.add_user", "auth.change_user", shops=[shop])
    without = staff("auth.view_user")

    for client in (of_a_shop, without):
        assert client.get(admin_url(User, "add")).status_code == 403
        assert client.post(admin_url(User, "add"), {"withdraw": 1}).status_code == 403


def test_invitation_needs_a_role_and_a_shop(owner: Client) -> None:
    refused = owner.post(admin_url(User, "add"), {"role": ""})

    shown = refused.content.decode()
    assert "Choose the shops of this colleague, or all shops." in shown
    assert "This field is required." in shown
    assert not Invitation.objects.exists()


def test_link_lasts_seven_days(owner: Client) -> None:
    invited(owner)
    left = Invitation.objects.get().expires_at - timezone.now()

    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_withdrawn_link_is_over(owner: Client) -> None:
    token, row = invited(owner), Invitation.objects.get()

    owner.post(admin_url(User, "add"), {"withdraw": row.pk})

    assert accept(token).status_code == 410
    assert events(user_of(owner)) == ["colleague_invited", "invitation_withdrawn"]


def test_link_of_a_person_who_has_left_is_over(owner: Client) -> None:
    token = invited(owner)
    User.objects.filter(pk=user_of(owner).pk).update(is_active=False)

    assert accept(token).status_code == 410


def test_waiting_invitations_are_listed_with_role_shops_and_sender(
    owner: Client, shop: Shop
) -> None:
    invited(owner, all_shops="", shops=[shop.pk])
    accept(invited(owner, "Viewer"))

    shown = re.sub(r"\s+", " ", owner.get(admin_url(User, "add")).content.decode())

    assert shown.count('name="withdraw"') == 1
    assert "<strong>Cashier</strong> <span> Kafé Lyktan </span>" in shown
    assert f"from {user_of(owner).username}, valid until" in shown


def test_token_is_stored_as_a_digest_and_is_in_no_address_that_a_server_sees(
    owner: Client, caplog: pytest.LogCaptureFixture
) -> None:
    token = invited(owner)
    accept(token)
    accept(token)

    stored = str(list(Invitation.objects.values()))
    listed = owner.get(admin_url(User, "add")).content.decode()

    assert token not in stored
    assert token not in listed
    assert token not in caplog.text


def test_link_is_mailed_where_there_is_a_mail_server(owner: Client) -> None:
    token = invited(owner, email="astrid@example.se")

    (sent,) = mail.outbox
    assert sent.to == ["astrid@example.se"]
    assert f"http://testserver{INVITATION}#{token}" in sent.body


def test_link_is_not_mailed_into_the_log(owner: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

    page = owner.get(admin_url(User, "add"))
    invited(owner, email="astrid@example.se")

    assert "email" not in page.context["form"].fields
    assert Invitation.objects.get().recipient == ""


def test_mail_server_that_is_away_leaves_the_link_to_copy(
    owner: Client, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    page = owner.post(
        admin_url(User, "add"),
        {"role": role("Viewer").pk, "all_shops": "on", "email": "astrid@example.se"},
    )

    assert "The mail could not be sent. Copy the link instead." in page.content.decode()
    assert "#" in page.context["link"]
