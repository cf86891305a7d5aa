"""Connections to PostgreSQL that never wait long for an answer, and their limits.

The server ends a statement after STATEMENT_TIMEOUT_SECONDS, and a wait for a lock after
LOCK_TIMEOUT_SECONDS. A server that hangs, or one behind a network that loses packets, ends nothing:
there the client closes the connection after ANSWER_TIMEOUT_SECONDS.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import ReadOnlySqlTransaction, _WaitTimeout

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

STATEMENT_TIMEOUT_SECONDS = 5
LOCK_TIMEOUT_SECONDS = 3
IDLE_IN_TRANSACTION_TIMEOUT_SECONDS = 60  # of a process that is frozen while it holds locks
# The server is given the chance to end a statement first, since its error is more precise.
ANSWER_TIMEOUT_SECONDS = STATEMENT_TIMEOUT_SECONDS + 1.0
CHECK_TIMEOUT_SECONDS = 1.0
CHECK_AFTER_IDLE_SECONDS = 1.0
POOL_CHECK = ""  # the statement by which the pool checks a connection before it lends it
WAIT_INTERVAL_SECONDS = 0.1  # psycopg's own, after which Ctrl-C is noticed
POOL_SIZE = 20  # connections of one process
# Threads that wait for one; each beyond is refused at once, so that it delays none of them. The 64
# of the status checks and those of all requests fit in: a check that is refused may cost a payment.
POOL_MAX_WAITING = 128
POOL_TIMEOUT_SECONDS = 1.5
RECONNECT_TIMEOUT_SECONDS = 1.0
PREPARE_THRESHOLD = 2  # executions of a statement in a connection, after which it is prepared

# For `manage.py migrate`. A migration may take long, but not wait long for a lock: every later
# statement about the table waits behind it.
MIGRATION_STATEMENT_TIMEOUT_SECONDS = 900
MIGRATION_LOCK_TIMEOUT_SECONDS = 3

T = TypeVar("T")


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that closes itself when PostgreSQL does not answer, or may not write.

    After a fail-over the former primary may go on as a standby; the pool then connects anew.
    """

    answer_timeout_seconds = ANSWER_TIMEOUT_SECONDS
    answered_at = float("-inf")  # by time.monotonic()

    def wait(
        self,
        gen: PQGen[T],
        interval: float = WAIT_INTERVAL_SECONDS,
        timeout: float | None = None,
    ) -> T:
        """Wait for an answer. Raises OperationalError after `answer_timeout_seconds`.

        Raises OperationalError, and no InternalError, for a write on a standby too: callers then
        treat the database as unavailable.
        """
        if timeout is not None:  # psycopg's own limit, which it handles itself
            return super().wait(gen, interval, timeout)
        try:
            answer = super().wait(gen, interval, self.answer_timeout_seconds)
        except _WaitTimeout:
            self.pgconn.finish()  # its state is unknown
            raise psycopg.OperationalError("PostgreSQL does not answer") from None
        except ReadOnlySqlTransaction:
            self.pgconn.finish()
            raise psycopg.OperationalError("PostgreSQL is a standby") from None
        self.answered_at = time.monotonic()
        return answer

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> psycopg.Cursor[Any]:
        """Execute a check, which has CHECK_TIMEOUT_SECONDS.

        The pool checks an idle connection with it, and a process its settings when it starts.
        Django executes its statements with cursors. The pool's check is skipped for a connection
        that was used within CHECK_AFTER_IDLE_SECONDS and that the server has not closed since.
        """
        if query == POOL_CHECK and self._was_used_just_now():
            return self.cursor()
        with answer_timeout(self, CHECK_TIMEOUT_SECONDS):
            return super().execute(query, *args, **kwargs)

    def _was_used_just_now(self) -> bool:
        """Return whether the server has just answered, and has sent nothing since.

        An idle connection has something to read only where the server has closed it, or is about
        to.
        """
        if time.monotonic() - self.answered_at >= CHECK_AFTER_IDLE_SECONDS:
            return False
        unread = select.poll()
        unread.register(self.pgconn.socket, select.POLLIN)
        return not unread.poll(0)


@contextmanager
def answer_timeout(connection: BoundedConnection, seconds: float) -> Iterator[None]:
    """Let the connection wait so many seconds for each answer within the block."""
    before = connection.answer_timeout_seconds
    connection.answer_timeout_seconds = seconds
    try:
        yield
    finally:
        connection.answer_timeout_seconds = before


def connect_outside_pool(database: BaseDatabaseWrapper) -> BoundedConnection:
    """Connect to Django's database without its pool. Raises OperationalError.

    For a process that may fork later: its children would inherit the pool's connections, but not
    the pool's threads. The caller closes the connection.
    """
    return BoundedConnection.connect(**database.get_connection_params(), autocommit=True)


def connection_options(from_url: dict[str, Any]) -> dict[str, Any]:
    """Return the OPTIONS of Django's DATABASES; those in DATABASE_URL win.

    Values are sent apart from a statement's text, so that a statement that repeats is prepared:
    PostgreSQL then plans it no more at each execution.
    """
    server_settings = {
        "statement_timeout": f"{STATEMENT_TIMEOUT_SECONDS}s",
        "lock_timeout": f"{LOCK_TIMEOUT_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_TIMEOUT_SECONDS}s",
        # A statement uses one core at most, so that payments never wait for a long list, and starts
        # no further process for a read of a few rows whose number PostgreSQL estimates wrongly.
        "max_parallel_workers_per_gather": "0",
    }
    return {
        "connect_timeout": 2,  # the least that libpq's rules allow
        "options": " ".join(f"-c {name}={value}" for name, value in server_settings.items()),
        # A connection to a host that vanished from the network is closed within 5 seconds.
        "tcp_user_timeout": 5_000,
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "server_side_binding": True,
        "prepare_threshold": PREPARE_THRESHOLD,
        **from_url,
        "pool": {
            "connection_class": BoundedConnection,
            "min_size": 1,
            "max_size": POOL_SIZE,
            "max_waiting": POOL_MAX_WAITING,
            "timeout": POOL_TIMEOUT_SECONDS,
            # After it the pool gives up, and the next request makes it try at once. The default of
            # 300 seconds has pauses of up to two minutes between two attempts.
            "reconnect_timeout": RECONNECT_TIMEOUT_SECONDS,
        },
    }
