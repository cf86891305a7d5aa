"""A shard whose clock is turned by hand, with SEQR or a stand-in that answers at once."""

import time
from collections.abc import Callable

from django.db import OperationalError

from payments.polling.poller import Calls, ShardPoller
from payments.polling.store import PollStore, leave_to_the_sweep
from payments.seqr import CompletedStatusCall, InvoiceStatus, PaymentStatus, SeqrError

Outcome = PaymentStatus | SeqrError | None
MOST_UNDER_WAY = 50


def status(
    name: str = "ISSUED", version: int = 0, ers_reference: str | None = None
) -> PaymentStatus:
    """Return an answer of SEQR's."""
    return PaymentStatus(InvoiceStatus[name], version, ers_reference, None, ())


class StandIn:
    """Answers each question as it is told to; None leaves the call under way."""

    def __init__(self, answer: Callable[[int], Outcome]) -> None:
        self.asked: list[int] = []
        self._answer = answer
        self._under_way: dict[int, int] = {}
        self.abandoned: list[int] = []

    def __len__(self) -> int:
        return len(self._under_way)

    def send(self, key: int, _invoice_reference: str, invoice_version: int) -> None:
        self.asked.append(key)
        self._under_way[key] = invoice_version

    def collect(self) -> list[CompletedStatusCall]:
        replies = [
            CompletedStatusCall(key, outcome, "call", 0.01)
            for key in self._under_way
            if (outcome := self._answer(key)) is not None
        ]
        for reply in replies:
            del self._under_way[reply.key]
        return replies

    def count_older_than(self, _seconds: float) -> int:
        return 0

    def abandon(self, _older_than_seconds: float) -> list[int]:
        keys = list(self._under_way)
        self.abandoned += keys
        self._under_way.clear()
        return keys


class Shard:
    """The asking and the desk of shard 0, taking their steps in one thread."""

    def __init__(
        self, calls: Calls, *, on_card: Callable[[int], None] = leave_to_the_sweep
    ) -> None:
        self.now = 1000.0
        self.seconds_per_look = 0.0
        self.calls = calls
        self.asking = ShardPoller(
            0, calls, interval=1.0, max_in_flight=MOST_UNDER_WAY, clock=self._look
        )
        self.desk = PollStore(0, self.asking, on_card=on_card, clock=self._look)

    def _look(self) -> float:
        self.now += self.seconds_per_look
        return self.now

    def go_round(self, times: int = 1, *, slow: int = 0) -> None:
        """Let a second pass, so many times, and wait for all answers but those of slow calls."""
        for _ in range(times):
            self.desk.step()
            self.asking.step()
            self.take_answers(slow=slow)
            self.desk.step()
            self.now += 1.0

    def take_answers(self, *, slow: int = 0) -> None:
        """Wait for the answers of all calls but so many."""
        deadline = time.monotonic() + 10
        while self.asking.under_way > slow:
            assert time.monotonic() < deadline, "SEQR was asked and no answer was taken"
            self.asking.step()


Shards = Callable[[], Shard]


def still_issued() -> StandIn:
    """Return a SEQR by which nothing has changed."""
    return StandIn(lambda _key: status("ISSUED"))


def away(*_args: object, **_options: object) -> None:
    """Stand for a call of a database that is away. Raises OperationalError."""
    raise OperationalError("the connection is lost")
