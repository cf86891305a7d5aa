"""The second factor at a sign-in: asked for, checked once, and limited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from orders.clock import database_now
from orders.models import SecondFactor
from seqrshop.backoffice.people import second_factor
from seqrshop.backoffice.people.second_factor import FAILURES_BEFORE_REFUSAL
from seqrshop.backoffice.people.sign_in_flow import PENDING_KEY
from tests.backoffice.people.authenticator import SECRET, add_app, code
from tests.backoffice.people.sign_in_steps import events, is_signed_in, person, sign_in
from tests.races import run_concurrently
from tests.staff import list_url

pytestmark = pytest.mark.django_db
FACTOR = "/staff/second-factor"


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


@pytest.mark.django_db(transaction=True)
def test_one_code_posted_twice_at_once_signs_in_once() -> None:
    user, used = person(), code(SECRET)
    add_app(user)

    results = run_concurrently(4, lambda: second_factor.check_code(user, used))

    assert sorted(results) == [False, False, False, True]


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
