"""SEQR: both addresses, its clock, and the credentials of terminals and resellers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from orders.audit import ChangeSource
from orders.models import SourceName, Terminal
from payments.credential_check import (
    CheckResult,
    CredentialCheck,
    check_reseller,
    check_stored_terminal,
)
from payments.gateway import credentials_of
from payments.stored_passwords import UnreadablePasswords, check_stored_passwords
from seqrshop.ops.doctor.certificates import certificate
from seqrshop.ops.doctor.check import concurrently
from seqrshop.ops.doctor.clocks import clock_finding
from seqrshop.ops.doctor.finding import Finding, count, failed, ok, unknown, warning
from seqrshop.ops.doctor.http_requests import Answer, RequestError, get
from seqrshop.unsafe_settings import is_loopback

CALL_LIMIT_SECONDS = 6.0
SOURCE = ChangeSource(SourceName.OPERATOR)
UNREACHABLE = "Check {name}, SSL_CERT_FILE, DNS and the firewall; if they are right, call SEQR."
_REFUSALS = {
    CheckResult.WRONG_PASSWORD: "SEQR refuses its password",
    CheckResult.UNKNOWN_ID: "SEQR does not know its ID",
    CheckResult.INACTIVE: "SEQR has closed it",
    CheckResult.NOT_ALLOWED: "SEQR allows it no such call",
    CheckResult.NO_LICENCE: "SEQR has no licence for it",
}


def seqr_service() -> Iterator[Finding]:
    """Check SEQR_SERVICE_URL, and SEQR's clock."""
    yield from _address("SEQR_SERVICE_URL", settings.SEQR_SERVICE_URL, with_clock=True)


def seqr_session() -> Iterator[Finding]:
    """Check SEQR_SESSION_URL."""
    yield from _address("SEQR_SESSION_URL", settings.SEQR_SESSION_URL, with_clock=False)


def _address(name: str, url: str, *, with_clock: bool) -> Iterator[Finding]:
    host = urlsplit(url).hostname or ""
    if urlsplit(url).scheme != "https" and not is_loopback(host):
        yield failed(
            name, "It is http: passwords travel unencrypted.", "Set the https address of SEQR."
        )
    try:
        answer = get(f"{url}?wsdl", timeout=settings.SEQR_TIMEOUT_SECONDS)
    except RequestError as error:
        yield failed(name, error.message, UNREACHABLE.format(name=name))
        return
    if answer.status in (404, 410):
        yield failed(
            name,
            f"{host} has no service at this path (HTTP status {answer.status}).",
            f"Correct {name}.",
        )
        return
    if answer.status in (502, 503, 504):
        yield failed(name, f"{host} answers with HTTP status {answer.status}.", "Call SEQR.")
        return
    yield ok(name, f"{host} answers.")
    if answer.days_left is not None:
        yield certificate(f"{name} (TLS)", host, answer.days_left)
    if with_clock:
        yield _clock(answer)


def _clock(answer: Answer) -> Finding:
    """Compare SEQR's header Date, which is the second that has begun."""
    try:
        other = parsedate_to_datetime(answer.headers.get("date", "")).timestamp() + 0.5
    except ValueError:
        return ok("clock of SEQR", "SEQR's answer has no time to compare with.")
    here = (answer.asked_at + answer.answered_at) / 2
    return clock_finding("SEQR", other - here, 0.5 + (answer.answered_at - answer.asked_at) / 2)


def credentials() -> Iterator[Finding]:
    """Check with SEQR the credentials of each terminal in use, and of each reseller."""
    try:
        terminals = list(Terminal.objects.filter(retired_at=None).select_related("seller"))
        check_stored_passwords()
    except (DatabaseError, InterfaceError):
        yield unknown("credentials", "PostgreSQL")
        return
    except UnreadablePasswords as error:
        yield failed("credentials", str(error), "docs/operations.md, Keys and passwords.")
        return
    if not terminals:
        yield warning(
            "credentials",
            "There is no terminal yet: nothing can be sold.",
            "Add it in the admin, or set SEQR_TERMINAL_ID and run migrate.",
        )
        return
    of_sellers = {each.seller_id: each for each in terminals}  # one terminal of each
    calls: dict[str, Callable[[], CredentialCheck]] = {
        f"terminal {each}": partial(check_stored_terminal, each, SOURCE) for each in terminals
    }
    calls |= {
        f"reseller of {each.seller}": partial(_check_reseller, each) for each in of_sellers.values()
    }
    results = dict(zip(calls, concurrently([*calls.values()], CALL_LIMIT_SECONDS), strict=True))
    yield from _refused(results)
    unclear = sum(result is None or result.is_unclear for result in results.values())
    if unclear:
        yield warning(
            "credentials",
            f"SEQR has not said whether it accepts {unclear} of {len(results)} accounts.",
            "Run this again once SEQR answers.",
        )
    elif all(result and result.is_accepted for result in results.values()):
        yield ok(
            "credentials",
            f"SEQR accepts {count(len(terminals), 'terminal')} and "
            f"{count(len(of_sellers), 'reseller')}.",
        )


def _check_reseller(terminal: Terminal) -> CredentialCheck:
    """Check the reseller account of a terminal's seller."""
    account = credentials_of(terminal)
    return check_reseller(
        account.reseller_id, account.reseller_user_id, account.reseller_password, SOURCE
    )


def _refused(results: Mapping[str, CredentialCheck | None]) -> Iterator[Finding]:
    for name, result in results.items():
        if result and result.result in _REFUSALS:
            yield failed(
                "credentials",
                f"{name[0].upper()}{name[1:]}: {_REFUSALS[result.result]} "
                f"(code {result.result_code}).",
                "Correct it in the admin, or in the settings that name it; otherwise call SEQR.",
            )
