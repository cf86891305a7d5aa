"""BulkStatusClient: getPaymentStatus for thousands of invoices in one thread that never blocks.

libcurl's multi interface runs the transfers; the thread only starts calls and collects finished
ones. A multi handle searches all its connections for a free one, so the connections are spread
over pools that are small enough to make the search cheap. libcurl passes over all calls of a pool
each time, so it costs least when many calls are started, and many collected, at a time. A full pool
is started, and the one before it collected, so that quick answers free handles which are still in
the processor's cache.
"""

import time
import uuid
from typing import NamedTuple

import pycurl

from payments.seqr.config import Credentials, SeqrConfig
from payments.seqr.errors import SeqrError
from payments.seqr.operations import GET_PAYMENT_STATUS
from payments.seqr.status_codec import StatusRequest, StatusResponses
from payments.seqr.transport import MAX_RESPONSE_BYTES, HttpResponse, configure, curl_error
from payments.seqr.types import PaymentStatus

POOL_CONNECTIONS = 64
EARLY_START_CALLS = 16  # new ones of a full pool, so that a pass over all its calls is worth it
BUFFER_BYTES = 4096  # about ten times the usual response
# A query can be repeated at any time, so it need not wait for a server that does not accept it. The
# time is shared by the addresses of SEQR's name: one of two may be unreachable.
CONNECT_TIMEOUT_SECONDS = 2.0


class CompletedStatusCall(NamedTuple):
    """A finished call: the status of invoice `key`, or the error of the call.

    `terminal` is the caller's number for the terminal that called.
    """

    key: int
    terminal: int
    outcome: PaymentStatus | SeqrError
    client_reference: str
    duration_seconds: float


class BulkStatusClient:
    """Runs up to `max_in_flight` getPaymentStatus calls at a time. Not thread-safe.

    Several calls about one invoice may be in flight. Another thread may call `set_credentials`.
    """

    def __init__(self, config: SeqrConfig, max_in_flight: int) -> None:
        self._config = config
        self._requests: dict[int, StatusRequest] = {}  # by terminal
        self._responses = StatusResponses()
        # 20 of the 32 characters that SEQR allows; the calls' numbers get the rest.
        self._reference_prefix = uuid.uuid4().hex[:20]
        self._sent_calls = 0
        self._uncollected_count = 0
        # The pools share TLS sessions, which shortens the handshake of a new connection.
        self._tls_sessions = pycurl.CurlShare()
        self._tls_sessions.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_SSL_SESSION)
        self._pools = [
            _ConnectionPool(config, self._tls_sessions, min(POOL_CONNECTIONS, max_in_flight - used))
            for used in range(0, max_in_flight, POOL_CONNECTIONS)
        ]
        self._pool = self._pools[0]
        self._full_pool: _ConnectionPool | None = None  # the last one that was started early
        self._completed: list[CompletedStatusCall] = []  # collected early

    def __len__(self) -> int:
        """Return the number of calls sent and not collected."""
        return self._uncollected_count

    def set_credentials(self, terminal: int, credentials: Credentials) -> None:
        """Let later calls as `terminal`, the caller's number for it, use these credentials."""
        self._requests[terminal] = StatusRequest(self._config, credentials)

    def send(self, key: int, terminal: int, invoice_reference: str, invoice_version: int) -> None:
        """Prepare a call as `terminal`, which `flush` starts.

        The terminal's credentials must be set. The caller must not exceed `max_in_flight`.
        """
        request = self._requests[terminal]
        pool = self._pool
        if not pool.has_capacity:
            pool = self._leave_full_pool()
        self._sent_calls += 1
        self._uncollected_count += 1
        client_reference = f"{self._reference_prefix}{self._sent_calls:x}"
        envelope = request.encode(invoice_reference, invoice_version, client_reference)
        pool.start(key, terminal, client_reference, envelope)

    def flush(self) -> None:
        """Pass the prepared calls to the network, without waiting."""
        for pool in self._pools:
            if pool.new_calls:
                pool.perform()
        self._full_pool = None

    def collect(self) -> list[CompletedStatusCall]:
        """Run the transfers as far as possible without waiting; return the finished calls."""
        for pool in self._pools:
            if pool.is_active:
                self._collect_from(pool)
        self._pool = self._pools[0]  # the first ones are filled, so that the last ones stay idle
        completed, self._completed = self._completed, []
        self._uncollected_count -= len(completed)
        return completed

    def _leave_full_pool(self) -> "_ConnectionPool":
        """Start a full pool's calls, collect from the one before it, and return one with room.

        While SEQR answers slowly, a pool has few new calls, and this only returns another one.
        """
        full, before = self._pool, self._full_pool
        if full.new_calls >= EARLY_START_CALLS:
            full.perform()
            self._full_pool = full
            if before is not None:
                self._collect_from(before)
        self._pool = next(pool for pool in self._pools if pool.has_capacity)
        return self._pool

    def keys_older_than(self, seconds: float) -> list[int]:
        """Return the key of each call that has been in flight for longer."""
        return [call.key for call in self._calls_older_than(seconds)]

    def abandon(self, key: int) -> int:
        """Abort all calls in flight about an invoice; return their number.

        Those that `send` has collected are not in flight: `collect` returns them next.
        """
        calls = [call for call in self._calls_older_than(-1) if call.key == key]
        for call in calls:
            self._release(call)
        self._uncollected_count -= len(calls)
        return len(calls)

    def close(self) -> None:
        """Abort all calls and close all connections."""
        for call in self._calls_older_than(-1):
            self._release(call)
        for pool in self._pools:
            pool.close()
        self._tls_sessions.close()

    def _calls_older_than(self, seconds: float) -> "list[_Call]":
        before = time.monotonic() - seconds
        return [
            call
            for pool in self._pools
            if pool.is_active
            for call in pool.calls
            if call.is_in_flight and call.started_at < before
        ]

    def _collect_from(self, pool: "_ConnectionPool") -> None:
        pool.perform()
        now = time.monotonic()
        completed, queued = self._completed, 1
        while queued:
            queued, succeeded, failed = pool.multi.info_read()
            for handle in succeeded:
                call = handle.call
                outcome = self._decode(call)
                self._release(call)
                completed.append(call.completed(outcome, now))
            for handle, curl_code, _ in failed:
                call = handle.call
                error = curl_error(GET_PAYMENT_STATUS.name, handle, curl_code)
                self._release(call)
                completed.append(call.completed(error, now))

    def _decode(self, call: "_Call") -> PaymentStatus | SeqrError:
        http_status = call.handle.getinfo(pycurl.RESPONSE_CODE)
        try:
            return self._responses.decode(HttpResponse(http_status, bytes(call.body)))
        except SeqrError as error:
            return error

    def _release(self, call: "_Call") -> None:
        call.is_in_flight = False
        call.pool.multi.remove_handle(call.handle)
        call.pool.idle.append(call)


