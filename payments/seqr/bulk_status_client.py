"""getPaymentStatus for very many invoices at a time, by one thread that never waits.

libcurl's multi interface keeps the connections; this thread only starts calls and collects those
that have ended. libcurl searches all connections of a multi handle for a free one, so they are
spread over lanes that are small enough for that to cost nothing.
"""

import time
import uuid
from typing import NamedTuple

import pycurl

from payments.seqr.config import SeqrConfig
from payments.seqr.errors import SeqrError
from payments.seqr.operations import GET_PAYMENT_STATUS
from payments.seqr.status_codec import StatusCodec
from payments.seqr.transport import REQUEST_HEADERS, BoundedBody, HttpAnswer, error_of, set_limits
from payments.seqr.types import PaymentStatus

LANE_SIZE = 64
BUFFER_BYTES = 4096  # most answers are a tenth of that


class CompletedStatusCall(NamedTuple):
    """How one call ended: what SEQR said of the invoice `key`, or why that is not known."""

    key: int
    outcome: PaymentStatus | SeqrError
    client_reference: str
    duration_seconds: float


class BulkStatusClient:
    """The calls that one thread has under way, `most_under_way` at the most."""

    def __init__(self, config: SeqrConfig, max_in_flight: int) -> None:
        self._messages = StatusCodec(config)
        self._call_prefix = uuid.uuid4().hex[:20]  # leaves 12 of the 32 characters to a number
        self._calls_made = 0
        self._under_way: dict[pycurl.Curl, _Call] = {}
        # Only TLS sessions are shared between lanes, so that a new connection is a short one.
        self._share = pycurl.CurlShare()
        self._share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_SSL_SESSION)
        self._lanes = [
            _Lane(config, self._share, min(LANE_SIZE, max_in_flight - first))
            for first in range(0, max_in_flight, LANE_SIZE)
        ]

        self._lane = self._lanes[0]

    def __len__(self) -> int:
        """Return how many calls are under way."""
        return len(self._under_way)

    def send(self, key: int, invoice_reference: str, invoice_version: int) -> None:
        """Start a call. Not to be called while `most_under_way` are under way."""
        self._calls_made += 1
        reference = f"{self._call_prefix}{self._calls_made:x}"
        lane = self._lane
        if not lane.room:
            lane = self._lane = next(lane for lane in self._lanes if lane.room)
        handle = lane.take()
        call = _Call(key, lane, reference, time.monotonic())
        handle.setopt(
            pycurl.POSTFIELDS,
            self._messages.encode(invoice_reference, invoice_version, reference),
        )
        lane.bodies[handle].content.clear()
        lane.multi.add_handle(handle)
        self._under_way[handle] = call

    def collect(self) -> list[CompletedStatusCall]:
        """Let the network go on as far as it can without waiting; return the calls that ended."""
        replies: list[CompletedStatusCall] = []
        for lane in reversed(self._lanes):
            if len(lane.idle) < len(lane.bodies):
                self._collect(lane, replies)
                self._lane = lane  # the first lanes are used first, so that the others rest
        return replies

    def count_older_than(self, seconds: float) -> int:
        """Return how many calls have been under way for longer."""
        now = time.monotonic()
        return sum(now - call.started > seconds for call in self._under_way.values())

    def abandon(self, older_than_seconds: float) -> list[int]:
        """Give up the calls that have been under way for longer; return their keys."""
        now = time.monotonic()
        old = [
            (handle, call)
            for handle, call in self._under_way.items()
            if now - call.started > older_than_seconds
        ]
        for handle, call in old:
            self._end(handle, call)
        return [call.key for _, call in old]

    def close(self) -> None:
        """Give up everything and close all connections."""
        self.abandon(-1)
        for lane in self._lanes:
            lane.close()
        self._share.close()

    def _collect(self, lane: "_Lane", replies: list[CompletedStatusCall]) -> None:
        lane.multi.perform()
        now = time.monotonic()
        queued = 1
        while queued:
            queued, done, failed = lane.multi.info_read()
            for handle in done:
                replies.append(self._answered(handle, now))
            for handle, code, _ in failed:
                replies.append(self._failed(handle, code, now))

    def _answered(self, handle: pycurl.Curl, now: float) -> CompletedStatusCall:
        call = self._under_way[handle]
        body = bytes(call.lane.bodies[handle].content)
        answer = HttpAnswer(handle.getinfo(pycurl.RESPONSE_CODE), body)
        self._end(handle, call)
        outcome: PaymentStatus | SeqrError
        try:
            outcome = self._messages.decode(answer)
        except SeqrError as error:
            outcome = error
        return CompletedStatusCall(call.key, outcome, call.client_reference, now - call.started)

    def _failed(self, handle: pycurl.Curl, code: int, now: float) -> CompletedStatusCall:
        call = self._under_way[handle]
        sent = handle.getinfo(pycurl.REQUEST_SIZE) > 0
        self._end(handle, call)
        error = error_of(GET_PAYMENT_STATUS.name, code, sent=sent)
        return CompletedStatusCall(call.key, error, call.client_reference, now - call.started)

    def _end(self, handle: pycurl.Curl, call: "_Call") -> None:
        call.lane.multi.remove_handle(handle)
        call.lane.idle.append(handle)
        del self._under_way[handle]


class _Call(NamedTuple):
    key: int
    lane: "_Lane"
    client_reference: str
    started: float


class _Lane:
    """A multi handle with its connections, and the handles of calls that may be made on it."""

    def __init__(self, config: SeqrConfig, share: pycurl.CurlShare, size: int) -> None:
        self.size = size
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, size)
        self.bodies: dict[pycurl.Curl, BoundedBody] = {}
        self.idle: list[pycurl.Curl] = []
        self._config = config
        self._share = share

    @property
    def room(self) -> bool:
        """Whether another call may be made here."""
        return bool(self.idle) or len(self.bodies) < self.size

    def take(self) -> pycurl.Curl:
        """Return a handle for a call; a new one, which costs memory, only where none is idle."""
        return self.idle.pop() if self.idle else self._handle()

    def _handle(self) -> pycurl.Curl:
        handle = pycurl.Curl()
        set_limits(handle, self._config.timeout_seconds)
        handle.setopt(pycurl.URL, self._config.service_url)
        handle.setopt(pycurl.HTTPHEADER, REQUEST_HEADERS)
        handle.setopt(pycurl.SHARE, self._share)
        handle.setopt(pycurl.BUFFERSIZE, BUFFER_BYTES)
        self.bodies[handle] = body = BoundedBody(GET_PAYMENT_STATUS.largest_answer_bytes)
        handle.setopt(pycurl.WRITEFUNCTION, body.write)
        return handle

    def close(self) -> None:
        for handle in self.idle:
            handle.close()
        self.multi.close()
