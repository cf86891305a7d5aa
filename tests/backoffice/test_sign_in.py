"""The staff's sign-in under attack: guesses are limited, recorded, and shut nobody out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from seqrshop.backoffice import hash_places, sign_in_limits
from seqrshop.backoffice.hash_places import HashPlace, NoHashPlace
from seqrshop.backoffice.links import page_url
from seqrshop.backoffice.sign_in_limits import (
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_ACCOUNT_AND_ADDRESS,
    FAILURES_PER_ADDRESS,
    FAILURES_PER_BROWSER,
)
from tests.redis_reset import redis_for_tests
from tests.staff import shown_messages, superuser

PASSWORD = "a long password of the owner"
GUESS = "a guess"
HOME, CAFE = "10.0.0.1", "203.0.113.7"
TOO_MANY = "Too many failed sign-ins. Try again in 10 minutes, or in the browser that you usually"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Answer failures without a pause; return the passwords that were hashed."""
    monkeypatch.setattr(hash_places, "PAUSE_AFTER_FAILURE_SECONDS", 0.0)
    passwords: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def encode_and_note(hasher: hashers.MD5PasswordHasher, password: str, salt: str) -> str:
        passwords.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", encode_and_note)
    return passwords


@pytest.fixture
def owner() -> User:
    """The owner, who has never signed in."""
    return User.objects.create_superuser("owner", password=PASSWORD)


def sign_in_as(
    username: str, password: str = GUESS, *, at: str = HOME, client: Client | None = None
) -> Any:
    """Post the sign-in form from an address, in a new browser unless one is given."""
    form = {"username": username, "password": password}
    return (client or Client()).post(reverse("admin:login"), form, REMOTE_ADDR=at)


def is_signed_in(response: Any) -> bool:
    """Return whether a sign-in succeeded."""
    return bool(response.status_code == 302)


def guess(username: str, times: int, *, at: str = HOME) -> Any:
    """Sign in with wrong passwords; return the last answer."""
    responses = [sign_in_as(username, f"guess {number}", at=at) for number in range(times)]
    return responses[-1]


def test_guesses_at_an_account_are_refused_before_they_are_hashed(
    owner: User, hashed: list[str]
) -> None:
    guess("owner", FAILURES_PER_ACCOUNT_AND_ADDRESS)
    hashed.clear()

    refused = sign_in_as("owner", PASSWORD)

    assert not is_signed_in(refused)
    assert TOO_MANY in refused.content.decode()
    assert hashed == []


def test_refusal_is_shown_in_swedish(owner: User) -> None:
    guess("owner", FAILURES_PER_ACCOUNT_AND_ADDRESS)
    client = Client(headers={"Accept-Language": "sv"})

    refused = sign_in_as("owner", client=client)

    assert "För många misslyckade inloggningar. Försök igen om 10 minuter" in (
        refused.content.decode()
    )


def test_guesses_at_many_accounts_are_refused_by_their_address(
    owner: User, hashed: list[str]
) -> None:
    for number in range(FAILURES_PER_ADDRESS):
        sign_in_as(f"user {number}", at=CAFE)
    hashed.clear()

    assert TOO_MANY in sign_in_as("owner", PASSWORD, at=CAFE).content.decode()
    assert hashed == []
    assert is_signed_in(sign_in_as("owner", PASSWORD, at=HOME))


