"""A call carries the credentials of its own terminal, over connections that all share."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from lxml import etree

from payments.seqr import BulkStatusClient, CallRecord, Credentials, SeqrClient, SeqrConfig
from tests.payments.seqr.bulk_calls import TERMINAL, bulk_client_of, collect_all
from tests.payments.seqr.conftest import CREDENTIALS, PASSWORD, RESELLER_PASSWORD
from tests.payments.seqr.sample_calls import SAMPLE_CALLS
from tests.payments.seqr.sample_responses import ISSUED_RESPONSE
from tests.payments.seqr.scripted_server import Request, ScriptedServer

OTHER_TERMINAL = TERMINAL + 1
OTHER_CREDENTIALS = Credentials(
    "terminal-2", "other-secret-1", "reseller-2", "17", "other-secret-2"
)


@pytest.fixture
def bulk_client(config: SeqrConfig) -> Iterator[BulkStatusClient]:
    client = bulk_client_of(config, max_in_flight=10)
    yield client
    client.close()


def principal_of(request: Request) -> tuple[str, str]:
    """Return the ID and the password that a request carries."""
    context = etree.fromstring(request.body).find(".//context")
    assert context is not None
    return context.findtext("initiatorPrincipalId/id", ""), context.findtext("password", "")


def principals(server: ScriptedServer) -> dict[str, tuple[str, str]]:
    """Return the principal of each getPaymentStatus request, by its invoice reference."""
    return {
        etree.fromstring(request.body).findtext(".//invoiceReference", ""): principal_of(request)
        for request in server.requests
    }


def test_queries_of_two_terminals_carry_their_own_credentials(
    bulk_client: BulkStatusClient, server: ScriptedServer
) -> None:
    server.respond_with(ISSUED_RESPONSE)
    bulk_client.set_credentials(OTHER_TERMINAL, OTHER_CREDENTIALS)

    for key in range(4):
        terminal = OTHER_TERMINAL if key % 2 else TERMINAL
        bulk_client.send(key, terminal, f"{terminal}-{key}", 0)
    completed = collect_all(bulk_client)

    own, other = ("terminal-1", PASSWORD), ("terminal-2", "other-secret-1")
    assert len(completed) == 4
    assert principals(server) == {"1-0": own, "2-1": other, "1-2": own, "2-3": other}


def test_changed_password_is_sent_with_the_next_query_of_its_terminal_alone(
    bulk_client: BulkStatusClient, server: ScriptedServer
) -> None:
    server.respond_with(ISSUED_RESPONSE)
    bulk_client.set_credentials(OTHER_TERMINAL, OTHER_CREDENTIALS)
    bulk_client.send(1, TERMINAL, "before", 0)
    collect_all(bulk_client)

    bulk_client.set_credentials(TERMINAL, replace(CREDENTIALS, terminal_password="changed"))
    bulk_client.send(1, TERMINAL, "after", 0)
    bulk_client.send(2, OTHER_TERMINAL, "other", 0)
    collect_all(bulk_client)

    assert principals(server) == {
        "before": ("terminal-1", PASSWORD),
        "after": ("terminal-1", "changed"),
        "other": ("terminal-2", "other-secret-1"),
    }


def test_query_in_flight_ends_in_its_status_after_its_credentials_have_changed(
    bulk_client: BulkStatusClient, server: ScriptedServer
) -> None:
    server.handler = lambda connection: connection.trickle(ISSUED_RESPONSE, 0.0005)
    bulk_client.send(1, TERMINAL, "1001", 0)
    bulk_client.flush()

    bulk_client.set_credentials(TERMINAL, OTHER_CREDENTIALS)
    [call] = collect_all(bulk_client)

    assert not isinstance(call.outcome, Exception)
    assert principals(server) == {"1001": ("terminal-1", PASSWORD)}


def test_client_with_other_credentials_calls_as_the_other_terminal_and_its_reseller(
    client: SeqrClient, server: ScriptedServer
) -> None:
    other = client.with_credentials(OTHER_CREDENTIALS)
    sent = []
    for operation in ("cancelInvoice", "markTransactionPeriod"):
        server.respond_with(SAMPLE_CALLS[operation].response)
        for each in (other, client):
            SAMPLE_CALLS[operation].minimal(each)
            sent.append(principal_of(server.requests[-1]))

    reseller = etree.fromstring(server.requests[2].body).findtext(".//userId")
    assert sent == [
        ("terminal-2", "other-secret-1"),
        ("terminal-1", PASSWORD),
        ("reseller-2", "other-secret-2"),
        ("reseller-1", RESELLER_PASSWORD),
    ]
    assert reseller == "17"


def test_clients_of_two_terminals_share_a_connection(
    client: SeqrClient, server: ScriptedServer
) -> None:
    server.respond_with(ISSUED_RESPONSE)

    for credentials in (CREDENTIALS, OTHER_CREDENTIALS, CREDENTIALS):
        client.with_credentials(credentials).get_payment_status("1001", 0)

    assert server.connections == 1


def test_client_with_other_credentials_keeps_the_listener(
    listening_client: SeqrClient, server: ScriptedServer, records: list[CallRecord]
) -> None:
    server.respond_with(ISSUED_RESPONSE)

    listening_client.with_credentials(OTHER_CREDENTIALS).get_payment_status("1001", 0)

    assert [record.operation for record in records] == ["getPaymentStatus"]


def test_repr_of_credentials_shows_the_ids_and_no_password() -> None:
    text = repr(OTHER_CREDENTIALS)

    assert "terminal-2" in text
    assert "reseller-2" in text
    assert "other-secret" not in text
