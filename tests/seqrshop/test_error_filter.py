"""Error pages and error mails contain no password, no key and no ciphertext."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.views.debug import ExceptionReporter
from pytest_django import Settings

from orders.models import Terminal
from payments.gateway import credentials_of
from tests.factories import TerminalFactory
from tests.password_site import password_page
from tests.staff import superuser

TYPED_PART = "typed-secret"  # source lines are shown around each frame
TYPED = f"it's a {TYPED_PART}"
STORED = "a stored-secret"
REDIS_URL = "redis://:redis-secret@127.0.0.1:6379/0"
pytestmark = pytest.mark.django_db


@pytest.fixture(params=[True, False], ids=["debug on", "debug off"])
def debug(request: pytest.FixtureRequest, settings: Settings) -> bool:
    settings.DEBUG = request.param
    settings.REDIS_URL = settings.CELERY_BROKER_URL = REDIS_URL
    return bool(request.param)


@pytest.fixture
def terminal() -> Terminal:
    return TerminalFactory.create(principal_id="till-2", password=STORED)


def fail() -> None:
    raise ZeroDivisionError("the reason")


def report(work: Any, request: HttpRequest | None = None) -> str:
    """Return the error page and the error mail about an exception in `work`."""
    try:
        work()
    except ZeroDivisionError:
        reporter = ExceptionReporter(request, *sys.exc_info())
        return reporter.get_traceback_html() + reporter.get_traceback_text()
    raise AssertionError("the work has not failed")


def secrets_in(text: str, *more: str) -> list[str]:
    """Return the secrets of the settings, and those of `more`, that a text contains."""
    given = django_settings
    secrets = [*given.ENCRYPTION_KEYS, given.SECRET_KEY, "redis-secret", *more]
    return [each for each in secrets if each in text]


def test_report_hides_settings_with_secrets(debug: bool) -> None:
    text = report(fail)

    assert secrets_in(text, "12345678") == []
    assert "ENCRYPTION_KEYS" in text
    assert "the reason" in text


def test_report_hides_variables_by_name_and_value(debug: bool, terminal: Terminal) -> None:
    def work() -> None:
        password = terminal.password
        ciphertext = terminal.password_ciphertext
        innocuous = [django_settings.ENCRYPTION_KEYS[0]]
        elements = {"context": {"password": terminal.password, "id": "kept"}}
        harmless = "shown to the developer"
        fail()
        del password, ciphertext, innocuous, elements, harmless

    text = report(work)

    assert secrets_in(text, STORED, terminal.password_ciphertext) == []
    assert "shown to the developer" in text
    assert "kept" in text


def test_report_hides_credentials_in_a_call(
    debug: bool, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.gateway.Credentials", lambda *_args, **_fields: fail())

    text = report(lambda: credentials_of(terminal))

    assert secrets_in(text, STORED, terminal.password_ciphertext) == []


def test_report_hides_variable_that_cannot_be_shown(debug: bool) -> None:
    class HalfMade:
        def __repr__(self) -> str:
            raise AttributeError(TYPED)

    def work() -> None:
        half_made = HalfMade()
        fail()
        del half_made

    assert TYPED_PART not in report(work)


def test_report_hides_typed_passwords(debug: bool) -> None:
    request = RequestFactory().post("/", {"password": TYPED, "label": "Till 2"})

    def work() -> None:
        innocuous = request.POST["password"].encode().decode()
        form = request.POST
        fail()
        del innocuous, form

    text = report(work, request)

    assert TYPED_PART not in text
    assert "Till 2" in text


def test_error_page_of_the_admin_hides_the_typed_password(
    debug: bool, terminal: Terminal, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = "tests.password_site"
    client: Client = superuser()
    client.raise_request_exception = False
    monkeypatch.setattr(Model, "save_base", lambda *_args, **_options: fail())

    response = client.post(
        password_page(terminal),
        {
            "seller": terminal.seller_id,
            "principal_id": "till-2",
            "label": "Till 2",
            "password": TYPED,
        },
    )

    page = response.content.decode()
    assert response.status_code == 500
    assert ("the reason" in page) == debug
    assert TYPED_PART not in page
    assert secrets_in(page, STORED, terminal.password_ciphertext) == []
