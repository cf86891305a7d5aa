"""A simulated SEQR and a poller on a virtual clock: hours of slow answers in milliseconds."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import count, pairwise
from random import Random

from payments.invoices.status_query import StatusQuery
from payments.models import InvoiceStatus
from payments.polling.poller import OpenInvoice, ShardPoller
from payments.seqr import (
    CompletedStatusCall,
    Credentials,
    PaymentStatus,
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrUnavailable,
)
from payments.seqr import InvoiceStatus as SeqrStatus

TIMEOUT_SECONDS = 5.0  # SEQR_TIMEOUT_SECONDS
START = 1000.0
TERMINAL_ID = 1

ISSUED = PaymentStatus(SeqrStatus.ISSUED, 0, None, None, ())
NO_ANSWER = SeqrOutcomeUnknown("getPaymentStatus", "no complete response in time")
BUSY = SeqrUnavailable("getPaymentStatus", "SEQR answered 93 SYSTEM_BUSY", 93)

# A call's seconds and whether it fails; of the seconds since the start, and a source of chance.
Profile = Callable[[float, Random], tuple[float, bool]]


class VirtualSeqr:
    """Answers each query after the seconds that the profile gives; the poller times it out.

    With a `service_rate` SEQR answers one query after the other, so many a second, and works on
    queries that the poller has given up too. While `seconds_per_send` pass, calls end, which `send`
    collects as BulkStatusClient does.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        max_in_flight: int,
        service_rate: float | None = None,
        seconds_per_send: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.now = START
        self.max_in_flight_seen = 0
        self.sent: dict[int, list[float]] = defaultdict(list)
        self.answered: dict[int, list[float]] = defaultdict(list)
        self.profile_of: Callable[[int], Profile] = lambda _key: profile  # of an invoice
        self._max_in_flight = max_in_flight
        self._service_rate = service_rate
        self._served_at = START
        self._random = Random(seed)
        self._numbers = count()
        self._ending: list[tuple[float, int, int, float, PaymentStatus | SeqrError]] = []
        self._in_flight: dict[int, tuple[int, float]] = {}  # by call: the key, and when it was sent
        self._seconds_per_send = seconds_per_send
        self._completed: list[CompletedStatusCall] = []

    def __len__(self) -> int:
        return len(self._in_flight) + len(self._completed)

    @property
    def uncollected(self) -> Counter[int]:
        """The number of calls sent and not collected, by invoice."""
        keys = [key for key, _ in self._in_flight.values()]
        return Counter(keys + [call.key for call in self._completed])

    def set_credentials(self, _terminal: int, _credentials: Credentials) -> None:
        """Do nothing: any terminal may query."""

    def send(
        self, key: int, _terminal: int, _invoice_reference: str, _invoice_version: int
    ) -> None:
        """Start a call."""
        assert len(self) < self._max_in_flight
        number = next(self._numbers)
        self._in_flight[number] = key, self.now
        self.max_in_flight_seen = max(self.max_in_flight_seen, len(self))
        self.sent[key].append(self.now)
        seconds, is_failure = self.profile_of(key)(self.now - START, self._random)
        if self._service_rate:
            self._served_at = max(self._served_at, self.now) + 1 / self._service_rate
            seconds += self._served_at - self.now
        outcome: PaymentStatus | SeqrError = BUSY if is_failure else ISSUED
        if seconds >= TIMEOUT_SECONDS:
            seconds, outcome = TIMEOUT_SECONDS, NO_ANSWER
        heapq.heappush(self._ending, (self.now + seconds, number, key, self.now, outcome))
        if self._seconds_per_send:
            self.now += self._seconds_per_send
            self._collect_ended()

    def flush(self) -> None:
        """Do nothing: `send` has sent the query."""

    def collect(self) -> list[CompletedStatusCall]:
        """Return the calls that have ended."""
        self._collect_ended()
        completed, self._completed = self._completed, []
        return completed

    def _collect_ended(self) -> None:
        while self._ending and self._ending[0][0] <= self.now:
            _, number, key, sent_at, outcome = heapq.heappop(self._ending)
            if self._in_flight.pop(number, None) is None:
                continue  # abandoned
            if outcome is ISSUED:
                self.answered[key].append(self.now)
            self._completed.append(
                CompletedStatusCall(key, TERMINAL_ID, outcome, "call", self.now - sent_at)
            )

    def keys_older_than(self, seconds: float) -> list[int]:
        """Return the key of each call in flight for longer."""
        return [key for key, sent_at in self._in_flight.values() if self.now - sent_at > seconds]

    def abandon(self, key: int) -> int:
        """Give up the calls about an invoice."""
        calls = [number for number, (other, _) in self._in_flight.items() if other == key]
        for number in calls:
            del self._in_flight[number]
        return len(calls)


class VirtualShard:
    """A poller with a number of open invoices, stepped on SEQR's virtual clock."""

    def __init__(self, seqr: VirtualSeqr, *, open_count: int, max_in_flight: int) -> None:
        self.seqr = seqr
        self.open_count = open_count
        self.poller = ShardPoller(
            0, seqr, interval=1.0, max_in_flight=max_in_flight, clock=lambda: seqr.now
        )
        for key in range(open_count):
            query = StatusQuery(key, TERMINAL_ID, f"ref-{key}", 0, InvoiceStatus.ISSUED, key)
            self.poller.submit(OpenInvoice(query, START))

    def run(self, seconds: float) -> None:
        """Step the poller for so long, as the loop does."""
        until = self.seqr.now + seconds
        while self.seqr.now < until:
            self.seqr.now += self.poller.step()

    def longest_silence(self, since: float = 0.0, until: float = float("inf")) -> float:
        """Return the longest time without an answer about an invoice.

        Only times that end after `since`, and begin before `until`, seconds after the start count.
        """
        longest = 0.0
        for key in range(self.open_count):
            times = [START, *self.seqr.answered[key], self.seqr.now]
            longest = max(
                [
                    longest,
                    *(
                        after - before
                        for before, after in pairwise(times)
                        if after - START >= since and before - START <= until
                    ),
                ]
            )
        return longest
