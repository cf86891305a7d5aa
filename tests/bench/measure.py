"""One measurement: a design polls a number of open invoices for some seconds."""

import time
from dataclasses import dataclass, field

from tests.bench.designs import Bench, Design
from tests.bench.machine import cpu_seconds, pss_bytes
from tests.bench.shop import LIFETIME

START_SECONDS = 60
RECORD_SECONDS = 2.5
STEP_SECONDS = 0.1
MIN_PAYMENTS_PER_SECOND = 5.0  # a second; with fewer there would be nothing to take a median of


@dataclass(frozen=True)
class Case:
    """The open invoices and their terminals, SEQR's `Behaviour`, and an unusual payment rate."""

    open: int
    delay: float = 0.0
    note: str = ""
    rate: float | None = None
    terminals: int = 1
    behaviour: dict[str, float | bool] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The row's name in the tables."""
        answers = f"after {self.delay * 1000:.0f} ms" if self.delay else "at once"
        return f"{self.open:,} open, {self.note or answers}"

    @property
    def payments_per_second(self) -> float:
        """Usually the rate that pays all open invoices within an invoice's lifetime."""
        return self.rate or max(MIN_PAYMENTS_PER_SECOND, self.open / LIFETIME.total_seconds())


@dataclass(frozen=True)
class Times:
    """The length of a run, in seconds."""

    warm_up: float
    window: float


@dataclass(frozen=True)
class Measured:
    """The results of a measurement. Times in seconds, memory in bytes."""

    payments_per_second: float
    polls_per_second: float
    worker_cpu: float  # of one core
    database_cpu: float
    broker_cpu: float  # Redis, and what enqueues
    seqr_cpu: float
    seqr_limit: float  # the polls that the fake SEQR answers in a CPU second
    longest_silence: float
    pss: int
    to_record: list[float]
    unrecorded: int  # are in `to_record` with the time so far

    @property
    def polls_per_cpu_second(self) -> float:
        """Polls per second of CPU that the poller and the database use together."""
        return self.polls_per_second / (self.worker_cpu + self.database_cpu)

    @property
    def polls_per_total_cpu_second(self) -> float:
        """The same, including the CPU of Redis and of enqueueing."""
        return self.polls_per_second / (self.worker_cpu + self.database_cpu + self.broker_cpu)


def measure(bench: Bench, design: Design, case: Case, times: Times) -> Measured:
    """Start a design, warm it up, count, and stop it."""
    bench.seqr.set_behaviour(delay=case.delay)
    references = prepare(bench, case.open, case.terminals)
    rate = case.payments_per_second if design.records else 0.0
    with bench.launcher.nested() as launcher:
        process, *beside = design.start(bench, launcher, references)
        measured = (process, bench.postgres, bench.redis, *beside)
        wait_for_queries(bench, design.name)
        bench.seqr.set_behaviour(delay=case.delay, payments_per_second=rate, **case.behaviour)
        issue_as_paid(bench, rate, times.warm_up)

        bench.seqr.count()
        before = [cpu_seconds(each) for each in measured]
        issue_as_paid(bench, rate, times.window)
        cpu = [
            cpu_seconds(each) - from_state
            for each, from_state in zip(measured, before, strict=True)
        ]
        counted = bench.seqr.stats()

        pss = pss_bytes(process)
        bench.seqr.set_behaviour(delay=case.delay, **case.behaviour)
        to_record, unrecorded = bench.shop.recorded(counted.payments, within=RECORD_SECONDS)
    return Measured(
        payments_per_second=rate,
        polls_per_second=counted.polls / counted.seconds,
        worker_cpu=cpu[0] / counted.seconds,
        database_cpu=cpu[1] / counted.seconds,
        broker_cpu=sum(cpu[2:]) / counted.seconds,
        seqr_cpu=counted.cpu_seconds / counted.seconds,
        seqr_limit=counted.polls / counted.cpu_seconds,
        longest_silence=counted.longest_silence,
        pss=pss,
        to_record=to_record,
        unrecorded=unrecorded,
    )


def prepare(bench: Bench, open_invoices: int, terminals: int = 1) -> list[int]:
    """Reset everything to a number of open invoices; return their references."""
    bench.clear_redis()
    references = bench.shop.fill(open_invoices, terminals)
    bench.seqr.count()
    return references


def wait_for_queries(bench: Bench, name: str) -> None:
    """Wait for the first query. Raises RuntimeError after a minute."""
    deadline = time.monotonic() + START_SECONDS
    while bench.seqr.stats().polls == 0:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} sends no query:\n{bench.launcher.end_of_log(name)}")
        time.sleep(STEP_SECONDS)


def issue_as_paid(bench: Bench, rate: float, seconds: float) -> None:
    """Wait, and issue as many invoices as are paid meanwhile."""
    began = time.monotonic()
    issued = 0
    while (passed := time.monotonic() - began) < seconds:
        wanted = int(passed * rate) - issued
        if wanted:
            bench.shop.issue(wanted)
            issued += wanted
        time.sleep(min(STEP_SECONDS, max(0.0, seconds - passed)))
