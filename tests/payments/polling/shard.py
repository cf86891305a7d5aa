"""A shard with an injected clock, against SEQR or a fake that answers at once."""

import time
from collections.abc import Callable

from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from payments import models
from payments.polling.poller import ShardPoller
from payments.polling.repeats import StatusClient
from payments.polling.store import PollStore, leave_to_recovery
from payments.seqr import (
    CompletedStatusCall,
    Credentials,
    InvoiceStatus,
    PaymentStatus,
    SeqrError,
)

Outcome = PaymentStatus | SeqrError | None
MAX_IN_FLIGHT = 50
ONLY_SHARD = models.Shard(0, 1)


def status(
    name: str = "ISSUED", version: int = 0, ers_reference: str | None = None
) -> PaymentStatus:
    """Return SEQR's answer with this status."""
    return PaymentStatus(InvoiceStatus[name], version, ers_reference, None, ())


class FakeStatusClient:
    """Answers each query with the outcome given for it; None leaves the call in flight."""

    def __init__(self, result: Callable[[int], Outcome]) -> None:
        self.queried: list[int] = []
        self._answer = result
        self._in_flight: dict[int, int] = {}  # terminals by key
        self.abandoned: list[int] = []

    def __len__(self) -> int:
        return len(self._in_flight)

    def set_credentials(self, _terminal: int, _credentials: Credentials) -> None:
        """Do nothing: any terminal may query."""

    def send(self, key: int, terminal: int, _invoice_reference: str, _version: int) -> None:
        self.queried.append(key)
        self._in_flight[key] = terminal

    def collect(self) -> list[CompletedStatusCall]:
        replies = [
            CompletedStatusCall(key, terminal, outcome, "call", 0.01)
            for key, terminal in self._in_flight.items()
            if (outcome := self._answer(key)) is not None
        ]
        for reply in replies:
            del self._in_flight[reply.key]
        return replies

    def flush(self) -> None:
        """Do nothing: `send` has sent the query."""

    def keys_older_than(self, _seconds: float) -> list[int]:
        return list(self._in_flight)

    def abandon(self, key: int) -> int:
        self.abandoned.append(key)
        return int(self._in_flight.pop(key, None) is not None)


class Shard:
    """The poller and the store of a shard, by default the only one, stepped in one thread."""

    def __init__(
        self,
        calls: StatusClient,
        *,
        shard: models.Shard = ONLY_SHARD,
        on_loyalty_card: Callable[[int], None] = leave_to_recovery,
    ) -> None:
        self.now = 1000.0
        self.seconds_per_clock_read = 0.0
        self.calls = calls
        self.poller = ShardPoller(
            shard.number, calls, interval=1.0, max_in_flight=MAX_IN_FLIGHT, clock=self._read_clock
        )
        self.store = PollStore(
            shard, self.poller, on_loyalty_card=on_loyalty_card, clock=self._read_clock
        )

    def _read_clock(self) -> float:
        self.now += self.seconds_per_clock_read
        return self.now

    def run_rounds(self, times: int = 1, *, slow: int = 0) -> None:
        """Run rounds of one second, each until at most `slow` calls are in flight."""
        for _ in range(times):
            self.store.step()
            self.poller.step()
            self.collect_answers(slow=slow)
            self.store.step()
            self.now += 1.0

    def collect_answers(self, *, slow: int = 0) -> None:
        """Step until at most `slow` calls are in flight."""
        deadline = time.monotonic() + 30
        while self.poller.in_flight > slow:
            assert time.monotonic() < deadline, "no answer was collected"
            self.poller.step()


Shards = Callable[[], Shard]


def unchanged_seqr() -> FakeStatusClient:
    """Return a fake that answers every query with ISSUED."""
    return FakeStatusClient(lambda _key: status("ISSUED"))


def away(*_args: object, **_options: object) -> None:
    """Raise OperationalError, as a call does while the database is away."""
    raise OperationalError("the connection is lost")


def locked(*_args: object, **_options: object) -> None:
    """Raise OperationalError, as a write does that waits too long for another's lock."""
    raise OperationalError("lock timeout") from LockNotAvailable()
