"""The doctor's lines about PUBLIC_BASE_URL: page, certificate, static files, streams."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from pytest_django import Settings

from seqrshop.ops.doctor import public as checks
from seqrshop.ops.doctor.public import public_address
from seqrshop.streaming import PROBE_PATH
from tests.mail_server import Behaviour, running_mail_server
from tests.ops.doctor.https_server import https_server, response
from tests.ops.doctor.results import levels, only
from tests.payments.seqr.scripted_server import Connection, ScriptedServer

SHOP_HEADERS: Any = {"Content_Security_Policy": "default-src 'none'"}
START_PAGE = response(200, b'<link href="/static/storefront/base.css">', **SHOP_HEADERS)
STYLE = response(200, b"body{}", Content_Type="text/css")
STREAM_START = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
FIRST_EVENT = b"event: probe\ndata: {}\n\n"
LAST_EVENT = b'event: end\ndata: {"reason": "timeout"}\n\n'


ALL_OK = {"public address": "ok", "static files": "ok", "streams": "ok"}


def serve(
    server: ScriptedServer,
    *,
    page: bytes = START_PAGE,
    style: bytes = STYLE,
    stream: bytes = STREAM_START + FIRST_EVENT + LAST_EVENT,
) -> None:
    """Answer requests for the start page, the style sheet and the probe's stream."""

    def handler(connection: Connection) -> None:
        path = server.requests[-1].head.split()[1]
        connection.send(page if path == "/" else stream if path == PROBE_PATH else style)
        connection.close()

    server.handler = handler


