"""The process's client of SEQR, configured by the settings."""

from functools import cache

from django.conf import settings
from django.db import connection

from payments.seqr import BulkStatusClient, SeqrClient, SeqrConfig


@cache
def seqr() -> SeqrClient:
    """Return the client, created at the first call and kept with its connections."""
    return SeqrClient(_config(), before_call=_release_database_connection)


def status_calls(max_in_flight: int) -> BulkStatusClient:
    """Return a poller's own client for many concurrent status queries."""
    return BulkStatusClient(_config(), max_in_flight)


def _release_database_connection() -> None:
    """Return this thread's connection to the pool, so that no call to SEQR holds one.

    A call that hangs for seconds would otherwise keep a connection from threads that work.
    """
    if not connection.in_atomic_block:  # only a test calls SEQR within a transaction
        connection.close()


def own_terminal_id() -> str:
    """Return the ID of the terminal that the shop's invoices are issued by."""
    terminal_id: str = settings.SEQR_TERMINAL_ID
    return terminal_id


def _config() -> SeqrConfig:
    return SeqrConfig(
        service_url=settings.SEQR_SERVICE_URL,
        session_url=settings.SEQR_SESSION_URL,
        terminal_id=own_terminal_id(),
        terminal_password=settings.SEQR_TERMINAL_PASSWORD,
        reseller_id=settings.SEQR_RESELLER_ID,
        reseller_user_id=settings.SEQR_RESELLER_USER_ID,
        reseller_password=settings.SEQR_RESELLER_PASSWORD,
        client_id=settings.SEQR_CLIENT_ID,
        channel=settings.SEQR_CHANNEL,
        timeout_seconds=settings.SEQR_TIMEOUT_SECONDS,
        report_timeout_seconds=settings.SEQR_REPORT_TIMEOUT_SECONDS,
        report_stall_seconds=settings.SEQR_REPORT_STALL_SECONDS,
    )
