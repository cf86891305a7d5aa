"""The web process as it is deployed: requests, start and stop."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import psutil
import pytest
from django.utils.datastructures import CaseInsensitiveMapping

from orders.models import CustomerSession
from seqrshop.serving.body import MAX_BODY_BYTES
from seqrshop.serving.lanes import CUSTOMER_THREADS
from seqrshop.serving.probe_stream import MAX_OPEN_PROBES
from seqrshop.streaming import PROBE_PATH
from tests.process_metrics.samples import forget_counts
from tests.processes import STOP_SECONDS
from tests.seqrshop.security import assert_security_headers
from tests.serving.conftest import CUSTOMER_HEADERS, METRICS_TOKEN, TOKEN
from tests.storefront.steps import invoice_of, path_of
from tests.web_process import EventStream, WebProcess

pytestmark = pytest.mark.django_db(transaction=True)  # each test runs alone, too


@pytest.fixture
def order_path(customer_session: CustomerSession) -> str:
    return path_of(invoice_of(customer_session, "paid"))


# --- Requests ------------------------------------------------------------------------------------


def test_response_does_not_name_server_and_is_not_logged(order_path: str, web: WebProcess) -> None:
    log = web.log.read_text()

    response = web.request("GET", f"{order_path}?never-in-a-log", CUSTOMER_HEADERS)

    assert response.status == 200
    assert "server" not in response.headers
    assert "date" in response.headers
    assert web.log.read_text() == log


def test_request_is_counted_at_metrics_within_seconds(
    order_path: str, web: WebProcess, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    forget_counts()
    web.request("GET", order_path, CUSTOMER_HEADERS)

    def is_counted() -> bool:
        response = web.request("GET", "/metrics", {"Authorization": f"Bearer {METRICS_TOKEN}"})
        line = b'seqrshop_http_requests_total{method="GET",route="order",status="200"} '
        return line in response.body  # the process may also add requests of a moment ago

    eventually(is_counted)


def test_stream_has_security_headers(order_path: str, web: WebProcess) -> None:
    with closing(web.connect()) as connection:  # the stream of a paid order lasts for minutes
        connection.request("GET", f"{order_path}/events", headers=dict(CUSTOMER_HEADERS))
        headers = CaseInsensitiveMapping(dict(connection.getresponse().getheaders()))

    assert headers["content-type"].startswith("text/event-stream")
    assert_security_headers(headers)


def test_probe_sends_its_first_event_at_once_and_its_last_one_later(web: WebProcess) -> None:
    with closing(web.connect()) as connection:
        connection.request("GET", PROBE_PATH)
        response = connection.getresponse()
        first = response.read1()
        rest = response.read()

    assert first == b"event: probe\ndata: {}\n\n"
    blocks = rest.removesuffix(b"\n\n").split(b"\n\n")
    events = [block for block in blocks if not block.startswith(b":")]  # which begins a comment
    assert events == [b'event: end\ndata: {"reason": "timeout"}']
    assert response.headers["content-type"].startswith("text/event-stream")
    assert_security_headers(CaseInsensitiveMapping(dict(response.getheaders())))


def test_probe_beyond_the_limit_is_refused_until_another_has_ended(
    web: WebProcess, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    with ExitStack() as probes:
        for _ in range(MAX_OPEN_PROBES):
            connection = probes.enter_context(closing(web.connect()))
            connection.request("GET", PROBE_PATH)
            assert connection.getresponse().status == 200
        refused = web.request("GET", PROBE_PATH).status

    assert refused == 503
    eventually(lambda: web.request("GET", PROBE_PATH).status == 200)


def test_head_has_headers_of_get_without_body(order_path: str, web: WebProcess) -> None:
    get, head = (web.request(method, order_path, CUSTOMER_HEADERS) for method in ("GET", "HEAD"))

    assert (get.status, head.status) == (200, 200)
    assert get.headers["content-length"] == head.headers["content-length"]
    assert head.body == b""


@pytest.mark.parametrize(
    ("header", "status"), [(None, 301), ("X_Forwarded_Proto", 301), ("X-Forwarded-Proto", 200)]
)
def test_only_the_proxy_header_marks_request_as_https(
    order_path: str, web: WebProcess, header: str | None, status: int
) -> None:
    headers = {"Host": "localhost", "X-SEQR-Token": TOKEN} | ({header: "https"} if header else {})

    assert web.request("GET", order_path, headers).status == status


@pytest.mark.parametrize("size", [MAX_BODY_BYTES - 1, MAX_BODY_BYTES + 1])
def test_too_large_body_is_rejected(
    customer_session: CustomerSession, web: WebProcess, size: int
) -> None:
    response = web.request("POST", "/lyktan/orders", CUSTOMER_HEADERS, b"x" * size)

    assert (response.status, response.json()["error"]) == (413, "too_large")


@pytest.mark.parametrize(("chunks", "status"), [([b"{", b"}"], 400), ([b"x" * 1024] * 200, 413)])
def test_chunked_body_is_received_and_bounded(
    customer_session: CustomerSession, web: WebProcess, chunks: list[bytes], status: int
) -> None:
    connection = web.connect()
    connection.request(
        "POST", "/lyktan/orders", iter(chunks), CUSTOMER_HEADERS, encode_chunked=True
    )

    assert connection.getresponse().status == status
    connection.close()


def test_slow_bodies_occupy_no_threads(order_path: str, web: WebProcess) -> None:
    slow = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(2 * CUSTOMER_THREADS)]
    for client in slow:
        client.sendall(
            b"POST /lyktan/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        )

    response = web.request("GET", order_path, CUSTOMER_HEADERS)

    assert response.status == 200
    for client in slow:
        client.close()


def test_log_lines_have_time_level_and_logger(order_path: str, web: WebProcess) -> None:
    lines = web.log.read_text().splitlines()

    assert lines
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: ", line), line


# --- Start and stop ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def web_of_two(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebProcess]:
    with WebProcess(tmp_path_factory.mktemp("web") / "log", WEB_CONCURRENCY="2") as web:
        yield web


@pytest.fixture
def two_workers(web_of_two: WebProcess) -> WebProcess:
    """A process with two workers, started again where a test has killed it."""
    expected = 2 if web_of_two.is_running() else _started_workers(web_of_two) + 2
    web_of_two.start()
    while _started_workers(web_of_two) < expected:
        time.sleep(0.05)
    return web_of_two


def test_streams_end_when_process_stops(customer_session: CustomerSession, tmp_path: Path) -> None:
    path = path_of(invoice_of(customer_session, "issued"), "/events")
    web = WebProcess(tmp_path / "log")
    with EventStream(web, path, X_SEQR_Token=TOKEN) as stream:
        stream.next()

        seconds = web.stop(signal.SIGTERM)

        assert stream.next() == ("end", {"reason": "restart"})
        assert stream.is_over()
    assert seconds < 3  # of the 20 that uvicorn waits for its connections
    assert "Traceback" not in web.log.read_text()


def test_response_on_a_kept_connection_does_not_wait_for_an_acknowledgement(
    two_workers: WebProcess,
) -> None:
    """With several workers, each response on a kept connection took 40 ms longer."""
    connection = two_workers.connect()
    seconds = []
    for _ in range(12):
        began_at = time.monotonic()
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        seconds.append(time.monotonic() - began_at)
    connection.close()

    assert min(seconds[1:]) < 0.03


def test_killed_worker_is_replaced(two_workers: WebProcess) -> None:
    killed, started = _workers(two_workers), _started_workers(two_workers)
    for worker in killed:
        worker.kill()

    while _started_workers(two_workers) < started + len(killed):
        time.sleep(0.05)
    assert not set(_workers(two_workers)) & set(killed)
    two_workers.wait_until_open()


def test_workers_end_when_parent_is_killed(two_workers: WebProcess) -> None:
    workers = _workers(two_workers)

    two_workers.process.kill()

    _, alive = psutil.wait_procs(workers, timeout=STOP_SECONDS)
    assert alive == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_missing_setting_stops_start_with_one_sentence(
    transactional_db: None, tmp_path: Path, workers: str
) -> None:
    log = tmp_path / "log"

    with pytest.raises(RuntimeError, match="did not start"):
        WebProcess(log, SEQR_TERMINAL_ID="", WEB_CONCURRENCY=workers)

    assert "SEQR_TERMINAL_ID is missing" in log.read_text()
    assert "Traceback" not in log.read_text()


def _started_workers(web: WebProcess) -> int:
    """Return how many workers have started until now, those that have ended included."""
    return web.log.read_text().count("startup complete")


def _workers(web: WebProcess) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(web.process.pid).children():
        with suppress(psutil.Error):  # it has just ended
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found