class _ConnectionPool:
    """A multi handle with up to `size` connections, and one curl handle per concurrent call."""

    def __init__(self, config: SeqrConfig, tls_sessions: pycurl.CurlShare, size: int) -> None:
        self.size = size
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, size)
        self.calls: list[_Call] = []
        self.idle: list[_Call] = []
        self.new_calls = 0  # that no `perform` has started
        self._config = config
        self._tls_sessions = tls_sessions

    @property
    def has_capacity(self) -> bool:
        """Whether another call can start."""
        return bool(self.idle) or len(self.calls) < self.size

    @property
    def is_active(self) -> bool:
        """Whether a call is in flight."""
        return len(self.idle) < len(self.calls)

    def start(self, key: int, terminal: int, client_reference: str, envelope: bytes) -> None:
        """Add a call to libcurl's; a handle costs memory and is made only if none is idle."""
        call = self.idle.pop() if self.idle else self._new_call()
        call.key, call.terminal, call.client_reference = key, terminal, client_reference
        call.started_at = time.monotonic()
        call.is_in_flight = True
        call.body = b""
        call.handle.setopt(pycurl.POSTFIELDS, envelope)
        self.multi.add_handle(call.handle)
        self.new_calls += 1

    def perform(self) -> None:
        """Start the new calls, and run all transfers as far as possible without waiting."""
        self.multi.perform()
        self.new_calls = 0

    def close(self) -> None:
        for call in self.idle:
            call.handle.close()
        self.multi.close()

    def _new_call(self) -> "_Call":
        call = _Call(self)
        handle = call.handle
        configure(handle, self._config.timeout_seconds)
        connect_seconds = min(CONNECT_TIMEOUT_SECONDS, self._config.timeout_seconds)
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, round(connect_seconds * 1000)))
        handle.setopt(pycurl.URL, self._config.service_url)
        handle.setopt(pycurl.SHARE, self._tls_sessions)
        handle.setopt(pycurl.BUFFERSIZE, BUFFER_BYTES)
        handle.setopt(pycurl.WRITEFUNCTION, call.write)
        handle.call = call
        self.calls.append(call)
        return call


class _Call:
    """A curl handle, used by one call after the other, and the present or last call's data."""

    __slots__ = (
        "body",
        "client_reference",
        "handle",
        "is_in_flight",
        "key",
        "pool",
        "started_at",
        "terminal",
    )

    def __init__(self, pool: _ConnectionPool) -> None:
        self.pool = pool
        self.handle = pycurl.Curl()
        self.key = self.terminal = 0
        self.client_reference = ""
        self.started_at = 0.0
        self.is_in_flight = False
        self.body: bytes | bytearray = b""

    def completed(self, outcome: PaymentStatus | SeqrError, now: float) -> CompletedStatusCall:
        """Return the present call as one that ended now."""
        return CompletedStatusCall(
            self.key, self.terminal, outcome, self.client_reference, now - self.started_at
        )

    def write(self, chunk: bytes) -> int:
        """Append a chunk, or return 0 to abort; libcurl's WRITEFUNCTION.

        The usual response is one chunk, which is not copied.
        """
        if not self.body:
            self.body = chunk
        elif len(self.body) + len(chunk) > MAX_RESPONSE_BYTES:
            return 0
        else:
            self.body = bytearray(self.body) if isinstance(self.body, bytes) else self.body
            self.body += chunk
        return len(chunk)
