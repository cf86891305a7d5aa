"""BulkStatusClient: getPaymentStatus for thousands of invoices in one thread that never blocks.

libcurl's multi interface runs the transfers; the thread only starts calls and collects finished
ones. A multi handle searches all its connections for a free one, so the connections are spread
over pools that are small enough to make the search cheap. libcurl passes over all calls of a pool
each time, so it costs least when many calls are started, and many collected, at a time.
"""

import time
import uuid
from typing import NamedTuple

import pycurl

from payments.seqr.config import SeqrConfig
from payments.seqr.errors import SeqrError
from payments.seqr.operations import GET_PAYMENT_STATUS
from payments.seqr.status_codec import StatusCodec
from payments.seqr.transport import MAX_RESPONSE_BYTES, HttpResponse, configure, curl_error
from payments.seqr.types import PaymentStatus

POOL_CONNECTIONS = 64
BUFFER_BYTES = 4096  # about ten times the usual response
# A query can be repeated at any time, so it need not wait for a server that does not accept it. The
# time is shared by the addresses of SEQR's name: one of two may be unreachable.
CONNECT_TIMEOUT_SECONDS = 2.0


class CompletedStatusCall(NamedTuple):
    """A finished call: the status of invoice `key`, or the error of the call."""

    key: int
    outcome: PaymentStatus | SeqrError
    client_reference: str
    duration_seconds: float


class BulkStatusClient:
    """Runs up to `max_in_flight` getPaymentStatus calls at a time. Not thread-safe.

    Several calls about one invoice may be in flight.
    """

    def __init__(self, config: SeqrConfig, max_in_flight: int) -> None:
        self._codec = StatusCodec(config)
        # 20 of the 32 characters that SEQR allows; the calls' numbers get the rest.
        self._reference_prefix = uuid.uuid4().hex[:20]
        self._sent_calls = 0
        self._in_flight_count = 0
        # The pools share TLS sessions, which shortens the handshake of a new connection.
        self._tls_sessions = pycurl.CurlShare()
        self._tls_sessions.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_SSL_SESSION)
        self._pools = [
            _ConnectionPool(config, self._tls_sessions, min(POOL_CONNECTIONS, max_in_flight - used))
            for used in range(0, max_in_flight, POOL_CONNECTIONS)
        ]
        self._pool = self._pools[0]
        self._unflushed_pools = {self._pool}

    def __len__(self) -> int:
        """Return the number of calls in flight."""
        return self._in_flight_count

    def send(self, key: int, invoice_reference: str, invoice_version: int) -> None:
        """Prepare a call, which `flush` starts. The caller must not exceed `max_in_flight`."""
        pool = self._pool
        if not pool.has_capacity:
            pool = self._pool = next(pool for pool in self._pools if pool.has_capacity)
        self._unflushed_pools.add(pool)
        self._sent_calls += 1
        self._in_flight_count += 1
        client_reference = f"{self._reference_prefix}{self._sent_calls:x}"
        envelope = self._codec.encode(invoice_reference, invoice_version, client_reference)
        pool.start(key, client_reference, envelope)

    def flush(self) -> None:
        """Pass the prepared calls to the network, without waiting."""
        for pool in self._unflushed_pools:
            pool.multi.perform()
        self._unflushed_pools.clear()

    def collect(self) -> list[CompletedStatusCall]:
        """Run the transfers as far as possible without waiting; return the finished calls."""
        completed: list[CompletedStatusCall] = []
        for pool in reversed(self._pools):
            if pool.is_active:
                self._collect_from(pool, completed)
                self._pool = pool  # ends at the first pool in use, so that the last ones stay idle
        return completed

    def keys_older_than(self, seconds: float) -> list[int]:
        """Return the key of each call that has been in flight for longer."""
        return [call.key for call in self._calls_older_than(seconds)]

    def abandon(self, key: int) -> int:
        """Abort all calls about an invoice; return their number."""
        calls = [call for call in self._calls_older_than(-1) if call.key == key]
        for call in calls:
            self._release(call)
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

    def _collect_from(self, pool: "_ConnectionPool", completed: list[CompletedStatusCall]) -> None:
        pool.multi.perform()
        now = time.monotonic()
        queued = 1
        while queued:
            queued, succeeded, failed = pool.multi.info_read()
            for handle in succeeded:
                call = handle.call
                completed.append(self._complete(call, self._decode(call), now))
            for handle, curl_code, _ in failed:
                error = curl_error(GET_PAYMENT_STATUS.name, handle, curl_code)
                completed.append(self._complete(handle.call, error, now))

    def _decode(self, call: "_Call") -> PaymentStatus | SeqrError:
        http_status = call.handle.getinfo(pycurl.RESPONSE_CODE)
        try:
            return self._codec.decode(HttpResponse(http_status, bytes(call.body)))
        except SeqrError as error:
            return error

    def _complete(
        self, call: "_Call", outcome: PaymentStatus | SeqrError, now: float
    ) -> CompletedStatusCall:
        self._release(call)
        return CompletedStatusCall(call.key, outcome, call.client_reference, now - call.started_at)

    def _release(self, call: "_Call") -> None:
        call.is_in_flight = False
        call.pool.multi.remove_handle(call.handle)
        call.pool.idle.append(call)
        self._in_flight_count -= 1


class _ConnectionPool:
    """A multi handle with up to `size` connections, and one curl handle per concurrent call."""

    def __init__(self, config: SeqrConfig, tls_sessions: pycurl.CurlShare, size: int) -> None:
        self.size = size
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, size)
        self.calls: list[_Call] = []
        self.idle: list[_Call] = []
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

    def start(self, key: int, client_reference: str, envelope: bytes) -> None:
        """Add a call to libcurl's; a handle costs memory and is made only if none is idle."""
        call = self.idle.pop() if self.idle else self._new_call()
        call.key, call.client_reference = key, client_reference
        call.started_at = time.monotonic()
        call.is_in_flight = True
        call.body = b""
        call.handle.setopt(pycurl.POSTFIELDS, envelope)
        self.multi.add_handle(call.handle)

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

    __slots__ = ("body", "client_reference", "handle", "is_in_flight", "key", "pool", "started_at")

    def __init__(self, pool: _ConnectionPool) -> None:
        self.pool = pool
        self.handle = pycurl.Curl()
        self.key = 0
        self.client_reference = ""
        self.started_at = 0.0
        self.is_in_flight = False
        self.body: bytes | bytearray = b""

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
