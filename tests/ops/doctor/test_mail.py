"""The doctor's line about the mail server. No mail is sent."""

from __future__ import annotations

import pytest
from django.core.mail import get_connection
from pytest_django import Settings

from seqrshop.mail_server import TO_LOG
from seqrshop.ops.doctor import mail as checks
from seqrshop.ops.doctor.mail import SMTP, mail
from tests.mail_server import Behaviour, running_mail_server


def test_mail_server_that_answers_is_ok_and_gets_no_mail(settings: Settings) -> None:
    with running_mail_server(Behaviour.ACCEPT) as server:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"
        settings.EMAIL_PORT = server.port

        (finding,) = mail()

    assert finding.level == "ok"
    assert server.mails == []


def test_mail_server_that_is_away_fails(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 9

    (finding,) = mail()

    assert finding.level == "failed"
    assert "EMAIL_URL" in finding.advice


def test_mail_server_that_answers_nothing_fails(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "TIMEOUT_SECONDS", 0.2)
    with running_mail_server(Behaviour.ANSWER_NOTHING) as server:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"
        settings.EMAIL_PORT = server.port

        (finding,) = mail()

    assert finding.level == "failed"


def test_user_that_the_mail_server_refuses_is_named_without_its_password(
    settings: Settings,
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "secret-word"
    with running_mail_server(Behaviour.ACCEPT) as server:  # it knows no AUTH
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"
        settings.EMAIL_PORT = server.port

        (finding,) = mail()

    assert finding.level == "failed"
    assert "secret-word" not in f"{finding}"


@pytest.mark.parametrize(("recipients", "level"), [(["boss@example.se"], "warning"), ([], "ok")])
def test_mails_about_cases_need_a_mail_server(
    settings: Settings, recipients: list[str], level: str
) -> None:
    settings.EMAIL_BACKEND, settings.CASE_EMAILS = TO_LOG, recipients
    assert get_connection() is not None

    (finding,) = mail()

    assert finding.level == level
