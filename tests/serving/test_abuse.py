"""The web process under attack: what the attacker gets, and that a customer is served.

`make abuse` measures the same attacks at full strength.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from seqrshop.serving.body import MAX_BODY_BYTES, MAX_FORM_BYTES
from seqrshop.serving.lanes import CUSTOMER_THREADS, SEQR_THREADS
from seqrshop.serving.protocol import MAX_HEAD_BYTES, MAX_TARGET_BYTES
from seqrshop.static_storage import StaticStorage
from tests.seqrshop.security import assert_security_headers
from tests.serving.conftest import CUSTOMER_HEADERS
from tests.staff import superuser
from tests.web_process import WebProcess

FILE_BYTES = 300 * 1024
READ_SECONDS = 30.0
SMALL_BUFFER_BYTES = 2048


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """A web process with one large static file."""
    folder = tmp_path_factory.mktemp("static")
    storage = StaticStorage(location=folder, base_url="/static/")
    (folder / "large.js").write_bytes(b"/" * FILE_BYTES)
    storage.save_manifest()
    log = tmp_path_factory.mktemp("web") / "log"
    with WebProcess(
        log, TRUSTED_PROXIES="1", PUBLIC_BASE_URL="https://localhost", STATIC_ROOT=str(folder)
    ) as process:
        yield process


def raw_connection(web: WebProcess, *, receive_buffer: int | None = None) -> socket.socket:
    """Return a connection, which the caller closes."""
    client = socket.socket()
    if receive_buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(READ_SECONDS)
    client.connect(("127.0.0.1", web.port))
    return client


def answer_to(web: WebProcess, request: bytes) -> bytes:
    """Send raw bytes; return all that the server sends until it closes the connection."""
    with raw_connection(web) as client:
        client.sendall(request)
        received = b""
        try:
            while part := client.recv(65536):
                received += part
        except ConnectionResetError:
            pass
        return received


def head(method: str, path: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "X-Forwarded-Proto: https", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


LIVE = head("GET", "/health/live", "Connection: close")


def test_slow_readers_of_a_static_file_occupy_no_threads(web: WebProcess) -> None:
    """64 of them held every thread: even /health/live timed out."""
    request = head("GET", "/static/large.js") * 30  # more than the kernel keeps for a connection
    readers = [
        raw_connection(web, receive_buffer=SMALL_BUFFER_BYTES)
        for _ in range(2 * (CUSTOMER_THREADS + SEQR_THREADS))
    ]
    for reader in readers:
        reader.sendall(request)

    page = web.request("GET", "/health/live")
    file = web.request("GET", "/static/large.js", CUSTOMER_HEADERS)
    for reader in readers:
        reader.close()

    assert page.status == 200
    assert (file.status, len(file.body)) == (200, FILE_BYTES)
    assert web.request("GET", "/health/live").status == 200
    assert "Traceback" not in web.log.read_text()


def test_static_file_has_security_headers_conditions_and_ranges(web: WebProcess) -> None:
    whole = web.request("GET", "/static/large.js", CUSTOMER_HEADERS)
    known = web.request(
        "GET", "/static/large.js", {**CUSTOMER_HEADERS, "If-None-Match": whole.headers["etag"]}
    )
    part = web.request("GET", "/static/large.js", {**CUSTOMER_HEADERS, "Range": "bytes=10-19"})
    only_head = web.request("HEAD", "/static/large.js", CUSTOMER_HEADERS)
    posted = web.request("POST", "/static/large.js", CUSTOMER_HEADERS)

    assert_security_headers({name.title(): value for name, value in whole.headers.items()})
    assert whole.headers["strict-transport-security"] == "max-age=31536000"
    assert (known.status, known.body) == (304, b"")
    assert (part.status, len(part.body)) == (206, 10)
    assert (only_head.status, only_head.headers["content-length"]) == (200, str(FILE_BYTES))
    assert posted.status == 405


def test_static_file_is_redirected_to_https(web: WebProcess) -> None:
    assert web.request("GET", "/static/large.js", {"Host": "localhost"}).status == 301


@pytest.mark.parametrize("first", ["Content-Length: 5", "Transfer-Encoding: chunked"])
def test_length_beside_transfer_encoding_is_refused_and_hides_no_request(
    web: WebProcess, first: str
) -> None:
    both = ["Content-Length: 5", "Transfer-Encoding: chunked"]
    both.sort(key=lambda header: header != first)

    answer = answer_to(web, head("POST", "/lyktan/session", *both) + b"0\r\n\r\n" + LIVE)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (head("GET", "/return/" + "k" * MAX_TARGET_BYTES), b"414"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 2 * MAX_HEAD_BYTES, b"431"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nno header\r\n\r\n", b"400"),
    ],
)
def test_head_beyond_its_limits_is_refused(
    web: WebProcess, request_head: bytes, status: bytes
) -> None:
    answer = answer_to(web, request_head)

    assert answer.startswith(b"HTTP/1.1 " + status)


def test_requests_in_advance_are_bounded_while_one_is_in_progress(web: WebProcess) -> None:
    """A stream lasts for minutes, during which a client could send heads that nobody reads."""
    body = head("POST", "/lyktan/session", "Content-Length: 10")  # waits for its body
    with raw_connection(web) as client:
        client.sendall(body + b"0123456789" + LIVE.replace(b"close", b"keep-alive") * 3)
        with pytest.raises(ConnectionError):  # noqa: PT012 - at whichever part it is closed
            for _ in range(1000):
                client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 4 * MAX_HEAD_BYTES)
                time.sleep(0.001)

    assert web.request("GET", "/health/live").status == 200


def test_large_body_from_anybody_to_the_admin_is_refused_before_it_is_sent(
    web: WebProcess,
) -> None:
    answer = answer_to(
        web,
        head("POST", "/admin/login/", "Content-Length: 33554432", "Accept: application/json")
        + bytes(100_000),
    )

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert web.request("GET", "/health/live").status == 200


def test_picture_is_received_from_signed_in_staff_alone(
    transactional_db: None, web: WebProcess
) -> None:
    """Anybody could send 32 MB to any page of the admin: 1.3 GB were in memory."""
    cookies = superuser().cookies
    signed_in = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
    body = bytes(2 * MAX_BODY_BYTES)

    def send(path: str, cookie: str) -> int:
        headers = {**CUSTOMER_HEADERS, "Cookie": cookie.replace("staff=", "__Host-staff=")}
        return web.request("POST", path, headers, body).status

    pictures, orders = "/admin/orders/product/add/", "/admin/orders/order/"
    assert (send(pictures, ""), send(pictures, "staff=guessed")) == (413, 413)
    assert send(pictures, signed_in) == 403  # received, and lacking the form's token
    body = bytes(MAX_FORM_BYTES + 1)
    assert (send(pictures, signed_in), send(orders, signed_in)) == (403, 413)
