"""BulkStatusClient sends the gateway's own requests, many at a time, and times each one out."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from lxml import etree

from payments.seqr import (
    BulkStatusClient,
    PaymentStatus,
    SeqrClient,
    SeqrConfig,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrUnavailable,
)
from payments.seqr.bulk_status_client import POOL_CONNECTIONS
from tests.payments.seqr.bulk_calls import TERMINAL, bulk_client_of, collect_all
from tests.payments.seqr.conftest import SANDBOX_CREDENTIALS
from tests.payments.seqr.sample_responses import (
    ISSUED_FIELDS,
    ISSUED_RESPONSE,
    status_response,
)
from tests.payments.seqr.scripted_server import (
    Connection,
    Handler,
    Request,
    ScriptedServer,
    http_response,
)


@pytest.fixture
def bulk_client(config: SeqrConfig) -> Iterator[BulkStatusClient]:
    client = bulk_client_of(config, max_in_flight=200)
    yield client
    client.close()


@pytest.fixture
def short_timeout_bulk_client(config: SeqrConfig) -> Iterator[BulkStatusClient]:
    client = bulk_client_of(replace(config, timeout_seconds=0.5), max_in_flight=10)
    yield client
    client.close()


def canonical_body(request: Request) -> bytes:
    """Return the body without its client reference, which differs between calls."""
    root = etree.fromstring(request.body)
    for element in root.iter("clientReference"):
        element.text = "-"
    return etree.tostring(root, method="c14n")


def headers(request: Request) -> set[str]:
    return {line for line in request.head.splitlines() if "Content-Length" not in line}


@pytest.mark.parametrize("reference", ["1001", "a&b<c>'\"", "å ä ö", "\x07bell", " spaced "])
@pytest.mark.parametrize("version", [0, 7, 2**31 - 1])
def test_bulk_client_sends_the_same_request_as_the_gateway(
    client: SeqrClient,
    bulk_client: BulkStatusClient,
    server: ScriptedServer,
    reference: str,
    version: int,
) -> None:
    server.respond_with(ISSUED_RESPONSE)

    client.get_payment_status(reference, version)
    bulk_client.send(1, TERMINAL, reference, version)
    collect_all(bulk_client)

    single, bulk = server.requests
    assert canonical_body(single) == canonical_body(bulk)
    assert headers(single) == headers(bulk)


def test_each_call_has_its_own_client_reference(
    bulk_client: BulkStatusClient, server: ScriptedServer
) -> None:
    server.respond_with(ISSUED_RESPONSE)

    for key in range(5):
        bulk_client.send(key, TERMINAL, "1001", 0)
    completed = collect_all(bulk_client)

    sent = {
        etree.fromstring(request.body).findtext(".//clientReference") for request in server.requests
    }
    assert sent == {call.client_reference for call in completed}
    assert len(sent) == 5
    assert all(0 < len(reference or "") <= 32 for reference in sent)


def test_many_calls_run_at_a_time_over_kept_connections(
    bulk_client: BulkStatusClient, server: ScriptedServer
) -> None:
    server.respond_with(ISSUED_RESPONSE)
    size = POOL_CONNECTIONS + 10

    for _ in range(2):
        for key in range(size):
            bulk_client.send(key, TERMINAL, str(key), 0)
        assert len(bulk_client) == size
        completed = collect_all(bulk_client)

    assert sorted(call.key for call in completed) == list(range(size))
    assert all(isinstance(call.outcome, PaymentStatus) for call in completed)
    assert server.connections <= size


def test_completed_call_has_the_key_and_error_of_its_invoice(sandbox_config: SeqrConfig) -> None:
    client = bulk_client_of(sandbox_config, max_in_flight=10, credentials=SANDBOX_CREDENTIALS)

    client.send(1, TERMINAL, "no such invoice", 0)
    [call] = collect_all(client)
    client.close()

    assert call.key == 1
    assert isinstance(call.outcome, SeqrError)
    assert call.outcome.result_code == 54


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (Connection.close, SeqrOutcomeUnknown),
        (Connection.reset, SeqrOutcomeUnknown),
        (Connection.stall, SeqrOutcomeUnknown),
        (lambda connection: connection.trickle(ISSUED_RESPONSE, 0.1), SeqrOutcomeUnknown),
        (lambda connection: connection.send(b"not HTTP at all\r\n\r\n"), SeqrError),
        (lambda connection: connection.send(http_response(b"x" * 5_000_000)), SeqrOutcomeUnknown),
    ],
    ids=["closed", "reset", "stalled", "trickling", "not HTTP", "oversized"],
)
def test_failing_call_ends_in_the_gateways_error_after_the_timeout(
    short_timeout_bulk_client: BulkStatusClient,
    server: ScriptedServer,
    handler: Handler,
    error: type[SeqrError],
) -> None:
    server.handler = handler

    short_timeout_bulk_client.send(7, TERMINAL, "1001", 0)
    [call] = collect_all(short_timeout_bulk_client, timeout_seconds=10)

    assert call.key == 7
    assert isinstance(call.outcome, error)


def test_refused_connection_means_nothing_was_sent(
    bulk_client: BulkStatusClient, server: ScriptedServer
) -> None:
    server.stop()

    bulk_client.send(7, TERMINAL, "1001", 0)
    [call] = collect_all(bulk_client)

    assert isinstance(call.outcome, SeqrUnavailable)


def test_abandoned_calls_end_at_once_and_free_capacity(
    config: SeqrConfig, server: ScriptedServer
) -> None:
    client = bulk_client_of(config, max_in_flight=1)
    server.handler = Connection.stall
    client.send(7, TERMINAL, "1001", 0)
    client.collect()
    time.sleep(0.02)

    old = client.keys_older_than(0.01)
    abandoned = client.abandon(7)

    assert (old, abandoned, len(client)) == ([7], 1, 0)
    server.respond_with(ISSUED_RESPONSE)
    client.send(8, TERMINAL, "1001", 0)
    [call] = collect_all(client)
    client.close()
    assert isinstance(call.outcome, PaymentStatus)


def test_calls_about_one_invoice_can_be_repeated_and_abandoned_together(
    config: SeqrConfig, server: ScriptedServer
) -> None:
    client = bulk_client_of(config, max_in_flight=3)
    server.handler = Connection.stall
    for key in (7, 8, 7):
        client.send(key, TERMINAL, "1001", 0)
    client.flush()

    abandoned = client.abandon(7)

    assert (abandoned, client.keys_older_than(-1), len(client)) == (2, [8], 1)
    client.close()


def test_flushed_call_reaches_seqr_before_results_are_collected(
    bulk_client: BulkStatusClient, server: ScriptedServer
) -> None:
    server.respond_with(ISSUED_RESPONSE)
    bulk_client.send(1, TERMINAL, "1001", 0)
    collect_all(bulk_client)  # connects
    bulk_client.send(2, TERMINAL, "1002", 0)

    bulk_client.flush()

    deadline = time.monotonic() + 30
    while len(server.requests) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert len(server.requests) == 2


def test_response_in_several_chunks_is_read_whole(
    bulk_client: BulkStatusClient, server: ScriptedServer
) -> None:
    description = f"<resultDescription>{'SUCCESS ' * 2_500}</resultDescription>"
    server.respond_with(status_response(ISSUED_FIELDS + description))

    bulk_client.send(1, TERMINAL, "1001", 0)
    [call] = collect_all(bulk_client)

    assert isinstance(call.outcome, PaymentStatus)
