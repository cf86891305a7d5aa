"""`manage.py doctor`: its text, its JSON, its exit status, and the checks of one process."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from seqrshop import __version__
from seqrshop.ops.doctor import catalogue
from seqrshop.ops.doctor.check import Check
from seqrshop.ops.doctor.finding import Finding, failed, ok, warning
from seqrshop.ops.doctor.mail import SMTP
from seqrshop.ops.management.commands import doctor

FINE = ok("disk", "50 GB are free.")
SLOW = warning("deadlocks", "2 deadlocks.", "Report them.")
DOWN = failed("redis", "Redis is unavailable.", "Start it.")


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    yield
    logging.disable(logging.NOTSET)


def run(monkeypatch: pytest.MonkeyPatch, *found: Finding, **options: Any) -> tuple[int, str]:
    """Run the command with a check that finds this; return its exit status and its output."""
    monkeypatch.setattr(doctor, "shop_checks", lambda: [Check("all", lambda: found, "")])
    output = io.StringIO()
    try:
        call_command("doctor", stdout=output, **options)
    except SystemExit as exit_:
        return int(exit_.code or 0), output.getvalue()
    return 0, output.getvalue()


def test_failure_is_a_line_with_what_to_do_and_exit_status_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    status, text = run(monkeypatch, FINE, SLOW, DOWN)

    assert status == 1
    assert text.splitlines()[:3] == [
        "ok       disk                 50 GB are free.",
        "warning  deadlocks            2 deadlocks. Report them.",
        "failed   redis                Redis is unavailable. Start it.",
    ]
    assert "1 failed, 1 warning, 1 ok (" in text


def test_warning_has_exit_status_0(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, FINE, SLOW)[0] == 0


def test_all_ok_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    status, text = run(monkeypatch, FINE, FINE)

    assert status == 0
    assert "Nothing is wrong, 2 ok (" in text


def test_json_has_the_same_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    status, text = run(monkeypatch, FINE, DOWN, json=True)

    result = json.loads(text)
    assert status == 1
    assert (result["status"], result["version"]) == ("failed", __version__)
    assert result["findings"][1] == {
        "level": "failed",
        "subject": "redis",
        "message": "Redis is unavailable.",
        "advice": "Start it.",
    }


def test_long_text_is_wrapped_beside_its_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = run(monkeypatch, ok("mail", "word " * 40))

    lines = text.splitlines()
    assert all(len(line) <= 100 for line in lines)
    assert lines[1].startswith(" " * 30 + "word")


def test_one_process_is_checked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.PROCESS_CHECKS, "beat", [Check("beat", lambda: [DOWN], "")])

    status, text = run(monkeypatch, FINE, process="beat")

    assert status == 1
    assert "disk" not in text


def test_no_secret_of_the_settings_is_printed_while_everything_is_away(
    postgresql_down: None, seqr_away: None, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://:secret-1@127.0.0.1:9/0"
    settings.RATE_LIMIT_REDIS_URL = "redis://:secret-2@127.0.0.1:9/0"
    settings.PUBLIC_BASE_URL = "https://someone:secret-3@127.0.0.1:9"
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 9
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "secret-4"
    output = io.StringIO()

    with pytest.raises(SystemExit):
        call_command("doctor", stdout=output)

    names = ("SECRET_KEY", "SEQR_TERMINAL_PASSWORD", "SEQR_RESELLER_PASSWORD")
    secrets = [getattr(settings, name) for name in names if len(getattr(settings, name)) > 4]
    secrets += [settings.DATABASES["default"]["PASSWORD"], "secret-"]
    assert [secret for secret in secrets if secret in output.getvalue()] == []
    assert output.getvalue().count("failed ") >= 7


def test_unknown_process_is_refused_by_its_name() -> None:
    with pytest.raises(CommandError, match="nonsense"):
        call_command("doctor", "--process", "nonsense")


def test_each_process_of_the_procfile_can_be_checked() -> None:
    assert set(catalogue.PROCESS_CHECKS) == {"web", "worker", "background", "poller", "beat"}
