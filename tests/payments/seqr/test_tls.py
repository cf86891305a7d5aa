"""TLS is always verified. The tests make a certificate authority of their own."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from payments.seqr import (
    BulkStatusClient,
    PaymentStatus,
    SeqrClient,
    SeqrConfig,
    SeqrError,
    SeqrUnavailable,
)
from tests.payments.seqr.bulk_calls import TERMINAL, bulk_client_of, collect_all
from tests.payments.seqr.conftest import CREDENTIALS
from tests.payments.seqr.sample_responses import ISSUED_RESPONSE
from tests.payments.seqr.scripted_server import Connection, ScriptedServer


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted_authority(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


@pytest.fixture
def unknown_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = ScriptedServer(context)
    server.respond_with(ISSUED_RESPONSE)
    yield server
    server.stop()


@pytest.fixture
def tls_config(config: SeqrConfig, tls_server: ScriptedServer) -> SeqrConfig:
    return replace(config, service_url=f"https://localhost:{tls_server.port}/soap")


@pytest.fixture
def bulk_client(tls_config: SeqrConfig) -> Iterator[BulkStatusClient]:
    client = bulk_client_of(tls_config, max_in_flight=10)
    yield client
    client.close()


def poll(client: BulkStatusClient) -> PaymentStatus | SeqrError:
    client.send(1, TERMINAL, "1001", 0)
    [call] = collect_all(client)
    return call.outcome


@pytest.mark.usefixtures("trusted_authority")
def test_trusted_server_is_called_over_one_kept_connection(
    tls_config: SeqrConfig, tls_server: ScriptedServer
) -> None:
    client = SeqrClient(tls_config, CREDENTIALS)

    versions = [client.get_payment_status("1001", 0).version for _ in range(3)]

    assert versions == [1, 1, 1]
    assert tls_server.connections == 1


@pytest.mark.usefixtures("unknown_authority")
def test_server_with_an_untrusted_certificate_gets_no_request(
    tls_config: SeqrConfig, tls_server: ScriptedServer
) -> None:
    with pytest.raises(SeqrUnavailable, match="certificate of SEQR's server is not trusted"):
        SeqrClient(tls_config, CREDENTIALS).get_payment_status("1001", 0)

    assert tls_server.requests == []


@pytest.mark.usefixtures("trusted_authority")
def test_server_with_another_hosts_certificate_gets_no_request(
    tls_config: SeqrConfig, tls_server: ScriptedServer
) -> None:
    url = tls_config.service_url.replace("localhost", "127.0.0.1")
    client = SeqrClient(replace(tls_config, service_url=url), CREDENTIALS)

    with pytest.raises(SeqrUnavailable, match="certificate of SEQR's server is not trusted"):
        client.get_payment_status("1001", 0)

    assert tls_server.requests == []


@pytest.mark.usefixtures("trusted_authority")
def test_bulk_client_resumes_the_tls_session_on_a_new_connection(
    bulk_client: BulkStatusClient, tls_server: ScriptedServer
) -> None:
    resumed: list[bool] = []

    def respond_once(connection: Connection) -> None:
        resumed.append(connection.tls_session_reused)
        connection.send(ISSUED_RESPONSE)
        connection.close()

    tls_server.handler = respond_once

    outcomes = [poll(bulk_client) for _ in range(2)]

    assert all(isinstance(outcome, PaymentStatus) for outcome in outcomes)
    assert resumed == [False, True]


@pytest.mark.usefixtures("unknown_authority")
def test_bulk_client_sends_no_request_to_an_untrusted_server(
    bulk_client: BulkStatusClient, tls_server: ScriptedServer
) -> None:
    assert isinstance(poll(bulk_client), SeqrUnavailable)
    assert tls_server.requests == []
