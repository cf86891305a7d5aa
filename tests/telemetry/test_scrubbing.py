"""What has the form or the name of a secret is removed from a text."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from django.test import RequestFactory

from payments.seqr import Credentials
from seqrshop.telemetry.scrubbing import scrub, secrets_of

PASSWORD = "rosa kanelbulle"
TOKEN = "tk-7QxZ1vLw93hBcD0e"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("invoice 1042-1 is locked", "invoice 1042-1 is locked"),
        ("no connection to +46701234567", "no connection to [redacted]"),
        ("070-123 45 67 ringde", "[redacted] ringde"),
        ("Key (msisdn)=(46701234567) exists", "Key (msisdn)=[redacted] exists"),
        ("password='rosa', timeout=5", "password=[redacted], timeout=5"),
        ('{"token": "rosa", "id": 7}', '{"token": [redacted], "id": 7}'),
        (f"token {TOKEN} is refused", "token [redacted] is refused"),
        ("Internal Server Error: /notify/rosa", "Internal Server Error: /notify/[redacted]"),
        ("/return/rosa.json?q=rosa", "/return/[redacted]?q=[redacted]"),
        ("the DatabaseOperationsWrapper failed", "the DatabaseOperationsWrapper failed"),
        ("payments.polling.writer, line 182", "payments.polling.writer, line 182"),
    ],
)
def test_secret_is_found_by_its_form(text: str, expected: str) -> None:
    assert scrub(text) == expected


def test_secret_within_another_leaves_nothing_of_the_longer_one() -> None:
    assert scrub("070-1234567 / 1234", ["1234"]) == "[redacted] / [redacted]"
    assert scrub("rosa kanelbulle 7", ["rosa", "rosa kanelbulle"]) == "[redacted] 7"


def frame_with(**variables: Any) -> FrameType:
    """Return a frame whose variables have these names and values."""
    frames: list[FrameType] = []
    names = {**variables, "keep": lambda: frames.append(sys._getframe(1))}
    exec("keep()", {}, names)  # noqa: S102
    return frames[0]


@pytest.mark.parametrize(
    "variables",
    [
        {"password": PASSWORD},
        {"terminal_password": PASSWORD.encode()},
        {"credentials": Credentials("till", PASSWORD, "", "", "")},
        {"form": {"new_password": PASSWORD, "name": "till"}},
        {"request": RequestFactory().post("/", {"password": PASSWORD})},
        {"request": RequestFactory().get("/", {"q": PASSWORD})},
        {"request": RequestFactory().post("/", {"t": PASSWORD}, content_type="application/json")},
        {"request": RequestFactory().get("/", headers={"authorization": f"Bearer {PASSWORD}"})},
        {"request": RequestFactory().get("/", headers={"cookie": f'customer="{PASSWORD}"'})},
    ],
)
def test_secret_of_any_form_is_found_by_the_variable_or_request_that_has_it(
    variables: dict[str, Any],
) -> None:
    secrets = secrets_of([frame_with(**variables)])

    assert scrub(f"refused: {PASSWORD}!", secrets) == "refused: [redacted]!"
    assert scrub("the menu is refused", secrets) == "the menu is refused"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEQR_TERMINAL_PASSWORD", PASSWORD),
        ("METRICS_TOKEN", PASSWORD),
        ("REDIS_URL", f"redis://:{PASSWORD}@localhost:6379/0"),
    ],
)
def test_secret_setting_is_found(settings: Any, name: str, value: str) -> None:
    setattr(settings, name, value)

    assert scrub(f"refused: {PASSWORD}", secrets_of([])) == "refused: [redacted]"
