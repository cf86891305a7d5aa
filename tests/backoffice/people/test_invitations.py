"""Invitations: a colleague joins by a link that works once, and nobody sets another's password."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from orders.models import Invitation, Shop, StaffAccess
from payments.staff_roles import save_roles
from seqrshop.backoffice.people import invitations
from seqrshop.backoffice.people.invitations import InvitationOver
from tests.backoffice.people.authenticator import add_app, events, is_signed_in
from tests.factories import ShopFactory
from tests.races import run_concurrently
from tests.staff import admin_url, browser_signed_in, page_url, staff, superuser, user_of

pytestmark = pytest.mark.django_db
INVITATION = "/staff/invitation"
PASSWORD = "a long enough password"
JOIN = {"username": "astrid", "name": "Astrid", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture(autouse=True)
def _roles(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    save_roles()


@pytest.fixture
def shop() -> Shop:
    shop: Shop = ShopFactory.create(name="Kafé Lyktan")
    ShopFactory.create()
    return shop


@pytest.fixture
def owner() -> Client:
    """The browser of an owner."""
    client = staff()
    user_of(client).groups.set(Group.objects.filter(name="Owner"))
    return client


def role(name: str) -> Group:
    """Return the group of a ready-made role."""
    return Group.objects.get(name=name)


def invited(client: Client, name: str = "Cashier", **fields: Any) -> str:
    """Invite a colleague by the form; return the token of the link."""
    form = {"role": role(name).pk, "all_shops": "on", **fields}
    page = client.post(admin_url(User, "add"), form)
    address, _hash, token = page.context["link"].partition("#")
    assert address == f"http://testserver{INVITATION}"
    return str(token)


def accept(token: str, browser: Client | None = None, **fields: Any) -> Any:
    """Post the form of the invited person."""
    return (browser or Client()).post(INVITATION, {"token": token, **JOIN, **fields})


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


def test_link_works_once(owner: Client) -> None:
    token = invited(owner)
    accept(token)

    again = accept(token, username="boel")

    assert again.status_code == 410
    assert "This link has been used or withdrawn" in again.content.decode()
    assert not User.objects.filter(username="boel").exists()


def test_link_ends_after_seven_days(owner: Client) -> None:
    token = invited(owner)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    late = accept(token)

    assert late.status_code == 410
    assert not User.objects.filter(username="astrid").exists()


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


@pytest.mark.parametrize("token", ["", "unknown", "é" * 40, "x" * 5000])
def test_unknown_token_opens_nothing(token: str) -> None:
    answer = Client().post(INVITATION, {"token": token, **JOIN})

    assert answer.status_code == (410 if token else 200)
    assert not User.objects.exists()


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


def test_waiting_invitations_are_listed_with_role_shops_and_sender(
    owner: Client, shop: Shop
) -> None:
    invited(owner, all_shops="", shops=[shop.pk])
    accept(invited(owner, "Viewer"))

    shown = re.sub(r"\s+", " ", owner.get(admin_url(User, "add")).content.decode())

    assert shown.count('name="withdraw"') == 1
    assert "<strong>Cashier</strong> <span> Kafé Lyktan </span>" in shown
    assert f"from {user_of(owner).username}, valid until" in shown


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
    assert accept(token, username="boel").status_code == 302


@pytest.mark.parametrize("name", ["Owner", "Shift leader", "Kitchen"])
def test_person_invites_nobody_to_a_role_with_more_rights(name: str) -> None:
    manager = staff("auth.view_user", "auth.add_user", "auth.change_user")

    refused = manager.post(admin_url(User, "add"), {"role": role(name).pk, "all_shops": "on"})

    assert refused.status_code == 200
    assert not Invitation.objects.exists()


def test_invitation_needs_a_role_and_a_shop(owner: Client) -> None:
    refused = owner.post(admin_url(User, "add"), {"role": ""})

    shown = refused.content.decode()
    assert "Choose the shops of this colleague, or all shops." in shown
    assert "This field is required." in shown
    assert not Invitation.objects.exists()


def test_person_of_some_shops_and_person_without_the_right_invite_nobody(shop: Shop) -> None:
    of_a_shop = staff("auth.view_user", "auth.add_user", "auth.change_user", shops=[shop])
    without = staff("auth.view_user")

    for client in (of_a_shop, without):
        assert client.get(admin_url(User, "add")).status_code == 403
        assert client.post(admin_url(User, "add"), {"withdraw": 1}).status_code == 403


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


def test_invited_browser_of_somebody_else_is_not_taken_over(owner: Client) -> None:
    """A person who opens the link where a colleague is signed in gets a session of her own."""
    token, colleague = invited(owner), User.objects.create_user("olle", is_staff=True)
    browser = browser_signed_in(colleague)

    accept(token, browser)

    assert user_of(browser).username == "astrid"
