"""Log lines contain no secret of an address, of the shop's own loggers and of others."""

import json
import logging
from logging.config import DictConfigurator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from seqrshop.log_format import redact
from seqrshop.storefront import notify

KEY = "s3cretKey_that-pays"
SERVER_LOGGING = json.loads((settings.BASE_DIR / "seqrshop/serving/log.json").read_text())
CONFIGURATIONS = [settings.LOGGING, SERVER_LOGGING]


def formatters(configuration: dict[str, Any]) -> list[logging.Formatter]:
    """Return the formatter of each handler of a logging configuration."""
    configurator = DictConfigurator(configuration)
    return [
        configurator.configure_formatter(dict(configuration["formatters"][handler["formatter"]]))
        for handler in configuration["handlers"].values()
    ]


def lines(records: list[logging.LogRecord]) -> str:
    """Return records as the handlers of a deployment write them."""
    return "\n".join(
        formatter.format(record)
        for configuration in CONFIGURATIONS
        for formatter in formatters(configuration)
        for record in records
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Not Found: /notify/{KEY}", "Not Found: /notify/[redacted]"),
        (f"Not Found: /return/{KEY}/receipt.pdf", "Not Found: /return/[redacted]"),
        (f'"GET /Return/{KEY}.json HTTP/1.1" 200', '"GET /Return/[redacted] HTTP/1.1" 200'),
        (f"/notify/{KEY}?a=b and /return/{KEY}", "/notify/[redacted]?a=b and /return/[redacted]"),
        ("GET /admin/orders/order/?p=2&q=0701234567", "GET /admin/orders/order/?p=2&q=[redacted]"),
        ("GET /lyktan/order", "GET /lyktan/order"),
        (
            "the invoice was returned / the shop was notified",
            "the invoice was returned / the shop was notified",
        ),
    ],
)
def test_text_is_redacted_where_an_address_has_a_secret(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/notify/{}", "/return/{}", "/return/{}.json", "/notify/{}/x"])
def test_request_for_an_unknown_address_is_logged_without_its_key(
    client: Client, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    client.get(path.format(KEY))

    assert "/[redacted]" in lines(caplog.records)
    assert KEY not in lines(caplog.records)


def test_failed_request_is_logged_without_its_key(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(secret: str) -> None:
        raise RuntimeError(f"/notify/{secret} failed")

    monkeypatch.setattr(notify, "invoice_notified", fail)
    client.raise_request_exception = False

    assert client.post(f"/notify/{KEY}").status_code == 500

    assert "RuntimeError: /notify/[redacted] failed" in lines(caplog.records)
    assert KEY not in lines(caplog.records)


def test_servers_access_log_has_no_key() -> None:
    arguments = ("127.0.0.1:5000", "POST", f"/notify/{KEY}", "1.1", 200)
    text = '%s - "%s %s HTTP/%s" %d'
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, text, arguments, None)

    assert '"POST /notify/[redacted] HTTP/1.1" 200' in lines([record])
    assert KEY not in lines([record])


def test_django_has_no_handler_of_its_own() -> None:
    for name in ("django", "django.server"):
        assert (logging.getLogger(name).handlers, logging.getLogger(name).propagate) == ([], True)
