"""TLS is always verified, against an authority that is made for these tests."""

import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from payments.seqr import BulkStatusClient, PaymentStatus, SeqrClient, SeqrConfig, SeqrUnavailable
from tests.payments.seqr.hostile_server import HostileServer, Line
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


def test_a_new_connection_of_the_pollers_takes_up_the_tls_session_of_an_earlier_one(
    config: SeqrConfig,
    tls_server: HostileServer,
    authority_file: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority_file)
    resumed: list[bool] = []

    def answer_once(line: Line) -> None:
        resumed.append(line.tls_session_reused)
        line.send(answer("getPaymentStatus", ISSUED))
        line.close()

    tls_server.behave = answer_once
    url = f"https://localhost:{tls_server.port}/soap"
    calls = BulkStatusClient(replace(config, service_url=url), 10)

    outcomes = [ask(calls) for _ in range(2)]
    calls.close()

    assert all(isinstance(outcome, PaymentStatus) for outcome in outcomes)
    assert resumed == [False, True]


def test_the_poller_speaks_to_no_server_that_nobody_vouches_for(
    config: SeqrConfig, tls_server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    url = f"https://localhost:{tls_server.port}/soap"
    calls = BulkStatusClient(replace(config, service_url=url), 10)

    outcome = ask(calls)
    calls.close()

    assert isinstance(outcome, SeqrUnavailable)
    assert tls_server.requests == []


def ask(calls: BulkStatusClient) -> object:
    calls.send(1, "1001", 0)
    deadline = time.monotonic() + 5
    while not (replies := calls.collect()):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return replies[0].outcome
