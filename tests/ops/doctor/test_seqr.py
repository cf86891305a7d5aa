"""The doctor's lines about SEQR: addresses, TLS, clock and credentials."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest
import trustme
from django.utils import timezone
from pytest_django import Settings

from orders.models import AuditEvent, SourceName
from seqrshop.ops.doctor import seqr as checks
from seqrshop.ops.doctor.seqr import credentials, seqr_service, seqr_session
from tests.factories import SellerFactory, TerminalFactory
from tests.fault_proxy import FaultProxy
from tests.ops.doctor.https_server import https_server, response
from tests.ops.doctor.results import levels, only
from tests.payments.seqr.scripted_server import ScriptedServer
from tests.sandbox_process import SandboxProcess
from tests.stored_passwords import OTHER_KEY, ciphertext_by, terminal_with


@pytest.fixture
def seqr(settings: Settings) -> Iterator[ScriptedServer]:
    """A server at both of SEQR's addresses, over http on this machine."""
    server = ScriptedServer()
    settings.SEQR_SERVICE_URL = settings.SEQR_SESSION_URL = server.url
    yield server
    server.stop()


def answer(status: int = 200, *, clock_ahead: float = 0.0) -> bytes:
    return response(status, Date=formatdate(time.time() + clock_ahead, usegmt=True))


def test_both_addresses_of_the_sandbox_are_ok(sandbox: SandboxProcess) -> None:
    found = [*seqr_service(), *seqr_session()]

    assert levels(found) == {
        "SEQR_SERVICE_URL": "ok",
        "clock of SEQR": "ok",
        "SEQR_SESSION_URL": "ok",
    }


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "127.0.0.1 has no service at this path (HTTP status 404)."),
        (503, "127.0.0.1 answers with HTTP status 503."),
    ],
)
def test_address_without_a_service_fails(seqr: ScriptedServer, status: int, message: str) -> None:
    seqr.respond_with(answer(status))

    assert only(seqr_session()).message == message


def test_address_where_nothing_listens_fails(seqr_away: None) -> None:
    assert levels(seqr_service()) == {"SEQR_SERVICE_URL": "failed"}


def test_address_over_http_fails_outside_this_machine(settings: Settings) -> None:
    settings.SEQR_SERVICE_URL = "http://seqr.invalid/soap"

    found = list(seqr_service())

    assert [each.message for each in found] == [
        "It is http: passwords travel unencrypted.",
        "The host name seqr.invalid is unknown.",
    ]


@pytest.mark.parametrize(
    ("clock_ahead", "level"),
    [(0.0, "ok"), (-1.0, "ok"), (4.5, "warning"), (-4.5, "warning"), (30.0, "failed")],
)
def test_clock_is_compared_with_seqrs_date(
    seqr: ScriptedServer, clock_ahead: float, level: str
) -> None:
    seqr.respond_with(answer(clock_ahead=clock_ahead))

    assert levels(seqr_service())["clock of SEQR"] == level


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_answer_without_a_date_says_nothing_about_the_clock(
    seqr: ScriptedServer, headers: Any
) -> None:
    seqr.respond_with(response(200, **headers))

    assert levels(seqr_service())["clock of SEQR"] == "ok"


def test_certificate_that_the_shop_trusts_is_ok_and_an_expired_one_fails(
    trusted: trustme.CA, settings: Settings
) -> None:
    with https_server(trusted) as server, https_server(trusted, days=-1) as expired:
        server.respond_with(answer())
        settings.SEQR_SERVICE_URL = f"https://localhost:{server.port}/soap"
        settings.SEQR_SESSION_URL = f"https://localhost:{expired.port}/soap"

        service, session = levels(seqr_service()), only(seqr_session())

    assert service["SEQR_SERVICE_URL (TLS)"] == "ok"
    assert session.message == "The certificate of localhost has expired."


# --- Credentials ---------------------------------------------------------------------------------


def test_accepted_terminals_and_resellers_are_one_line(
    transactional_db: None, sandbox: SandboxProcess
) -> None:
    TerminalFactory.create()
    sandbox.add_terminal("till-2", "secret-2")
    TerminalFactory.create(principal_id="till-2", password="secret-2", label="Till 2")

    (finding,) = credentials()

    assert (finding.level, finding.message) == ("ok", "SEQR accepts 2 terminals and 1 reseller.")
    sources = AuditEvent.objects.filter(name="getPaymentStatus").values_list("source", flat=True)
    assert {*sources} == {SourceName.OPERATOR}


def test_refused_terminal_and_reseller_are_named_without_their_passwords(
    transactional_db: None, sandbox: SandboxProcess
) -> None:
    TerminalFactory.create()
    sandbox.add_terminal("till-2", "secret-2")
    seller = SellerFactory.create(
        reseller_id="no-such-reseller", reseller_password="wrong-secret", legal_name="Hamnen AB"
    )
    TerminalFactory.create(
        principal_id="till-2", password="wrong-secret", label="Till 2", seller=seller
    )

    found = list(credentials())

    assert [(each.level, each.message) for each in found] == [
        ("failed", "Terminal Till 2: SEQR refuses its password (code 20)."),
        ("failed", f"Reseller of {seller}: SEQR does not know its ID (code 37)."),
    ]
    assert "wrong-secret" not in str(found)


def test_credentials_are_unclear_while_seqr_is_away(
    transactional_db: None, seqr_away: None
) -> None:
    TerminalFactory.create()

    (finding,) = credentials()

    assert finding.level == "warning"
    assert "2 of 2 accounts" in finding.message


def test_credentials_are_unclear_while_seqr_hangs(
    transactional_db: None,
    seqr_proxy: FaultProxy,
    monkeypatch: pytest.MonkeyPatch,
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    monkeypatch.setattr(checks, "CALL_LIMIT_SECONDS", 0.3)
    seqr_proxy.swallow = "*"
    TerminalFactory.create()
    began_at = time.monotonic()

    (finding,) = credentials()

    assert finding.level == "warning"
    assert time.monotonic() - began_at < 3
    seqr_proxy.close()
    eventually(lambda: AuditEvent.objects.filter(source=SourceName.OPERATOR).count() == 2)


def test_retired_terminal_is_not_called(transactional_db: None, sandbox: SandboxProcess) -> None:
    TerminalFactory.create(retired_at=timezone.now(), password="")

    (finding,) = credentials()

    assert finding.message == "There is no terminal yet: nothing can be sold."
    assert sandbox.calls() == []


def test_password_that_no_key_decrypts_fails(transactional_db: None) -> None:
    terminal_with(ciphertext_by(OTHER_KEY, "secret-2"))

    (finding,) = credentials()

    assert finding.message.startswith("ENCRYPTION_KEYS has no key that decrypts")


def test_credentials_are_not_known_without_the_database(postgresql_down: None) -> None:
    assert levels(credentials()) == {"credentials": "warning"}
