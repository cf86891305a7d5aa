"""A lean SEQR: answers getPaymentStatus and sendInvoice as fast as one core can.

It is built for speed, as the sandbox is for accuracy: it reads only the operation and the reference
of a request, and its answers are made beforehand. It has one thread and one epoll, and is
controlled over HTTP, at /control. Times are in seconds; those in answers are since 1970.
"""

import heapq
import json
import random
import select
import socket
import sys
import time
from dataclasses import dataclass, replace
from typing import Any

from tests.bench import fake_responses as answers

FIRST_OWN_REFERENCE = 70_000_000_000_000  # of sendInvoice; those added at /control are lower
MAX_SLEEP_SECONDS = 0.1


@dataclass(frozen=True)
class Behaviour:
    """How the fake SEQR answers. Shares are fractions of 1."""

    delay: float = 0.0
    failing_share: float = 0.0  # half of them code 90, half HTTP 500
    busy_share: float = 0.0  # code 93
    slow_share: float = 0.0
    slow_delay: float = 5.0
    payments_per_second: float = 0.0
    unique_answers: bool = False  # no two are identical


@dataclass(slots=True, eq=False)
class FakeInvoice:
    """An invoice; `longest_silence` is between two queries, until PAID was answered."""

    reference: str
    queried_at: float
    longest_silence: float = 0.0
    was_queried: bool = False
    paid_at: float | None = None
    answered_at: float | None = None
    paid_answer: bytes = b""


class FakeSeqr:
    """The invoices, the statistics and the responses."""

    def __init__(self) -> None:
        self._invoices: dict[bytes, FakeInvoice] = {}
        self._unpaid: list[FakeInvoice] = []
        self._paid: list[FakeInvoice] = []
        self._behaviour = Behaviour()
        self._next_payment = float("inf")
        self._next_reference = FIRST_OWN_REFERENCE
        self._serial = 0
        self._polls = 0
        self._counting_since = time.time()
        self._cpu_before = time.process_time()

    def answer(self, request: bytes, now: float) -> tuple[bytes, float]:
        """Return the answer to a whole request, and for how long to delay it."""
        start = request.find(b"<invoiceReference>")
        if start > 0:
            reference = request[start + 18 : request.find(b"<", start + 18)]
            return self._status(reference, now)
        if request.startswith((b"POST /control/", b"GET /control/")):
            return self._control(request, now), 0.0
        if b":sendInvoice" in request:
            self._next_reference += 1
            self._issue(self._next_reference, now)
            return answers.sent(str(self._next_reference)), self._behaviour.delay
        return answers.HTTP_500, 0.0

    def pay(self, now: float) -> float:
        """Make the payments that are due; return the time of the next one."""
        while self._next_payment <= now and self._unpaid:
            place = random.randrange(len(self._unpaid))
            self._unpaid[place], self._unpaid[-1] = self._unpaid[-1], self._unpaid[place]
            invoice = self._unpaid.pop()
            invoice.paid_at = now
            invoice.paid_answer = answers.paid(invoice.reference, now)
            self._paid.append(invoice)
            self._next_payment += random.expovariate(self._behaviour.payments_per_second)
        return self._next_payment

    def _status(self, reference: bytes, now: float) -> tuple[bytes, float]:
        self._polls += 1
        behaviour = self._behaviour
        delay = behaviour.delay
        invoice = self._invoices.get(reference)
        if invoice is not None and invoice.answered_at is None:
            gap = now - invoice.queried_at
            invoice.longest_silence = max(invoice.longest_silence, gap)
            invoice.queried_at, invoice.was_queried = now, True
        dice = random.random()
        if dice < behaviour.failing_share:
            failure = answers.HTTP_500 if random.random() < 0.5 else answers.SYSTEM_ERROR
            return failure, delay
        dice -= behaviour.failing_share
        if dice < behaviour.busy_share:
            return answers.SYSTEM_BUSY, delay
        if dice < behaviour.busy_share + behaviour.slow_share:
            delay = behaviour.slow_delay
        if invoice is None:
            return answers.NO_SUCH_INVOICE, delay
        if invoice.paid_at is not None and invoice.answered_at is None:
            invoice.answered_at = now
        if invoice.paid_at is not None:
            return invoice.paid_answer, delay
        if behaviour.unique_answers:
            self._serial += 1
            return b"%b%09d%b" % (answers.UNIQUE_START, self._serial, answers.UNIQUE_END), delay
        return answers.ISSUED, delay

    def _issue(self, reference: int, now: float) -> None:
        invoice = FakeInvoice(str(reference), now)
        self._invoices[invoice.reference.encode()] = invoice
        self._unpaid.append(invoice)

    def _control(self, request: bytes, now: float) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        what = head.split(b" ", 2)[1].removeprefix(b"/control/")
        body_fields: dict[str, Any] = json.loads(body or b"{}")
        if what == b"behave":
            self._behaviour = replace(Behaviour(), **body_fields)
            rate = self._behaviour.payments_per_second
            self._next_payment = now + random.expovariate(rate) if rate else float("inf")
        elif what == b"issue":
            for reference in body_fields["references"]:
                self._issue(reference, now)
        elif what == b"forget":
            self._invoices, self._unpaid, self._paid = {}, [], []
        elif what == b"count":
            self._reset_stats(now)
        return answers.http(json.dumps(self._stats(now)).encode(), content_type="text/json")

    def _reset_stats(self, now: float) -> None:
        self._polls, self._counting_since = 0, now
        self._cpu_before = time.process_time()
        self._paid.clear()
        for invoice in self._invoices.values():
            invoice.queried_at, invoice.longest_silence = now, 0.0

    def _stats(self, now: float) -> dict[str, Any]:
        unanswered = [each for each in self._invoices.values() if each.answered_at is None]
        return {
            "seconds": now - self._counting_since,
            "polls": self._polls,
            "cpu_seconds": time.process_time() - self._cpu_before,
            "longest_silence": max(
                (
                    invoice.longest_silence
                    if invoice.answered_at
                    else max(invoice.longest_silence, now - invoice.queried_at)
                    for invoice in self._invoices.values()
                ),
                default=0.0,
            ),
            "silence": max((now - each.queried_at for each in unanswered), default=0.0),
            "never_queried": sum(not each.was_queried for each in unanswered),
            "payments": [
                [invoice.reference, invoice.paid_at, invoice.answered_at] for invoice in self._paid
            ],
        }


