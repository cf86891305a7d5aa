"""BulkStatusClient: getPaymentStatus for thousands of invoices in one thread that never blocks.

libcurl's multi interface runs the transfers; the thread only starts calls and collects finished
ones. A multi handle searches all its connections for a free one, so the connections are spread
over pools that are small enough to make the search cheap.
"""

import time
import uuid
from typing import NamedTuple

import pycurl

from payments.seqr.config import SeqrConfig
from payments.seqr.errors import SeqrError
from payments.seqr.operations import GET_PAYMENT_STATUS
from payments.seqr.status_codec import StatusCodec
from payments.seqr.transport import (
    MAX_RESPONSE_BYTES,
    BoundedBody,
    HttpResponse,
    configure,
    curl_error,
)
from payments.seqr.types import PaymentStatus

POOL_CONNECTIONS = 64
BUFFER_BYTES = 4096  # about ten times the usual response


class CompletedStatusCall(NamedTuple):
    """A finished call: the status of invoice `key`, or the error of the call."""

    key: int
    outcome: PaymentStatus | SeqrError
    client_reference: str
    duration_seconds: float


class BulkStatusClient:
    """Runs up to `max_in_flight` getPaymentStatus calls at a time. Not thread-safe."""

    def __init__(self, config: SeqrConfig, max_in_flight: int) -> None:
        self._codec = StatusCodec(config)
        # 20 of the 32 characters that SEQR allows; the calls' numbers get the rest.
        self._reference_prefix = uuid.uuid4().hex[:20]
        self._sent_calls = 0
        self._in_flight: dict[pycurl.Curl, _PendingCall] = {}
        # The pools share TLS sessions, which shortens the handshake of a new connection.
        self._tls_sessions = pycurl.CurlShare()
        self._tls_sessions.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_SSL_SESSION)
        self._pools = [
            _ConnectionPool(config, self._tls_sessions, min(POOL_CONNECTIONS, max_in_flight - used))
            for used in range(0, max_in_flight, POOL_CONNECTIONS)
        ]
        self._pool = self._pools[0]

    def __len__(self) -> int:
        """Return the number of calls in flight."""
        return len(self._in_flight)

    def send(self, key: int, invoice_reference: str, invoice_version: int) -> None:
        """Start a call. The caller must not exceed `max_in_flight`."""
        self._sent_calls += 1
        client_reference = f"{self._reference_prefix}{self._sent_calls:x}"
        pool = self._pool
        if not pool.has_capacity:
            pool = self._pool = next(pool for pool in self._pools if pool.has_capacity)
        handle = pool.acquire()
        call = _PendingCall(key, pool, client_reference, time.monotonic())
        envelope = self._codec.encode(invoice_reference, invoice_version, client_reference)
        handle.setopt(pycurl.POSTFIELDS, envelope)
        pool.bodies[handle].content.clear()
        pool.multi.add_handle(handle)
        self._in_flight[handle] = call

    def collect(self) -> list[CompletedStatusCall]:
        """Run the transfers as far as possible without waiting; return the finished calls."""
        completed: list[CompletedStatusCall] = []
        for pool in reversed(self._pools):
            if pool.is_active:
                self._collect_from(pool, completed)
                self._pool = pool  # ends at the first pool in use, so that the last ones stay idle
        return completed

    def count_older_than(self, seconds: float) -> int:
        """Return the number of calls that have been in flight for longer."""
        now = time.monotonic()
        return sum(now - call.started > seconds for call in self._in_flight.values())

    def abandon(self, older_than_seconds: float) -> list[int]:
        """Abort the calls that have been in flight for longer; return their keys."""
        now = time.monotonic()
        old = [
            handle
            for handle, call in self._in_flight.items()
            if now - call.started > older_than_seconds
        ]
        return [self._release(handle).key for handle in old]

    def close(self) -> None:
        """Abort all calls and close all connections."""
        self.abandon(-1)
        for pool in self._pools:
            pool.close()
        self._tls_sessions.close()

    def _collect_from(self, pool: "_ConnectionPool", completed: list[CompletedStatusCall]) -> None:
        pool.multi.perform()
        now = time.monotonic()
        queued = 1
        while queued:
            queued, succeeded, failed = pool.multi.info_read()
            for handle in succeeded:
                completed.append(self._complete(handle, self._decode(pool, handle), now))
            for handle, curl_code, _ in failed:
                error = curl_error(GET_PAYMENT_STATUS.name, handle, curl_code)
                completed.append(self._complete(handle, error, now))

    def _decode(self, pool: "_ConnectionPool", handle: pycurl.Curl) -> PaymentStatus | SeqrError:
        body = bytes(pool.bodies[handle].content)
        try:
            return self._codec.decode(HttpResponse(handle.getinfo(pycurl.RESPONSE_CODE), body))
        except SeqrError as error:
            return error

    def _complete(
        self, handle: pycurl.Curl, outcome: PaymentStatus | SeqrError, now: float
    ) -> CompletedStatusCall:
        call = self._release(handle)
        return CompletedStatusCall(call.key, outcome, call.client_reference, now - call.started)

    def _release(self, handle: pycurl.Curl) -> "_PendingCall":
        call = self._in_flight.pop(handle)
        call.pool.multi.remove_handle(handle)
        call.pool.idle.append(handle)
        return call


class _PendingCall(NamedTuple):
    key: int
    pool: "_ConnectionPool"
    client_reference: str
    started: float


class _ConnectionPool:
    """A multi handle with up to `size` connections, and one curl handle per concurrent call."""

    def __init__(self, config: SeqrConfig, tls_sessions: pycurl.CurlShare, size: int) -> None:
        self.size = size
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, size)
        self.bodies: dict[pycurl.Curl, BoundedBody] = {}
        self.idle: list[pycurl.Curl] = []
        self._config = config
        self._tls_sessions = tls_sessions

    @property
    def has_capacity(self) -> bool:
        """Whether another call can start."""
        return bool(self.idle) or len(self.bodies) < self.size

    @property
    def is_active(self) -> bool:
        """Whether a call is in flight."""
        return len(self.idle) < len(self.bodies)

    def acquire(self) -> pycurl.Curl:
        """Return an idle handle; make one, which costs memory, only if there is none."""
        return self.idle.pop() if self.idle else self._new_handle()

    def close(self) -> None:
        for handle in self.idle:
            handle.close()
        self.multi.close()

    def _new_handle(self) -> pycurl.Curl:
        handle = pycurl.Curl()
        configure(handle, self._config.timeout_seconds)
        handle.setopt(pycurl.URL, self._config.service_url)
        handle.setopt(pycurl.SHARE, self._tls_sessions)
        handle.setopt(pycurl.BUFFERSIZE, BUFFER_BYTES)
        self.bodies[handle] = body = BoundedBody(MAX_RESPONSE_BYTES)
        handle.setopt(pycurl.WRITEFUNCTION, body.write)
        return handle
