"""How calls fail on the wire, and what is known about the request when they do."""

import socket
import time
from dataclasses import replace

import pytest

from payments.seqr import (
    SeqrClient,
    SeqrConfig,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrUnavailable,
)
from payments.seqr.transport import CurlTransport
from tests.payments.seqr.hostile_server import Behaviour, HostileServer, Line, http
from tests.payments.seqr.sample_answers import ISSUED, answer, response

STATUS = answer("getPaymentStatus", ISSUED)


def test_a_refused_connection_means_that_nothing_happened(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.stop()

    with pytest.raises(SeqrUnavailable, match="no connection to SEQR's server") as caught:
        client.cancel_invoice("1001")

    assert caught.value.result_code is None


def test_an_unknown_host_means_that_nothing_happened(config: SeqrConfig) -> None:
    client = SeqrClient(replace(config, service_url="https://seqr.invalid/soap"))

    with pytest.raises(SeqrUnavailable, match="could not be resolved"):
        client.cancel_invoice("1001")


def test_a_connection_that_is_never_accepted_means_that_nothing_happened(
    config: SeqrConfig,
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(address)
        url = f"http://127.0.0.1:{address[1]}/"
        client = SeqrClient(replace(config, service_url=url, timeout_seconds=0.2))

        with pytest.raises(SeqrUnavailable, match="no connection to SEQR's server in time"):
            client.cancel_invoice("1001")

        for connection in waiting:
            connection.close()


def test_a_server_that_never_speaks_tls_means_that_nothing_happened(
    config: SeqrConfig, hostile_server: HostileServer
) -> None:
    url = hostile_server.url.replace("http://", "https://")
    client = SeqrClient(replace(config, service_url=url, timeout_seconds=0.3))

    with pytest.raises(SeqrUnavailable):
        client.cancel_invoice("1001")

    assert hostile_server.requests == []


def test_silence_after_the_request_leaves_the_outcome_unknown(
    impatient_client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.behave = Line.stay_silent

    with pytest.raises(SeqrOutcomeUnknown, match="no complete response in time"):
        impatient_client.cancel_invoice("1001")

    assert len(hostile_server.requests) == 1


@pytest.mark.parametrize("end", [Line.reset, Line.close])
def test_a_connection_that_ends_without_an_answer_leaves_the_outcome_unknown(
    client: SeqrClient, hostile_server: HostileServer, end: Behaviour
) -> None:
    hostile_server.behave = end

    with pytest.raises(SeqrOutcomeUnknown) as caught:
        client.cancel_invoice("1001")

    assert type(caught.value) is SeqrOutcomeUnknown
    assert len(hostile_server.requests) == 1


@pytest.mark.parametrize("prefix", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_a_dripping_answer_is_cut_when_the_time_is_over(
    impatient_client: SeqrClient, hostile_server: HostileServer, prefix: bytes
) -> None:
    def behave(line: Line) -> None:
        line.send(prefix)
        line.drip(STATUS, 0.02)

    hostile_server.behave = behave
    started = time.monotonic()

    with pytest.raises(SeqrOutcomeUnknown):
        impatient_client.get_payment_status("1001", 0)

    assert 0.25 < time.monotonic() - started < 0.8


def test_a_huge_answer_is_cut(client: SeqrClient, hostile_server: HostileServer) -> None:
    hostile_server.answer_with(http(b" " * (4 * 1024 * 1024 + 1)))

    with pytest.raises(SeqrProtocolError, match="larger than anything SEQR would send"):
        client.get_payment_status("1001", 0)


def test_an_endless_answer_is_cut(client: SeqrClient, hostile_server: HostileServer) -> None:
    def behave(line: Line) -> None:
        line.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            line.send(b" " * 65536)

    hostile_server.behave = behave

    with pytest.raises(SeqrProtocolError, match="larger than"):
        client.get_payment_status("1001", 0)


def test_endless_headers_are_cut(client: SeqrClient, hostile_server: HostileServer) -> None:
    def behave(line: Line) -> None:
        line.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            line.send(b"X-More: and more\r\n" * 1000)

    hostile_server.behave = behave
    started = time.monotonic()

    with pytest.raises(SeqrOutcomeUnknown):
        client.get_payment_status("1001", 0)

    assert time.monotonic() - started < 2


def test_an_answer_that_compresses_itself_unasked_is_not_unpacked(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    gzip_bomb_start = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
    hostile_server.answer_with(http(gzip_bomb_start * 100, headers="Content-Encoding: gzip\r\n"))

    with pytest.raises(SeqrProtocolError, match="not well-formed XML"):
        client.get_payment_status("1001", 0)

    assert "accept-encoding" not in hostile_server.requests[0].head.lower()


def test_a_redirect_is_not_followed(client: SeqrClient, hostile_server: HostileServer) -> None:
    elsewhere = f"Location: http://127.0.0.1:{hostile_server.port}/elsewhere\r\n"
    hostile_server.answer_with(http(b"", "307 Temporary Redirect", elsewhere))

    with pytest.raises(SeqrProtocolError, match="HTTP status 307"):
        client.cancel_invoice("1001")

    assert len(hostile_server.requests) == 1


def test_a_proxy_in_the_environment_is_not_used(
    client: SeqrClient, hostile_server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    hostile_server.answer_with(STATUS)

    client.get_payment_status("1001", 0)

    assert hostile_server.requests[0].head.startswith("POST /soap HTTP/1.1\r\n")


def test_a_large_invoice_is_sent_without_waiting_for_permission(
    hostile_server: HostileServer,
) -> None:
    hostile_server.answer_with(http(b"<ok/>"))
    transport = CurlTransport(timeout_seconds=5)

    transport.post("sendInvoice", hostile_server.url, b"x" * 3_000_000, repeatable=True)

    assert len(hostile_server.requests[0].body) == 3_000_000
    assert "expect" not in hostile_server.requests[0].head.lower()


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_an_answer_that_breaks_off_cannot_be_read(
    client: SeqrClient, hostile_server: HostileServer, cut: int
) -> None:
    hostile_server.answer_and_close(STATUS[:-cut])

    with pytest.raises(SeqrProtocolError, match="is truncated"):
        client.get_payment_status("1001", 0)


def test_a_chunked_answer_that_breaks_off_cannot_be_read(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    body = response("getPaymentStatus", f"<resultCode>0</resultCode>{ISSUED}")
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    hostile_server.answer_and_close(head + f"{len(body):x}\r\n".encode() + body[:-20])

    with pytest.raises(SeqrProtocolError):
        client.get_payment_status("1001", 0)
