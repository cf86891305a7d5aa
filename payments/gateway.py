"""The process's client of SEQR: the settings, and the credentials of one terminal."""

import logging
from dataclasses import replace
from functools import cache

from django.conf import settings
from django.db import connection
from django.db.models import BigIntegerField

from orders.compiled_query import CompiledQuery, Parameter
from orders.encryption import UnreadableSecret, decrypt
from orders.models import Seller, Terminal
from payments.seqr import (
    BulkStatusClient,
    CallRecord,
    Credentials,
    MessageObserver,
    ObservedTransport,
    SeqrClient,
    SeqrConfig,
    code_label,
)
from seqrshop.process_metrics import CALL_SECONDS, CALLS
from seqrshop.telemetry import traces

logger = logging.getLogger(__name__)

OTHER_TERMINAL = "other"  # in metrics: one that somebody has entered, and that is not stored

_stored_terminal_ids: set[str] = set()  # that this process has used
_TERMINAL = CompiledQuery(
    lambda: Terminal.objects.select_related("seller").filter(pk=Parameter("id", BigIntegerField()))
)


def seqr(terminal_id: int) -> SeqrClient:
    """Return the client that calls SEQR as this row of Terminal, and as its seller's reseller.

    All clients share the process's connections. The row is read anew each time, so that a corrected
    password is used at once.
    """
    return seqr_with(credentials_of(_TERMINAL.get(id=terminal_id)))


def seqr_with(credentials: Credentials) -> SeqrClient:
    """Return the client that calls SEQR with these credentials, whether they are stored or not."""
    return _client().with_credentials(credentials)


def certification_client(
    credentials: Credentials, client_id: str, client_reference: str, observer: MessageObserver
) -> SeqrClient:
    """Return a client that names company and system in each call, as SEQR's certification asks.

    It has connections of its own, and shows each message to `observer`.
    """
    config = replace(_config(), client_id=client_id, client_reference=client_reference)
    transport = ObservedTransport(config.timeout_seconds, observer)
    return _client_of(config, credentials, transport)


def status_calls(max_in_flight: int) -> BulkStatusClient:
    """Return a poller's own client for many concurrent status queries, of all terminals."""
    return BulkStatusClient(_config(), max_in_flight)


def credentials_of(terminal: Terminal) -> Credentials:
    """Return a terminal's credentials. The settings override the rows with the same IDs.

    A password that no key decrypts is left empty: SEQR then refuses the terminal, which pauses its
    payments and opens a case, as a wrong password does.
    """
    _stored_terminal_ids.add(terminal.principal_id)
    if terminal.principal_id == settings.SEQR_TERMINAL_ID:
        password = settings.SEQR_TERMINAL_PASSWORD
    else:
        password = _decrypted(terminal.password_ciphertext, terminal)
    return replace(
        reseller_credentials(terminal.seller),
        terminal_id=terminal.principal_id,
        terminal_password=password,
    )


def reseller_credentials(seller: Seller) -> Credentials:
    """Return the credentials of a seller's reseller account, without a terminal's.

    The rules of `credentials_of` apply.
    """
    if seller.reseller_id == settings.SEQR_RESELLER_ID:
        user_id = settings.SEQR_RESELLER_USER_ID
        password = settings.SEQR_RESELLER_PASSWORD
    else:
        user_id = seller.reseller_user_id
        password = _decrypted(seller.reseller_password_ciphertext, seller)
    return Credentials(
        terminal_id="",
        terminal_password="",
        reseller_id=seller.reseller_id,
        reseller_user_id=user_id,
        reseller_password=password,
    )


def _decrypted(ciphertext: str, owner: Terminal | Seller) -> str:
    try:
        return decrypt(ciphertext)
    except UnreadableSecret as error:
        logger.error("%s %s: %s", type(owner).__name__, owner.pk, error)
        return ""


@cache
def _client() -> SeqrClient:
    """Return the client whose connections all others share, created at the first call."""
    return _client_of(_config(), Credentials("", "", "", "", ""))


def _client_of(
    config: SeqrConfig, credentials: Credentials, transport: ObservedTransport | None = None
) -> SeqrClient:
    return SeqrClient(
        config,
        credentials,
        before_call=_release_database_connection,
        after_call=_report_call,
        transport=transport,
    )


def forget_connections() -> None:
    """Let the next call connect anew, at the address of the settings. Only tests need it."""
    _client.cache_clear()


def _release_database_connection() -> None:
    """Return this thread's connection to the pool, so that no call to SEQR holds one.

    A call that hangs for seconds would otherwise keep a connection from threads that work.
    """
    if not connection.in_atomic_block:  # only a test calls SEQR within a transaction
        connection.close()


def _report_call(terminal_id: str, call: CallRecord) -> None:
    """Count a call to SEQR, and make its span."""
    terminal = terminal_id if terminal_id in _stored_terminal_ids else OTHER_TERMINAL
    CALLS.add(call.operation, code_label(call.result_code), terminal)
    CALL_SECONDS.observe(call.duration_ms / 1000, call.operation)
    traces.record_call(
        call.operation,
        call.duration_ms,
        client_reference=call.client_reference,
        result_code=call.result_code,
    )


def _config() -> SeqrConfig:
    return SeqrConfig(
        service_url=settings.SEQR_SERVICE_URL,
        session_url=settings.SEQR_SESSION_URL,
        client_id=settings.SEQR_CLIENT_ID,
        channel=settings.SEQR_CHANNEL,
        timeout_seconds=settings.SEQR_TIMEOUT_SECONDS,
        report_timeout_seconds=settings.SEQR_REPORT_TIMEOUT_SECONDS,
        report_stall_seconds=settings.SEQR_REPORT_STALL_SECONDS,
    )
