"""The second factor: asked for, required, lost, and reset by a colleague."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from orders.clock import database_now
from orders.encryption import decrypt
from orders.models import AuditEvent, Passkey, SecondFactor, StaffAccess
from payments.staff_roles import ROLES, SENSITIVE_PERMISSIONS, save_roles
from seqrshop.backoffice.people import second_factor
from seqrshop.backoffice.people.second_factor import FAILURES_BEFORE_REFUSAL, LastFactor
from seqrshop.backoffice.people.session_limits import SIGNED_IN_AT
from seqrshop.backoffice.people.sign_in_flow import PENDING_KEY
from tests.backoffice.people.authenticator import (
    PASSWORD,
    SECRET,
    add_app,
    code,
    events,
    factor_of,
    is_signed_in,
    sign_in,
)
from tests.races import run_concurrently
from tests.staff import browser_signed_in, list_url, staff, superuser, user_of

pytestmark = pytest.mark.django_db
FACTOR, SECURITY = "/staff/second-factor", "/staff/security"
HTML = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def required(settings: Settings) -> None:
    """Let the setting require a second factor, as in production."""
    settings.SECOND_FACTOR_REQUIRED = True


def person(role: str = "Owner", name: str = "astrid") -> User:
    """Return a person with a role, all shops and the password of the tests."""
    save_roles()
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    user.groups.set(Group.objects.filter(name=role))
    StaffAccess.objects.create(user=user, all_shops=True)
    return user


def fake_passkey(user: User, name: str = "phone") -> Passkey:
    """Store a passkey that no device has."""
    return Passkey.objects.create(user=user, name=name, credential_id=name.encode(), credential=b"")


def test_person_with_an_app_is_signed_in_by_its_code() -> None:
    user, browser = person(), Client()
    add_app(user)

    asked = sign_in(user, client=browser, next_url=list_url(User))
    was_signed_in = is_signed_in(browser)
    done = browser.post(FACTOR, {"code": f" {code(SECRET)[:3]} {code(SECRET)[3:]} "})

    assert asked.headers["Location"] == FACTOR
    assert not was_signed_in
    assert done.headers["Location"] == list_url(User)
    assert is_signed_in(browser)
    assert events(user)[-1] == "signed_in"


@pytest.mark.parametrize("page", ["admin:index", "staff:roles", "staff:security"])
def test_password_alone_opens_no_page(page: str) -> None:
    user, browser = person(), Client()
    add_app(user)
    sign_in(user, client=browser)

    opened = browser.get(reverse(page))

    assert opened.status_code == 302
    assert opened.headers["Location"].startswith(reverse("admin:login"))


def test_same_code_signs_in_once() -> None:
    user, used = person(), code(SECRET)
    add_app(user)
    first, second = Client(), Client()

    for browser in (first, second):
        sign_in(user, client=browser)
        browser.post(FACTOR, {"code": used})

    assert (is_signed_in(first), is_signed_in(second)) == (True, False)


def test_wrong_code_is_shown_recorded_and_signs_nobody_in() -> None:
    user, browser = person(), Client()
    add_app(user)
    sign_in(user, client=browser)

    wrong = browser.post(FACTOR, {"code": "000000"})

    assert wrong.status_code == 200
    assert "That is not right." in wrong.content.decode()
    assert not is_signed_in(browser)
    assert events(user)[-1] == "second_factor_failed"


def test_guesses_are_refused_with_429_also_in_another_browser() -> None:
    user = person()
    add_app(user)
    for _ in range(FAILURES_BEFORE_REFUSAL):
        browser = Client()
        sign_in(user, client=browser)
        browser.post(FACTOR, {"code": "000000"})

    sign_in(user, client=browser)
    refused = browser.post(FACTOR, {"code": code(SECRET)})

    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 601
    assert not is_signed_in(browser)


def test_guesses_are_counted_while_redis_is_away(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    test_guesses_are_refused_with_429_also_in_another_browser()


def test_refusal_ends_after_its_time() -> None:
    user, browser = person(), Client()
    add_app(user)
    SecondFactor.objects.filter(user=user).update(
        refused_until=database_now() - timedelta(seconds=1)
    )
    sign_in(user, client=browser)

    browser.post(FACTOR, {"code": code(SECRET)})

    assert is_signed_in(browser)


def test_recovery_code_signs_in_once() -> None:
    user = person()
    add_app(user)
    first, *others = second_factor.new_recovery_codes(user)
    browsers = [Client(), Client()]

    for browser in browsers:
        sign_in(user, client=browser)
        browser.post(FACTOR, {"code": first.upper()})

    assert [is_signed_in(browser) for browser in browsers] == [True, False]
    assert second_factor.recovery_codes_left(user) == len(others) == 9
    assert "recovery_code_used" in events(user)


def test_recovery_code_of_another_person_is_refused() -> None:
    user, other = person(), person(name="boel")
    add_app(user)
    theirs = second_factor.new_recovery_codes(other)
    browser = Client()
    sign_in(user, client=browser)

    browser.post(FACTOR, {"code": theirs[0]})

    assert not is_signed_in(browser)


def test_secrets_are_stored_encrypted_or_as_digests() -> None:
    user = person()
    add_app(user)
    codes = second_factor.new_recovery_codes(user)

    row = factor_of(user)

    assert SECRET not in row.totp_ciphertext
    assert decrypt(row.totp_ciphertext) == SECRET
    assert not {each.replace("-", "") for each in codes} & set(row.recovery_digests)


def test_pending_sign_in_ends_after_ten_minutes() -> None:
    user, browser = person(), Client()
    add_app(user)
    sign_in(user, client=browser)
    session: Any = browser.session
    session[PENDING_KEY] = {**session[PENDING_KEY], "at": session[PENDING_KEY]["at"] - 601}
    session.save()

    late = browser.post(FACTOR, {"code": code(SECRET)})

    assert late.headers["Location"] == reverse("admin:login")
    assert not is_signed_in(browser)


@pytest.mark.parametrize("change", ["password", "deactivated", "no staff"])
def test_pending_sign_in_ends_when_the_account_changes(change: str) -> None:
    user, browser = person(), Client()
    add_app(user)
    sign_in(user, client=browser)
    if change == "password":
        user.set_password("another long password")
    user.is_active = change != "deactivated"
    user.is_staff = change != "no staff"
    user.save()

    browser.post(FACTOR, {"code": code(SECRET)})

    assert not is_signed_in(browser)


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_roles_that_refund_or_change_settings_need_a_factor_where_the_setting_says_so(
    role: str, required: None
) -> None:
    user, browser = person(role), Client()
    needs_factor = any(map(user.has_perm, SENSITIVE_PERMISSIONS))

    answer = sign_in(user, client=browser)

    assert needs_factor == (role in ("Shift leader", "Owner"))
    assert answer.headers["Location"] == (SECURITY if needs_factor else reverse("admin:index"))
    assert is_signed_in(browser) == (not needs_factor)


def test_without_the_setting_a_factor_is_asked_for_only_where_there_is_one() -> None:
    user, browser = person(), Client()

    sign_in(user, client=browser)

    assert is_signed_in(browser)


def test_first_factor_is_added_after_the_password_and_signs_in(required: None) -> None:
    user, browser = person(), Client()
    sign_in(user, client=browser, next_url=list_url(User))
    choice = browser.get(SECURITY)

    page = browser.get(f"{SECURITY}/app").content.decode()
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert secret is not None
    key = secret[1].replace(" ", "")
    wrong = browser.post(f"{SECURITY}/app", {"code": "000000"})
    was_signed_in = is_signed_in(browser)
    done = browser.post(f"{SECURITY}/app", {"code": code(key)})

    assert "Your role can refund money or change settings" in choice.content.decode()
    assert key in wrong.content.decode().replace(" ", "")  # the same one: the phone has it already
    assert not was_signed_in
    assert len(done.context["codes"]) == 10
    assert done.context["next_url"] == list_url(User)
    assert is_signed_in(browser)
    assert events(user) == ["authenticator_added", "signed_in", "recovery_codes_created"]


def test_person_with_a_factor_adds_no_other_before_showing_it(required: None) -> None:
    user, browser = person(), Client()
    add_app(user)
    sign_in(user, client=browser)

    opened = browser.get(f"{SECURITY}/app")

    assert opened.headers["Location"].startswith(reverse("admin:login"))


def test_session_without_a_factor_ends_when_the_person_needs_one(required: None) -> None:
    user = person("Kitchen")
    browser = browser_signed_in(user)
    before = is_signed_in(browser)
    user.groups.add(Group.objects.get(name="Shift leader"))

    after = browser.get(reverse("admin:index"), headers=HTML)

    assert before
    assert after.headers["Location"].startswith(reverse("admin:login"))
    assert events(user) == ["session_ended"]


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


def test_last_factor_stays_where_one_is_required(required: None) -> None:
    user = person()
    add_app(user)
    browser = browser_signed_in(user, with_factor=True)
    passkey = fake_passkey(user)

    browser.post(f"{SECURITY}/remove", {"passkey": passkey.pk})
    browser.post(f"{SECURITY}/remove")

    assert second_factor.has_app(user)
    assert not Passkey.objects.exists()


def test_factor_is_removed_where_none_is_required() -> None:
    user = person()
    add_app(user)

    browser_signed_in(user).post(f"{SECURITY}/remove")

    assert not second_factor.has_app(user)
    assert events(user)[-1] == "authenticator_removed"


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
    browser = browser_signed_in(owner)

    asked = browser.get(reset_url(user))
    asked_nothing_changed = second_factor.has_app(user)
    browser.post(reset_url(user))

    assert "Be sure that it is astrid who asks." in asked.content.decode()
    assert asked_nothing_changed
    assert not second_factor.has_factor(user)
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


@pytest.mark.django_db(transaction=True)
def test_one_code_posted_twice_at_once_signs_in_once() -> None:
    user, used = person(), code(SECRET)
    add_app(user)

    results = run_concurrently(4, lambda: second_factor.check_code(user, used))

    assert sorted(results) == [False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_two_factors_removed_at_once_leave_one(settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
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
