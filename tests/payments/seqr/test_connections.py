"""Connections are kept and shared with nobody, and libcurl repeats only what may be repeated."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from payments.seqr import SeqrClient, SeqrOutcomeUnknown
from payments.seqr.transport import CurlTransport
from tests.payments.seqr.hostile_server import HostileServer, Line, http
from tests.payments.seqr.sample_answers import ISSUED, answer

STATUS = answer("getPaymentStatus", ISSUED)


def close_the_second_request(server: HostileServer) -> None:
    """Answer every request but the second, which is read and then left without an answer."""

    def behave(line: Line) -> None:
        if len(server.requests) == 2:
            line.close()
        else:
            line.send(http(b"<ok/>"))

    server.behave = behave


def test_calls_of_one_thread_share_a_connection(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(STATUS)

    for version in range(5):
        client.get_payment_status("1001", version)

    assert hostile_server.connections == 1


def test_a_failed_call_does_not_spoil_the_next_one(
    impatient_client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.behave = Line.stay_silent
    with pytest.raises(SeqrOutcomeUnknown):
        impatient_client.get_payment_status("1001", 0)
    hostile_server.answer_with(STATUS)

    status = impatient_client.get_payment_status("1001", 0)

    assert status.version == 1


def test_thirty_two_threads_share_one_client(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    def behave(line: Line) -> None:
        line.send(STATUS)

    hostile_server.behave = behave
    start_together = threading.Barrier(32)

    def ask(reference: int) -> int:
        start_together.wait()
        return sum(client.get_payment_status(str(reference), 0).version for _ in range(5))

    with ThreadPoolExecutor(32) as pool:
        versions = list(pool.map(ask, range(32)))

    assert versions == [5] * 32
    assert len(hostile_server.requests) == 160
    assert hostile_server.connections == 32


def test_a_forked_child_does_not_use_its_parents_connection(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(STATUS)
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
    assert hostile_server.connections == 2


def test_what_is_repeatable_is_sent_again_when_a_kept_connection_dies(
    hostile_server: HostileServer,
) -> None:
    transport = CurlTransport(timeout_seconds=5)
    close_the_second_request(hostile_server)
    transport.post("getPaymentStatus", hostile_server.url, b"one", repeatable=True)

    again = transport.post("getPaymentStatus", hostile_server.url, b"two", repeatable=True)

    assert again.body == b"<ok/>"
    assert [request.body for request in hostile_server.requests] == [b"one", b"two", b"two"]


def test_what_is_not_repeatable_reaches_the_server_once(hostile_server: HostileServer) -> None:
    transport = CurlTransport(timeout_seconds=5)
    close_the_second_request(hostile_server)
    transport.post("refundPayment", hostile_server.url, b"one", repeatable=False)

    with pytest.raises(SeqrOutcomeUnknown):
        transport.post("refundPayment", hostile_server.url, b"two", repeatable=False)

    assert [request.body for request in hostile_server.requests] == [b"one", b"two"]
    assert hostile_server.connections == 2


def test_a_refused_repeat_does_not_hide_that_the_first_request_was_sent(
    hostile_server: HostileServer,
) -> None:
    def behave(line: Line) -> None:
        if len(hostile_server.requests) == 2:
            hostile_server.stop_listening()
            line.close()
        else:
            line.send(http(b"<ok/>"))

    transport = CurlTransport(timeout_seconds=5)
    hostile_server.behave = behave
    transport.post("sendInvoice", hostile_server.url, b"one", repeatable=True)

    with pytest.raises(SeqrOutcomeUnknown):
        transport.post("sendInvoice", hostile_server.url, b"two", repeatable=True)

    assert len(hostile_server.requests) == 2
