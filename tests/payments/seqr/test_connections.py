"""Connections are kept alive and never shared, and libcurl repeats only repeatable requests."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from payments.seqr import SeqrClient, SeqrConfig, SeqrOutcomeUnknown
from payments.seqr.transport import CurlTransport
from tests.payments.seqr.conftest import CREDENTIALS
from tests.payments.seqr.sample_responses import ISSUED_RESPONSE
from tests.payments.seqr.scripted_server import Connection, ScriptedServer, http_response

OK = http_response(b"<ok/>")


@pytest.fixture
def transport() -> CurlTransport:
    return CurlTransport(timeout_seconds=30)


def close_second_request(server: ScriptedServer, *, stop_listening: bool = False) -> None:
    """Make the server respond to every request except the second, whose connection it closes."""

    def handler(connection: Connection) -> None:
        if len(server.requests) != 2:
            connection.send(OK)
            return
        if stop_listening:
            server.stop_listening()
        connection.close()

    server.handler = handler


def test_calls_in_one_thread_share_a_connection(client: SeqrClient, server: ScriptedServer) -> None:
    server.respond_with(ISSUED_RESPONSE)

    for version in range(5):
        client.get_payment_status("1001", version)

    assert server.connections == 1


def test_call_succeeds_after_a_timed_out_one(config: SeqrConfig, server: ScriptedServer) -> None:
    client = SeqrClient(replace(config, timeout_seconds=3), CREDENTIALS)
    server.handler = Connection.stall
    with pytest.raises(SeqrOutcomeUnknown):
        client.get_payment_status("1001", 0)
    server.respond_with(ISSUED_RESPONSE)

    status = client.get_payment_status("1001", 0)

    assert status.version == 1


def test_thirty_two_threads_share_one_client(client: SeqrClient, server: ScriptedServer) -> None:
    server.respond_with(ISSUED_RESPONSE)
    barrier = threading.Barrier(32)

    def poll(reference: int) -> int:
        barrier.wait()
        return sum(client.get_payment_status(str(reference), 0).version for _ in range(5))

    with ThreadPoolExecutor(32) as pool:
        versions = list(pool.map(poll, range(32)))

    assert versions == [5] * 32
    assert len(server.requests) == 160
    assert server.connections == 32


def test_forked_child_does_not_use_its_parents_connection(
    client: SeqrClient, server: ScriptedServer
) -> None:
    server.respond_with(ISSUED_RESPONSE)
    client.get_payment_status("1001", 0)

    child = os.fork()
    if child == 0:
        exit_status = 1
        try:
            exit_status = 1 - client.get_payment_status("1001", 0).version
        finally:
            os._exit(exit_status)
    _, wait_status = os.waitpid(child, 0)
    client.get_payment_status("1001", 0)

    assert os.waitstatus_to_exitcode(wait_status) == 0
    assert server.connections == 2


def test_repeatable_request_is_repeated_when_a_kept_connection_dies(
    transport: CurlTransport, server: ScriptedServer
) -> None:
    close_second_request(server)
    transport.post("getPaymentStatus", server.url, b"one", repeatable=True)

    second = transport.post("getPaymentStatus", server.url, b"two", repeatable=True)

    assert second.body == b"<ok/>"
    assert [request.body for request in server.requests] == [b"one", b"two", b"two"]


def test_request_that_is_not_repeatable_reaches_the_server_once(
    transport: CurlTransport, server: ScriptedServer
) -> None:
    close_second_request(server)
    transport.post("refundPayment", server.url, b"one", repeatable=False)

    with pytest.raises(SeqrOutcomeUnknown):
        transport.post("refundPayment", server.url, b"two", repeatable=False)

    assert [request.body for request in server.requests] == [b"one", b"two"]
    assert server.connections == 2


def test_refused_repeat_leaves_the_outcome_of_the_first_request_unknown(
    transport: CurlTransport, server: ScriptedServer
) -> None:
    close_second_request(server, stop_listening=True)
    transport.post("sendInvoice", server.url, b"one", repeatable=True)

    with pytest.raises(SeqrOutcomeUnknown):
        transport.post("sendInvoice", server.url, b"two", repeatable=True)

    assert len(server.requests) == 2
