"""The web process as it is deployed: what it takes, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from django.core.wsgi import get_wsgi_application
from django.utils.datastructures import CaseInsensitiveMapping

from orders.models import CustomerSession
from seqrshop.serving.asgi_app import AsgiApp
from seqrshop.serving.asgi_types import Message
from seqrshop.serving.body import MAX_BODY_BYTES, MAX_CONCURRENT_UPLOAD_BYTES
from seqrshop.serving.environ import environ_of
from tests.factories import CustomerSessionFactory, ShopFactory
from tests.seqrshop.security import held
from tests.storefront.steps import invoice_of, path_of
from tests.web_process import STOP_SECONDS, EventStream, WebProcess

TOKEN = "0000002012-63506374"
THREADS = 16
AS_CUSTOMER = {  # by our own proxy
    "Host": "localhost",
    "X-Forwarded-Proto": "https",
    "X-SEQR-Token": TOKEN,
    "Content-Type": "application/json",
}


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    given = {"TRUSTED_PROXIES": "1", "PUBLIC_BASE_URL": "https://localhost"}
    with WebProcess(tmp_path_factory.mktemp("web") / "log", **given) as process:
        yield process


@pytest.fixture
def visit(transactional_db: None) -> CustomerSession:
    return CustomerSessionFactory.create(shop=ShopFactory.create(slug="lyktan"), token=TOKEN)


# --- What it takes -------------------------------------------------------------------------------


def test_an_answer_says_nothing_of_the_server_and_is_logged_nowhere(
    visit: CustomerSession, web: WebProcess
) -> None:
    path = path_of(invoice_of(visit, "paid"))
    before = web.log.read_text()

    answer = web.ask("GET", f"{path}?never-in-a-log", AS_CUSTOMER)

    assert answer.status == 200
    assert "server" not in answer.headers
    assert "date" in answer.headers
    assert web.log.read_text() == before


def test_a_stream_has_the_headers_of_every_answer(visit: CustomerSession, web: WebProcess) -> None:
    path = path_of(invoice_of(visit, "paid"), "/events")

    answer = web.ask("GET", path, AS_CUSTOMER)

    assert answer.headers["content-type"].startswith("text/event-stream")
    held(CaseInsensitiveMapping(answer.headers))


def test_a_head_has_what_a_get_has_but_the_body(visit: CustomerSession, web: WebProcess) -> None:
    path = path_of(invoice_of(visit, "paid"))

    asked = [web.ask(method, path, AS_CUSTOMER) for method in ("GET", "HEAD")]

    assert [answer.status for answer in asked] == [200, 200]
    assert asked[0].headers["content-length"] == asked[1].headers["content-length"]
    assert asked[1].body == b""


def test_https_is_taken_from_the_proxy_header_alone(
    visit: CustomerSession, web: WebProcess
) -> None:
    path = path_of(invoice_of(visit, "paid"))
    told_by = [None, "X_Forwarded_Proto", "X-Forwarded-Proto"]

    answers = []
    for header in told_by:
        headers = {"Host": "localhost", "X-SEQR-Token": TOKEN}
        answers.append(web.ask("GET", path, headers | ({header: "https"} if header else {})).status)

    assert answers == [301, 301, 200]


def test_django_learns_who_asks_and_for_which_bytes() -> None:
    scope = {
        "method": "GET",
        "scheme": "http",
        "http_version": "1.1",
        "raw_path": b"/caf%C3%A9/%FF",
        "query_string": b"a=%C3%A9",
        "headers": [(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x-forwarded-for", b"1.2.3.4")],
        "client": ("192.0.2.7", 5555),
        "server": ("10.0.0.1", 8000),
    }

    environ = environ_of(scope, b"body", 4, {})

    assert environ["REMOTE_ADDR"] == "192.0.2.7"
    assert environ["PATH_INFO"].encode("latin-1") == b"/caf\xc3\xa9/\xff"
    assert environ["QUERY_STRING"] == "a=%C3%A9"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_FORWARDED_FOR"] == "1.2.3.4"
    assert environ["CONTENT_LENGTH"] == "4"


def test_a_body_that_is_too_large_is_refused_in_the_customers_words(
    visit: CustomerSession, web: WebProcess
) -> None:
    sizes = [
        web.ask("POST", "/lyktan/orders", AS_CUSTOMER, b"x" * size)
        for size in (MAX_BODY_BYTES - 1, MAX_BODY_BYTES + 1)
    ]

    assert [answer.status for answer in sizes] == [413, 413]
    assert {answer.json()["error"] for answer in sizes} == {"too_large"}


def test_a_body_in_chunks_is_read_and_bounded_too(visit: CustomerSession, web: WebProcess) -> None:
    def ask(*chunks: bytes) -> int:
        connection = web.connect()
        connection.request("POST", "/lyktan/orders", iter(chunks), AS_CUSTOMER, encode_chunked=True)
        status = connection.getresponse().status
        connection.close()
        return status

    assert ask(b"{", b"}") == 400
    assert ask(*[b"x" * 1024] * 200) == 413


def test_bodies_that_drip_keep_no_thread_from_the_others(
    visit: CustomerSession, web: WebProcess
) -> None:
    path = path_of(invoice_of(visit, "paid"))
    dripping = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(2 * THREADS)]
    for each in dripping:
        each.sendall(
            b"POST /lyktan/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        )

    answer = web.ask("GET", path, AS_CUSTOMER)

    assert answer.status == 200
    for each in dripping:
        each.close()


# --- How it ends and begins ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("most_uploaded", "status", "sentence"),
    [
        (MAX_CONCURRENT_UPLOAD_BYTES, 408, "Anropet tog för lång tid. Försök igen."),
        (0, 503, "Butiken kan inte nås just nu. Försök igen om en stund."),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, most_uploaded: int, status: int, sentence: str
) -> None:
    monkeypatch.setattr("seqrshop.serving.body.RECEIVE_TIMEOUT_SECONDS", 0.01)
    monkeypatch.setattr("seqrshop.serving.body.MAX_CONCURRENT_UPLOAD_BYTES", most_uploaded)
    sent: list[Message] = []

    async def receive() -> Message:
        if most_uploaded:
            await asyncio.Event().wait()  # nothing comes any more
        return {"type": "http.request", "body": bytes(MAX_BODY_BYTES + 1), "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/admin/",
        "raw_path": b"/admin/",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"accept-language", b"sv")],
    }

    asyncio.run(AsgiApp(get_wsgi_application())(scope, receive, send))

    start, body = sent
    headers = dict(start["headers"])
    assert start["status"] == status
    assert json.loads(body["body"])["message"] == sentence
    assert b"content-security-policy" in {name.lower() for name in headers}
    assert headers[b"connection"] == b"close"


def test_streams_end_at_once_when_the_process_is_stopped(
    visit: CustomerSession, tmp_path: Path
) -> None:
    path = path_of(invoice_of(visit, "issued"), "/events")
    web = WebProcess(tmp_path / "log")
    with EventStream(web, path, X_SEQR_Token=TOKEN) as stream:
        stream.next()

        seconds = web.stop(signal.SIGTERM)

        assert stream.next() == ("end", {"reason": "restart"})
        assert stream.is_over()
    assert seconds < 3
    assert "Traceback" not in web.log.read_text()


def test_a_worker_that_is_killed_has_a_successor(transactional_db: None, tmp_path: Path) -> None:
    with WebProcess(tmp_path / "log", WEB_CONCURRENCY="2") as web:
        while web.log.read_text().count("startup complete") < 2:
            time.sleep(0.05)
        workers = _workers(web)
        for worker in workers:
            worker.kill()

        while set(_workers(web)) & set(workers):
            time.sleep(0.05)
        web.wait_until_open()


def test_no_worker_outlives_the_process_above_it(transactional_db: None, tmp_path: Path) -> None:
    with WebProcess(tmp_path / "log", WEB_CONCURRENCY="2") as web:
        while web.log.read_text().count("startup complete") < 2:
            time.sleep(0.05)
        workers = _workers(web)

        web.process.kill()

        _, alive = psutil.wait_procs(workers, timeout=STOP_SECONDS)
        assert alive == []


def test_it_logs_in_the_shops_own_form(visit: CustomerSession, web: WebProcess) -> None:
    lines = web.log.read_text().splitlines()

    assert lines
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: ", line), line


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_incomplete_setting_stops_it_with_one_sentence_each(
    transactional_db: None, tmp_path: Path, workers: str
) -> None:
    log = tmp_path / "log"

    with pytest.raises(RuntimeError, match="did not start"):
        WebProcess(log, SEQR_TERMINAL_ID="", WEB_CONCURRENCY=workers)

    assert "SEQR_TERMINAL_ID is missing" in log.read_text()
    assert "Traceback" not in log.read_text()


def _workers(web: WebProcess) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(web.process.pid).children():
        with suppress(psutil.Error):  # it ended just now
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found
