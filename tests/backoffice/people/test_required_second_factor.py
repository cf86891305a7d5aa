"""The roles that need a second factor, and the first one of a person who has none."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from payments.staff_roles import ROLES, SENSITIVE_PERMISSIONS
from tests.backoffice.people.authenticator import add_app, code
from tests.backoffice.people.sign_in_steps import events, is_signed_in, person, sign_in
from tests.staff import browser_signed_in, list_url

pytestmark = pytest.mark.django_db
SECURITY = "/staff/security"
HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_roles_that_refund_or_change_settings_need_a_factor_where_the_setting_says_so(
    role: str, second_factor_required: None
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


def test_first_factor_is_added_after_the_password_and_signs_in(
    second_factor_required: None,
) -> None:
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


def test_person_with_a_factor_adds_no_other_before_showing_it(second_factor_required: None) -> None:
    user, browser = person(), Client()
    add_app(user)
    sign_in(user, client=browser)

    opened = browser.get(f"{SECURITY}/app")

    assert opened.headers["Location"].startswith(reverse("admin:login"))


def test_session_without_a_factor_ends_when_the_person_needs_one(
    second_factor_required: None,
) -> None:
    user = person("Kitchen")
    browser = browser_signed_in(user)
    before = is_signed_in(browser)
    user.groups.add(Group.objects.get(name="Shift leader"))

    after = browser.get(reverse("admin:index"), headers=HTML)

    assert before
    assert after.headers["Location"].startswith(reverse("admin:login"))
    assert events(user) == ["session_ended"]
