"""Sessions of staff end, and the audit has each sign-in, failure and sign-out."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from orders.models import AuditEvent
from seqrshop.backoffice import hash_places
from seqrshop.backoffice.people.session_limits import ACTIVE_AT, SIGNED_IN_AT
from seqrshop.backoffice.sign_in_limits import FAILURES_PER_ACCOUNT_AND_ADDRESS
from tests.backoffice.people.sign_in_steps import (
    PASSWORD,
    events,
    is_signed_in,
    person,
    sign_in,
)
from tests.staff import browser_signed_in, list_url

pytestmark = pytest.mark.django_db
HTML = {"Accept": "text/html"}
MINUTE, HOUR = 60, 3600


@pytest.fixture(autouse=True)
def _no_pause_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_places, "PAUSE_AFTER_FAILURE_SECONDS", 0.0)


def let_pass(client: Client, seconds: float, *keys: str) -> None:
    """Let these times of a session be so much longer ago."""
    session: Any = client.session
    for key in keys or (SIGNED_IN_AT, ACTIVE_AT):
        session[key] -= seconds
    session.save()


def open_page(client: Client, **headers: str) -> int:
    """Open the first page; return the status."""
    return client.get(reverse("admin:index"), headers=headers or HTML).status_code


@pytest.mark.parametrize(("hours", "status"), [(11.9, 200), (12, 302)])
def test_session_ends_twelve_hours_after_the_sign_in(hours: float, status: int) -> None:
    browser = browser_signed_in(person("Kitchen"))
    let_pass(browser, hours * HOUR)

    assert open_page(browser) == status


def test_session_ends_after_twelve_hours_of_work_too() -> None:
    user = person()
    browser = browser_signed_in(user)
    for _ in range(6):
        let_pass(browser, 10 * MINUTE)
        assert open_page(browser) == 200
    let_pass(browser, 11 * HOUR, SIGNED_IN_AT)

    assert open_page(browser) == 302
    event = AuditEvent.objects.get(name="session_ended")
    assert (event.actor, event.detail) == (user, "12 hours after the sign-in")


@pytest.mark.parametrize(
    ("role", "minutes", "status"),
    [("Owner", 14.9, 200), ("Owner", 15, 302), ("Shift leader", 15, 200), ("Kitchen", 600, 200)],
)
def test_owners_session_ends_after_fifteen_idle_minutes(
    role: str, minutes: float, status: int
) -> None:
    browser = browser_signed_in(person(role))
    let_pass(browser, minutes * MINUTE)

    assert open_page(browser) == status


@pytest.mark.parametrize(
    "headers",
    [{"Accept": "application/json"}, {"Accept": "text/html", "X-Background": "yes"}],
    ids=["data", "a page that shows itself again"],
)
def test_what_scripts_read_keeps_no_owner_signed_in(headers: dict[str, str]) -> None:
    browser = browser_signed_in(person())
    for _ in range(2):
        let_pass(browser, 8 * MINUTE)
        last = open_page(browser, **headers)

    assert last == 302


def test_form_of_an_ended_session_changes_nothing() -> None:
    user = person()
    browser = browser_signed_in(user)
    let_pass(browser, 15 * MINUTE)

    answer = browser.post("/staff/security/remove")

    assert answer.headers["Location"].startswith(reverse("admin:login"))
    assert events(user) == ["session_ended"]


def test_person_reads_why_the_session_has_ended() -> None:
    browser = browser_signed_in(person())
    let_pass(browser, 15 * MINUTE)

    page = browser.get(list_url(User), headers=HTML, follow=True).content.decode()

    assert "You were signed out after 15 minutes without activity." in page


def test_session_of_an_earlier_version_goes_on_and_then_ends() -> None:
    browser = Client()
    browser.force_login(person())

    assert open_page(browser) == 200
    let_pass(browser, 15 * MINUTE)
    assert open_page(browser) == 302


def test_customers_pages_read_no_session_of_staff() -> None:
    browser = browser_signed_in(person())
    let_pass(browser, 13 * HOUR)

    browser.get("/unknown/order", headers=HTML)

    assert events(person_stored()) == []


def person_stored() -> User:
    """Return the person."""
    return User.objects.get(username="astrid")


def test_audit_has_sign_in_failure_and_sign_out() -> None:
    user, browser = person(), Client()
    browser.post(reverse("admin:login"), {"username": "astrid", "password": "a guess"})
    sign_in(user, client=browser)
    browser.post(reverse("admin:logout"))

    assert events(user) == ["sign_in_failed", "signed_in", "signed_out"]
    failure, success = AuditEvent.objects.filter(subject_id=user.pk).order_by("id")[:2]
    assert (failure.actor, failure.source, failure.subject_label) == (None, "sign_in", "astrid")
    assert (success.actor, success.detail) == (user, "with a password alone")


def test_audit_has_unknown_accounts_and_refusals_once_an_hour_and_no_name_that_was_typed() -> None:
    user = person()
    for number in range(3):
        form = {"username": f"my password {number}", "password": "a guess"}
        Client().post(reverse("admin:login"), form)
    for _ in range(FAILURES_PER_ACCOUNT_AND_ADDRESS + 3):
        form = {"username": "astrid", "password": "a guess"}
        Client().post(reverse("admin:login"), form)

    assert events(None) == ["sign_in_failed"]
    failures = ["sign_in_failed"] * FAILURES_PER_ACCOUNT_AND_ADDRESS
    assert events(user) == [*failures, "sign_in_refused"]
    assert not AuditEvent.objects.filter(subject_label__contains="password").exists()


def test_refused_sign_in_answers_429_with_the_seconds_to_wait() -> None:
    person()
    form = {"username": "astrid", "password": "a guess"}
    answers = [
        Client().post(reverse("admin:login"), form)
        for _ in range(FAILURES_PER_ACCOUNT_AND_ADDRESS + 1)
    ]

    statuses = [answer.status_code for answer in answers]
    assert statuses == [200] * FAILURES_PER_ACCOUNT_AND_ADDRESS + [429]
    assert 590 <= int(answers[-1].headers["Retry-After"]) <= 600


def test_busy_sign_in_answers_429(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_places, "WAIT_SECONDS", 0.0)
    user = person()

    with hash_places.PLACE_OF_OTHERS.hold():
        answer = sign_in(user)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")


def test_own_change_of_the_password_is_recorded() -> None:
    user = person()
    browser = browser_signed_in(user)

    browser.post(
        reverse("admin:password_change"),
        {
            "old_password": PASSWORD,
            "new_password1": "another long password",
            "new_password2": "another long password",
        },
    )

    assert events(user) == ["password_changed"]
    assert is_signed_in(browser)
