"""LOG_FORMAT=json: each line is JSON, has its ids, and has no secret; text has the same ids."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from django.http import HttpRequest

from seqrshop.log_format import TEXT, server_formatter
from seqrshop.telemetry import log_context
from tests.telemetry.log_lines import collected_lines

KEY = "s3cretKey_that-pays"
logger = logging.getLogger("payments.anything")


@pytest.fixture(autouse=True)
def _no_ids() -> Iterator[None]:
    log_context.start()
    yield
    log_context.start()


def test_line_has_time_level_logger_message_and_ids() -> None:
    log_context.start(request_id="abc")
    with collected_lines() as lines:
        logger.warning("invoice %s: %s", 5, "late", extra={"order": "1042", "result_code": 90})

    (line,) = lines.parsed()
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "payments.anything",
        "message": "invoice 5: late",
        "request_id": "abc",
        "order": "1042",
        "result_code": 90,
    }


def test_line_of_text_ends_with_the_same_ids() -> None:
    log_context.start(request_id="abc")
    with collected_lines(TEXT) as lines:
        logger.warning("late", extra={"order": "1042", "result_code": 90})

    assert lines.text.endswith("WARNING payments.anything: late [request_id=abc order=1042]\n")


@pytest.mark.parametrize(
    "message",
    [
        f'GET "/notify/{KEY}"',
        f"/return/{KEY}\nand more",
        f"'/admin/?q={KEY}'",
        f"\\/notify/{KEY}\\",
    ],
)
def test_secret_of_an_address_is_in_no_line_whatever_is_around_it(message: str) -> None:
    with collected_lines() as lines:
        logger.error(message, extra={"operation": f"/notify/{KEY}"})
        logger.error("failed", exc_info=ValueError(message))

    first, second = lines.parsed()
    assert KEY not in lines.text
    assert "[redacted]" in first["message"]
    assert "[redacted]" in first["operation"]
    assert "[redacted]" in second["exc_info"]


def test_what_a_library_attaches_to_a_record_is_left_out() -> None:
    request = HttpRequest()
    request.META["HTTP_COOKIE"] = KEY
    with collected_lines() as lines:
        logger.error("failed", extra={"request": request, "password": KEY})

    assert KEY not in lines.text


def test_exception_with_the_stack_is_one_line_of_json() -> None:
    with collected_lines() as lines:
        logger.error("failed", exc_info=ValueError("the\nreason"), stack_info=True)

    assert lines.text.count("\n") == 1
    assert "the\nreason" in lines.parsed()[0]["exc_info"]


@pytest.mark.parametrize(("log_format", "is_json"), [("json", True), ("text", False), ("", False)])
def test_process_of_the_server_writes_the_same_form(
    monkeypatch: pytest.MonkeyPatch, log_format: str, is_json: bool
) -> None:
    monkeypatch.setenv("LOG_FORMAT", log_format)
    record = logging.LogRecord("uvicorn.error", logging.INFO, "", 0, "Started", (), None)

    line = server_formatter().format(record)

    assert line.startswith("{") == is_json
    if is_json:
        assert json.loads(line)["message"] == "Started"
