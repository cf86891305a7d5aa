"""Changes of second factors: stored, removed, and reset by a colleague or the operator."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse

from orders.encryption import decrypt
from orders.models import AuditEvent, Passkey, SecondFactor
from seqrshop.backoffice.people import second_factor
from seqrshop.backoffice.people.second_factor import LastFactor
from seqrshop.backoffice.people.security_pages import PASSKEY_STATE
from seqrshop.backoffice.people.session_limits import SIGNED_IN_AT
from tests.backoffice.people.authenticator import SECRET, add_app
from tests.backoffice.people.device import Device, as_json
from tests.backoffice.people.sign_in_steps import events, is_signed_in, person
from tests.races import run_concurrently
from tests.staff import browser_signed_in, page_url, staff, superuser, user_of

pytestmark = pytest.mark.django_db
SECURITY = "/staff/security"


def fake_passkey(user: User, name: str = "phone") -> Passkey:
    """Store a passkey that no device has."""
    return Passkey.objects.create(user=user, name=name, credential_id=name.encode(), credential=b"")


def test_secrets_are_stored_encrypted_or_as_digests() -> None:
    user = person()
    add_app(user)
    codes = second_factor.new_recovery_codes(user)

    row = SecondFactor.objects.get(user=user)

    assert SECRET not in row.totp_ciphertext
    assert decrypt(row.totp_ciphertext) == SECRET
    assert not {each.replace("-", "") for each in codes} & set(row.recovery_digests)


def test_factors_change_only_shortly_after_a_sign_in() -> None:
    user = person()
    browser = browser_signed_in(user)
    session: Any = browser.session
    session[SIGNED_IN_AT] -= 601
    session.save()
    add_app(user)

    pages = [browser.get(SECURITY), browser.get(f"{SECURITY}/app")]
    pages += [browser.post(f"{SECURITY}/{name}") for name in ("codes", "remove")]
    again = browser.post(f"{SECURITY}/sign-in-again")

    assert ["Sign out, and in again." in page.content.decode() for page in pages] == [True] * 4
    assert second_factor.has_app(user)
    assert second_factor.recovery_codes_left(user) == 0
    assert again.headers["Location"] == f"{reverse('admin:login')}?next={SECURITY}"
    assert not is_signed_in(browser)


def test_last_factor_stays_where_one_is_required(second_factor_required: None) -> None:
    user = person()
    add_app(user)
    browser = browser_signed_in(user, with_factor=True)
    passkey = fake_passkey(user)

    browser.post(f"{SECURITY}/remove", {"passkey": passkey.pk})
    browser.post(f"{SECURITY}/remove")

    assert second_factor.has_app(user)
    assert not Passkey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_factors_removed_at_once_leave_one(second_factor_required: None) -> None:
    user = person()
    add_app(user)
    passkey = fake_passkey(user)

    def removed(remove: Any) -> bool:
        try:
            remove()
        except LastFactor:
            return False
        return True

    removals = [
        lambda: second_factor.remove_app(user),
        lambda: second_factor.remove_passkey(user, passkey.pk),
    ]
    results = run_concurrently(2, lambda: removed(removals.pop()))

    assert sorted(results) == [False, True]
    assert second_factor.has_factor(user)


def test_factor_is_removed_where_none_is_required() -> None:
    user = person()
    add_app(user)

    browser_signed_in(user).post(f"{SECURITY}/remove")

    assert not second_factor.has_app(user)
    assert events(user)[-1] == "authenticator_removed"


@pytest.mark.parametrize(
    ("typed", "name"), [(" phone ", "phone"), ("", "Passkey"), ("x" * 61, "x" * 60)]
)
def test_passkey_of_a_device_is_added_under_its_name(typed: str, name: str) -> None:
    user, device = person(), Device()
    browser = browser_signed_in(user)
    browser.get(f"{SECURITY}/passkey")
    answer = as_json(device.make(browser.session[PASSKEY_STATE]))

    refused = browser.post(f"{SECURITY}/passkey", {"name": typed, "answer": "{}"})
    outdated = browser.post(f"{SECURITY}/passkey", {"name": typed, "answer": answer})
    browser.get(f"{SECURITY}/passkey")
    again = as_json(device.make(browser.session[PASSKEY_STATE]))
    browser.post(f"{SECURITY}/passkey", {"name": typed, "answer": again})

    for page in (refused, outdated):
        assert "The passkey could not be added. Try again." in page.content.decode()
    passkey = Passkey.objects.get()
    assert (passkey.user, passkey.name, bytes(passkey.credential_id)) == (user, name, b"phone")


def test_person_removes_no_passkey_of_another() -> None:
    passkey = fake_passkey(person(name="boel"))

    browser_signed_in(person()).post(f"{SECURITY}/remove", {"passkey": passkey.pk})

    assert Passkey.objects.filter(pk=passkey.pk).exists()


def test_new_recovery_codes_void_the_earlier_ones() -> None:
    user = person()
    add_app(user)
    earlier = second_factor.new_recovery_codes(user)

    page = browser_signed_in(user).post(f"{SECURITY}/codes")

    assert len(page.context["codes"]) == 10
    assert not second_factor.check_code(user, earlier[0])
    assert second_factor.check_code(user, page.context["codes"][0])


def reset_url(user: User) -> str:
    """Return the page on which a colleague's second factor is reset."""
    return reverse("admin:auth_user_second_factor", args=[user.pk])


def test_owner_resets_a_colleagues_factor() -> None:
    user, owner = person("Shift leader"), person(name="olle")
    add_app(user)
    fake_passkey(user)
    fake_passkey(owner, "laptop")
    browser = browser_signed_in(owner)
    shown = browser.get(page_url(user)).content.decode()

    asked = browser.get(reset_url(user))
    asked_nothing_changed = second_factor.has_app(user)
    browser.post(reset_url(user))

    assert "Be sure that it is astrid who asks." in asked.content.decode()
    assert "authenticator app, 1 passkey" in shown
    assert asked_nothing_changed
    assert (second_factor.has_factor(user), second_factor.has_factor(owner)) == (False, True)
    assert events(user)[-1] == "second_factor_reset"


def test_nobody_resets_their_own_factor() -> None:
    owner = person()
    add_app(owner)

    answer = browser_signed_in(owner).post(reset_url(owner))

    assert answer.headers["Location"] == SECURITY
    assert second_factor.has_app(owner)


def test_person_resets_nobody_with_more_rights() -> None:
    owner = person()
    add_app(owner)
    superuser_of_shop = user_of(superuser())
    add_app(superuser_of_shop)
    manager = staff("auth.view_user", "auth.change_user")
    cashier = browser_signed_in(person("Cashier", "cilla"))

    answers = [
        browser.post(reset_url(user))
        for browser, user in (
            (manager, owner),
            (manager, superuser_of_shop),
            (cashier, owner),
            (browser_signed_in(person(name="olle")), superuser_of_shop),
        )
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert second_factor.has_app(owner)
    assert second_factor.has_app(superuser_of_shop)


def test_operator_lets_in_the_only_owner(capsys: pytest.CaptureFixture[str]) -> None:
    user = person()
    add_app(user)

    call_command("reset_second_factor", "astrid")
    with pytest.raises(CommandError, match="No user is named boel"):
        call_command("reset_second_factor", "boel")

    assert not second_factor.has_factor(user)
    assert AuditEvent.objects.get(name="second_factor_reset").source == "operator"
    assert "The second factor of astrid is removed." in capsys.readouterr().out
