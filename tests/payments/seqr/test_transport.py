"""Failures on the wire, and what each shows about the request."""

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
from payments.seqr.transport import MAX_RESPONSE_BYTES, BoundedBody, CurlTransport
from tests.payments.seqr.conftest import CREDENTIALS, ReadStatus
from tests.payments.seqr.sample_responses import ISSUED_FIELDS, ISSUED_RESPONSE, soap_response
from tests.payments.seqr.scripted_server import (
    Connection,
    Handler,
    ScriptedServer,
    http_response,
)


def send_endlessly(start: bytes, chunk: bytes) -> Handler:
    def handler(connection: Connection) -> None:
        connection.send(start)
        while True:
            connection.send(chunk)

    return handler


def test_refused_connection_means_nothing_was_sent(
    client: SeqrClient, server: ScriptedServer
) -> None:
    server.stop()

    with pytest.raises(SeqrUnavailable, match="no connection to SEQR's server") as caught:
        client.cancel_invoice("1001")

    assert caught.value.result_code is None


def test_unknown_host_means_nothing_was_sent(config: SeqrConfig) -> None:
    client = SeqrClient(replace(config, service_url="https://seqr.invalid/soap"), CREDENTIALS)

    with pytest.raises(SeqrUnavailable, match="could not be resolved"):
        client.cancel_invoice("1001")


def test_connection_that_is_never_accepted_means_nothing_was_sent(config: SeqrConfig) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(address)
        url = f"http://127.0.0.1:{address[1]}/"
        client = SeqrClient(replace(config, service_url=url, timeout_seconds=0.2), CREDENTIALS)

        with pytest.raises(SeqrUnavailable, match="no connection to SEQR's server in time"):
            client.cancel_invoice("1001")

        for connection in waiting:
            connection.close()


def test_missing_tls_handshake_means_nothing_was_sent(
    config: SeqrConfig, server: ScriptedServer
) -> None:
    url = server.url.replace("http://", "https://")
    client = SeqrClient(replace(config, service_url=url, timeout_seconds=0.3), CREDENTIALS)

    with pytest.raises(SeqrUnavailable):
        client.cancel_invoice("1001")

    assert server.requests == []


def test_timeout_after_the_request_leaves_the_outcome_unknown(
    short_timeout_client: SeqrClient, server: ScriptedServer
) -> None:
    server.handler = Connection.stall

    with pytest.raises(SeqrOutcomeUnknown, match="no complete response in time"):
        short_timeout_client.cancel_invoice("1001")

    assert len(server.requests) == 1


@pytest.mark.parametrize("end", [Connection.reset, Connection.close])
def test_connection_lost_before_the_response_leaves_the_outcome_unknown(
    client: SeqrClient, server: ScriptedServer, end: Handler
) -> None:
    server.handler = end

    with pytest.raises(SeqrOutcomeUnknown) as caught:
        client.cancel_invoice("1001")

    assert type(caught.value) is SeqrOutcomeUnknown
    assert len(server.requests) == 1


@pytest.mark.parametrize("prefix", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_trickling_response_is_aborted_after_the_timeout(
    short_timeout_client: SeqrClient, server: ScriptedServer, prefix: bytes
) -> None:
    def handler(connection: Connection) -> None:
        connection.send(prefix)
        connection.trickle(ISSUED_RESPONSE, 0.1)

    server.handler = handler
    started = time.monotonic()

    with pytest.raises(SeqrOutcomeUnknown):
        short_timeout_client.get_payment_status("1001", 0)

    assert 0.95 < time.monotonic() - started < 10  # the whole response takes over 30 seconds


def test_oversized_response_is_aborted(read_status: ReadStatus) -> None:
    with pytest.raises(SeqrProtocolError, match="larger than anything SEQR would send"):
        read_status(http_response(b" " * (MAX_RESPONSE_BYTES + 1)))


def test_endless_response_is_aborted(client: SeqrClient, server: ScriptedServer) -> None:
    server.handler = send_endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536)

    with pytest.raises(SeqrProtocolError, match="larger than"):
        client.get_payment_status("1001", 0)


def test_endless_headers_are_aborted_before_the_timeout(
    client: SeqrClient, server: ScriptedServer
) -> None:
    server.handler = send_endlessly(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 1000)
    started = time.monotonic()

    with pytest.raises(SeqrOutcomeUnknown):
        client.get_payment_status("1001", 0)

    assert time.monotonic() - started < 10


def test_unrequested_compression_is_not_decompressed(
    read_status: ReadStatus, server: ScriptedServer
) -> None:
    gzip_bomb_start = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"

    with pytest.raises(SeqrProtocolError, match="not well-formed XML"):
        read_status(http_response(gzip_bomb_start * 100, headers="Content-Encoding: gzip\r\n"))

    assert "accept-encoding" not in server.requests[0].head.lower()


def test_redirect_is_not_followed(read_status: ReadStatus, server: ScriptedServer) -> None:
    elsewhere = f"Location: http://127.0.0.1:{server.port}/elsewhere\r\n"

    with pytest.raises(SeqrProtocolError, match="HTTP status 307"):
        read_status(http_response(b"", "307 Temporary Redirect", elsewhere))

    assert len(server.requests) == 1


def test_proxies_in_the_environment_are_ignored(
    read_status: ReadStatus, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")

    read_status(ISSUED_RESPONSE)

    assert server.requests[0].head.startswith("POST /soap HTTP/1.1\r\n")


def test_large_invoice_is_sent_without_waiting_for_100_continue(server: ScriptedServer) -> None:
    server.respond_with(http_response(b"<ok/>"))
    transport = CurlTransport(timeout_seconds=30)

    transport.post("sendInvoice", server.url, b"x" * 3_000_000, repeatable=True)

    assert len(server.requests[0].body) == 3_000_000
    assert "expect" not in server.requests[0].head.lower()


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_truncated_response_is_a_protocol_error(
    client: SeqrClient, server: ScriptedServer, cut: int
) -> None:
    server.respond_and_close(ISSUED_RESPONSE[:-cut])

    with pytest.raises(SeqrProtocolError, match="is truncated"):
        client.get_payment_status("1001", 0)


def test_truncated_chunked_response_is_a_protocol_error(
    client: SeqrClient, server: ScriptedServer
) -> None:
    body = soap_response("getPaymentStatus", f"<resultCode>0</resultCode>{ISSUED_FIELDS}")
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.respond_and_close(head + f"{len(body):x}\r\n".encode() + body[:-20])

    with pytest.raises(SeqrProtocolError):
        client.get_payment_status("1001", 0)


def test_body_takes_no_byte_beyond_its_limit() -> None:
    body = BoundedBody(max_bytes=3)

    assert [body.write(chunk) for chunk in (b"ab", b"c", b"d")] == [2, 1, 0]
    assert body.content == b"abc"