class Server:
    """An HTTP/1.1 server without pipelining."""

    def __init__(self, seqr: FakeSeqr) -> None:
        self._seqr = seqr
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port: int = self._listener.getsockname()[1]
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._connections: dict[int, socket.socket] = {}
        self._partial: dict[int, bytes] = {}  # requests that have come in part
        self._delayed: list[tuple[float, int, socket.socket, bytes]] = []
        self._delayed_count = 0

    def serve(self) -> None:
        """Serve forever."""
        listener = self._listener.fileno()
        sleep = 0.0
        while True:
            for descriptor, _ in self._epoll.poll(sleep):
                if descriptor == listener:
                    self._accept()
                else:
                    self._read(descriptor)
            now = time.time()
            next_event = min(self._seqr.pay(now), self._send_due(now))
            sleep = max(0.0, min(next_event - now, MAX_SLEEP_SECONDS))

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection.fileno()] = connection
        self._epoll.register(connection, select.EPOLLIN)

    def _read(self, descriptor: int) -> None:
        connection = self._connections[descriptor]
        try:
            data = connection.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            self._close(descriptor, connection)
            return
        if descriptor in self._partial:
            data = self._partial.pop(descriptor) + data
        if not _is_whole(data):
            self._partial[descriptor] = data
            return
        now = time.time()
        answer, delay = self._seqr.answer(data, now)
        if delay:
            self._delayed_count += 1
            heapq.heappush(self._delayed, (now + delay, self._delayed_count, connection, answer))
        else:
            _send(connection, answer)

    def _send_due(self, now: float) -> float:
        while self._delayed and self._delayed[0][0] <= now:
            _, _, connection, answer = heapq.heappop(self._delayed)
            _send(connection, answer)
        return self._delayed[0][0] if self._delayed else float("inf")

    def _close(self, descriptor: int, connection: socket.socket) -> None:
        self._epoll.unregister(descriptor)
        self._partial.pop(descriptor, None)
        del self._connections[descriptor]
        connection.close()


def _is_whole(request: bytes) -> bool:
    end = request.find(b"\r\n\r\n")
    if end < 0:
        return False
    start = request.find(b"Content-Length: ")
    if not 0 <= start < end:
        return True
    length = int(request[start + 16 : request.find(b"\r\n", start)])
    return len(request) >= end + 4 + length


def _send(connection: socket.socket, answer: bytes) -> None:
    try:
        connection.sendall(answer)
    except OSError:
        return  # the client has closed the connection, which the next read reports


if __name__ == "__main__":
    server = Server(FakeSeqr())
    sys.stdout.write(f"ready on port {server.port}\n")
    sys.stdout.flush()
    server.serve()
