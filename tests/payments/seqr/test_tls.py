"""TLS is always verified, against an authority that is made for these tests."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from payments.seqr import SeqrClient, SeqrConfig, SeqrUnavailable
from tests.payments.seqr.hostile_server import HostileServer
from tests.payments.seqr.sample_answers import ISSUED, answer


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authority_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[HostileServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = HostileServer(context)
    server.answer_with(answer("getPaymentStatus", ISSUED))
    yield server
    server.stop()


def client_of(config: SeqrConfig, host: str, server: HostileServer) -> SeqrClient:
    return SeqrClient(replace(config, service_url=f"https://{host}:{server.port}/soap"))


def test_a_trusted_server_is_spoken_to_over_one_kept_connection(
    config: SeqrConfig,
    tls_server: HostileServer,
    authority_file: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority_file)
    client = client_of(config, "localhost", tls_server)

    versions = [client.get_payment_status("1001", 0).version for _ in range(3)]

    assert versions == [1, 1, 1]
    assert tls_server.connections == 1


def test_a_server_that_nobody_vouches_for_gets_nothing(
    config: SeqrConfig, tls_server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    client = client_of(config, "localhost", tls_server)

    with pytest.raises(SeqrUnavailable, match="certificate of SEQR's server is not trusted"):
        client.get_payment_status("1001", 0)

    assert tls_server.requests == []


def test_a_server_with_another_hosts_certificate_gets_nothing(
    config: SeqrConfig,
    tls_server: HostileServer,
    authority_file: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority_file)
    client = client_of(config, "127.0.0.1", tls_server)

    with pytest.raises(SeqrUnavailable, match="certificate of SEQR's server is not trusted"):
        client.get_payment_status("1001", 0)

    assert tls_server.requests == []