def guess_everywhere(username: str) -> None:
    """Sign in with wrong passwords from more addresses than the account's limit allows."""
    for number in range(FAILURES_PER_ACCOUNT // FAILURES_PER_ACCOUNT_AND_ADDRESS):
        guess(username, FAILURES_PER_ACCOUNT_AND_ADDRESS, at=f"198.51.100.{number}")


def test_spellings_of_an_unknown_account_are_counted_as_one(hashed: list[str]) -> None:
    for number in range(FAILURES_PER_ACCOUNT_AND_ADDRESS):
        sign_in_as(("nobody", " Nobody", "NOBODY ")[number % 3])
    hashed.clear()

    assert TOO_MANY in sign_in_as("noBody").content.decode()
    assert hashed == []


def test_guesses_from_many_addresses_are_refused_by_their_account(
    owner: User, hashed: list[str]
) -> None:
    guess_everywhere("owner")
    hashed.clear()

    assert TOO_MANY in sign_in_as("owner", PASSWORD, at=CAFE).content.decode()
    assert hashed == []


def test_attacker_elsewhere_does_not_shut_the_owner_out_at_the_usual_address(owner: User) -> None:
    assert is_signed_in(sign_in_as("owner", PASSWORD, at=HOME))
    guess_everywhere("owner")

    assert is_signed_in(sign_in_as("owner", PASSWORD, at=HOME))


def test_attacker_at_the_same_address_does_not_shut_the_owners_browser_out(owner: User) -> None:
    browser = Client()
    assert is_signed_in(sign_in_as("owner", PASSWORD, client=browser))
    browser.post(reverse("admin:logout"))
    guess("owner", FAILURES_PER_ADDRESS)

    assert not is_signed_in(sign_in_as("owner", PASSWORD))
    assert is_signed_in(sign_in_as("owner", PASSWORD, client=browser))


def test_known_browser_has_a_limit_of_its_own(owner: User) -> None:
    browser = Client()
    sign_in_as("owner", PASSWORD, client=browser)

    for _ in range(FAILURES_PER_BROWSER):
        sign_in_as("owner", client=browser)

    assert not is_signed_in(sign_in_as("owner", PASSWORD, client=browser))
    assert is_signed_in(sign_in_as("owner", PASSWORD))


def test_browser_known_to_one_account_is_unknown_to_another(owner: User) -> None:
    User.objects.create_user("clerk", password=PASSWORD, is_staff=True)
    browser = Client()
    sign_in_as("clerk", PASSWORD, client=browser)
    guess("owner", FAILURES_PER_ACCOUNT_AND_ADDRESS)

    assert not is_signed_in(sign_in_as("owner", PASSWORD, client=browser))


def test_forged_cookie_makes_no_browser_known(owner: User, settings: Settings) -> None:
    guess("owner", FAILURES_PER_ACCOUNT_AND_ADDRESS)
    browser = Client()
    browser.cookies[settings.KNOWN_BROWSER_COOKIE_NAME] = f"{owner.pk}:x:1:forged"

    assert not is_signed_in(sign_in_as("owner", PASSWORD, client=browser))


def test_cookie_of_a_known_browser_lasts_half_a_year_and_keeps_its_id(
    owner: User, settings: Settings
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    browser = Client()

    first, second = (
        sign_in_as("owner", PASSWORD, client=browser).cookies[settings.KNOWN_BROWSER_COOKIE_NAME]
        for _ in range(2)
    )

    attributes = ("max-age", "path", "secure", "httponly", "samesite")
    assert [first[name] for name in attributes] == [180 * 24 * 3600, "/", True, True, "Lax"]
    user_id, browser_id, *_ = first.value.split(":")
    assert (user_id, len(browser_id)) == (str(owner.pk), 11)
    assert second.value.startswith(f"{user_id}:{browser_id}:")


def test_success_forgets_the_persons_own_failures(owner: User) -> None:
    for _ in range(2):
        guess("owner", FAILURES_PER_ACCOUNT_AND_ADDRESS - 1)
        assert is_signed_in(sign_in_as("owner", PASSWORD))


def test_failures_are_logged_and_shown_to_the_person_at_the_next_sign_in(
    owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    guess("owner", 2, at=CAFE)
    sign_in_as("my password in the wrong field", at=CAFE)
    of_user = superuser().get(page_url(owner)).content.decode()

    signed_in = sign_in_as("owner", PASSWORD, at=HOME)
    again = sign_in_as("owner", PASSWORD, at=HOME)

    failure = "2 failed sign-ins, the latest on"
    (notice,) = shown_messages(signed_in)
    assert notice.startswith(f"Since your last sign-in: {failure}")
    assert CAFE in notice
    assert failure in of_user
    assert shown_messages(again) == []
    assert f"sign-in of 'owner' from {CAFE} failed: wrong password" in caplog.text
    assert f"sign-in of an unknown user name from {CAFE} failed" in caplog.text
    assert "wrong field" not in caplog.text


def test_flood_of_user_names_leaves_bounded_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqrshop.redis_counters.SLOTS", 4)

    for number in range(20):
        sign_in_as(f"{number}" * 100, at=f"198.51.100.{number}")

    keys = list(redis_for_tests().scan_iter(f"{sign_in_limits.KEY_PREFIX}*"))
    assert len(keys) <= 3 * 4


def test_without_redis_the_staff_sign_in(owner: User, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    guess("owner", FAILURES_PER_ACCOUNT_AND_ADDRESS)

    assert is_signed_in(sign_in_as("owner", PASSWORD))


def test_busy_place_refuses_and_known_browsers_have_their_own(
    owner: User, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hash_places, "WAIT_SECONDS", 0.0)
    browser = Client()
    sign_in_as("owner", PASSWORD, client=browser)
    hashed.clear()

    with hash_places.PLACE_OF_OTHERS.hold():
        refused = sign_in_as("owner", PASSWORD)
        assert hashed == []
        known = sign_in_as("owner", PASSWORD, client=browser)

    assert "Many people are signing in right now" in refused.content.decode()
    assert is_signed_in(known)


def test_place_is_paused_after_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_places, "PAUSE_AFTER_FAILURE_SECONDS", 1.0)
    monkeypatch.setattr(hash_places, "WAIT_SECONDS", 0.0)
    now = [0.0]
    place = HashPlace(clock=lambda: now[0])

    with pytest.raises(ValueError, match="wrong"), place.hold():
        raise ValueError("wrong")
    with pytest.raises(NoHashPlace), place.hold():
        pass
    now[0] = 1.0
    with place.hold():
        pass
    with place.hold():  # no pause after the right one
        pass


def test_place_is_passed_on_to_those_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    place, order = HashPlace(), []
    monkeypatch.setattr(hash_places, "WAIT_SECONDS", 20.0)

    def wait() -> None:
        with place.hold():
            order.append("waited")

    with place.hold():
        waiting = threading.Thread(target=wait)
        waiting.start()
        order.append("first")
    waiting.join(timeout=20)

    assert order == ["first", "waited"]


def test_one_more_than_may_wait_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    place, entered, refused = HashPlace(), [], []
    monkeypatch.setattr(hash_places, "WAIT_SECONDS", 300.0)

    def wait(number: int) -> None:
        try:
            with place.hold():
                entered.append(number)
        except NoHashPlace:
            refused.append(number)

    numbers = range(hash_places.MAX_WAITING + 1)
    threads = [threading.Thread(target=wait, args=[number]) for number in numbers]
    with place.hold():
        for thread in threads:
            thread.start()
        eventually(lambda: bool(refused))
    for thread in threads:
        thread.join(timeout=60)

    assert (len(entered), len(refused)) == (hash_places.MAX_WAITING, 1)