@pytest.fixture(autouse=True)
def _no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a stream be ok that is sent at once."""
    monkeypatch.setattr(checks, "MIN_GAP_SECONDS", 0.0)


@pytest.fixture
def shop(settings: Settings) -> Iterator[ScriptedServer]:
    """A server at PUBLIC_BASE_URL, over http on this machine."""
    server = ScriptedServer()
    settings.PUBLIC_BASE_URL = f"http://localhost:{server.port}"
    yield server
    server.stop()


def test_start_page_on_this_machine_is_ok_over_http(shop: ScriptedServer) -> None:
    serve(shop)

    assert levels(public_address()) == ALL_OK


def test_address_over_http_fails_outside_this_machine(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = "http://shop.invalid"

    found = list(public_address())

    assert levels(found) == {"https": "failed", "public address": "failed"}
    assert found[1].message == "The host name shop.invalid is unknown."


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (response(502), "The proxy answers with HTTP status 502."),
        (response(503, **SHOP_HEADERS), "The shop answers with HTTP status 503."),
        (response(403), "The start page answers with HTTP status 403."),
        (response(400), "The shop refuses the host name localhost."),
        (response(200, b"Welcome to nginx!"), "Another page than the shop's answers."),
        (response(301, Location="/"), "It redirects to itself for ever."),
        (
            response(301, Location="https://www.example.se/?next=/menu?token=1"),
            "It redirects to https://www.example.se/.",
        ),
        (b"garbage\r\n\r\n", "localhost gave no complete HTTP answer"),
    ],
)
def test_wrong_answer_says_what_to_correct(
    shop: ScriptedServer, answer: bytes, message: str
) -> None:
    serve(shop, page=answer)

    finding = only(public_address())

    assert finding.level == "failed"
    assert message in finding.message
    assert finding.advice


def test_address_where_nothing_listens_fails(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = "http://localhost:9"

    assert only(public_address()).message == "Nothing listens on port 9 of localhost."


def test_proxy_that_answers_nothing_fails_within_its_limit(
    shop: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "TIMEOUT_SECONDS", 0.2)
    shop.handler = Connection.stall

    (finding,) = public_address()

    assert finding.message == "No answer from localhost within 0.2 seconds."


# --- The certificate -----------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "level"), [(90, "ok"), (19, "warning"), (2.5, "failed")])
def test_certificate_is_judged_by_the_days_that_are_left(
    trusted: trustme.CA, settings: Settings, days: float, level: str
) -> None:
    with https_server(trusted, days=days) as server:
        serve(server)
        settings.PUBLIC_BASE_URL = f"https://localhost:{server.port}"

        found = list(public_address())

    assert levels(found) == {**ALL_OK, "certificate": level}
    assert "90 days" in found[1].message or level != "ok"


@pytest.mark.parametrize(
    ("name", "days", "message"),
    [
        ("localhost", -1, "The certificate of localhost has expired."),
        ("other.example.se", 90, "The certificate is not for localhost."),
    ],
)
def test_certificate_that_expired_or_has_another_name_fails(
    trusted: trustme.CA, settings: Settings, name: str, days: float, message: str
) -> None:
    with https_server(trusted, name, days) as server:
        settings.PUBLIC_BASE_URL = f"https://localhost:{server.port}"

        finding = only(public_address())

    assert (finding.level, finding.message) == ("failed", message)
    assert server.requests == []


def test_certificate_of_an_unknown_authority_fails(
    authority: trustme.CA, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with https_server(authority) as server:
        settings.PUBLIC_BASE_URL = f"https://localhost:{server.port}"

        finding = only(public_address())

    assert "authority that is not trusted" in finding.message
    assert "SSL_CERT_FILE" in finding.advice


def test_https_address_of_a_server_without_tls_fails(
    settings: Settings,
) -> None:
    with running_mail_server(Behaviour.ACCEPT) as server:
        settings.PUBLIC_BASE_URL = f"https://localhost:{server.port}"

        assert "does not speak TLS" in only(public_address()).message


# --- Static files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (STYLE, "ok"),
        (response(404), "failed"),
        (response(200, b"<html>", Content_Type="text/html"), "failed"),
    ],
)
def test_style_sheet_is_requested_by_the_public_address(
    shop: ScriptedServer, answer: bytes, level: str
) -> None:
    serve(shop, style=answer)

    assert levels(public_address()) == {**ALL_OK, "static files": level}
    assert shop.requests[1].head.startswith("GET /static/storefront/base")


def test_files_that_were_not_collected_fail(
    shop: ScriptedServer, settings: Settings, tmp_path: Path
) -> None:
    serve(shop)
    manifest = {"BACKEND": "seqrshop.static_storage.StaticStorage"}
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}

    finding = only(public_address())

    assert finding.subject == "static files"
    assert "collectstatic" in finding.advice


# --- Streams -------------------------------------------------------------------------------------


def send_in_parts(
    shop: ScriptedServer, monkeypatch: pytest.MonkeyPatch, *parts: bytes, gap: float
) -> None:
    """Answer the probe with these parts, so many seconds apart; 0.2 count as a gap."""
    monkeypatch.setattr(checks, "MIN_GAP_SECONDS", 0.2)
    serve(shop)
    answer_others = shop.handler

    def handler(connection: Connection) -> None:
        if PROBE_PATH not in shop.requests[-1].head:
            answer_others(connection)
            return
        connection.send(STREAM_START)
        for part in parts:
            time.sleep(gap)
            connection.send(part)
        connection.close()

    shop.handler = handler


def test_stream_whose_events_arrive_apart_is_ok(
    shop: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_in_parts(shop, monkeypatch, FIRST_EVENT, LAST_EVENT, gap=0.3)

    assert levels(public_address()) == ALL_OK


@pytest.mark.parametrize(
    "parts",
    [(FIRST_EVENT, LAST_EVENT), (FIRST_EVENT + LAST_EVENT,), ()],
    ids=["late and in parts", "late and together", "empty"],
)
def test_proxy_that_holds_events_back_fails(
    shop: ScriptedServer, monkeypatch: pytest.MonkeyPatch, parts: tuple[bytes, ...]
) -> None:
    send_in_parts(shop, monkeypatch, *parts, gap=0.02)

    finding = only(public_address())

    assert (finding.level, finding.subject) == ("failed", "streams")
    assert "holds events back" in finding.message
    assert "buffering" in finding.advice


def test_stream_that_the_proxy_does_not_pass_on_fails(shop: ScriptedServer) -> None:
    serve(shop, stream=response(404))

    assert only(public_address()).message == f"{PROBE_PATH} answers with HTTP status 404."


def test_stream_that_a_proxy_never_starts_fails_within_its_limit(
    shop: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "TIMEOUT_SECONDS", 0.3)
    send_in_parts(shop, monkeypatch, FIRST_EVENT, gap=1)

    assert levels(public_address()) == {**ALL_OK, "streams": "failed"}
