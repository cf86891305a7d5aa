"""One measurement: a design at work on so many open invoices, for a while."""

import time
from dataclasses import dataclass, field

from tests.bench.designs import Bench, Design
from tests.bench.machine import cpu_seconds, pss_bytes

START_SECONDS = 60
RECORD_SECONDS = 2.5
STEP_SECONDS = 0.1
LIFETIME_SECONDS = 600
FEWEST_PAYMENTS = 5.0  # a second; with fewer there would be nothing to take a median of


@dataclass(frozen=True)
class Case:
    """What a design is measured at: how many are open, and how SEQR behaves (`Behaviour`)."""

    open: int
    delay: float = 0.0
    note: str = ""
    behaviour: dict[str, float | bool] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """In words."""
        answers = f"after {self.delay * 1000:.0f} ms" if self.delay else "at once"
        return f"{self.open:,} open, {self.note or answers}"

    @property
    def payments_per_second(self) -> float:
        """As many as would empty the shop in an invoice's lifetime."""
        return max(FEWEST_PAYMENTS, self.open / LIFETIME_SECONDS)


@dataclass(frozen=True)
class Times:
    """How long each run lasts, in seconds."""

    warm_up: float
    window: float


@dataclass(frozen=True)
class Measured:
    """What a measurement has found. Times in seconds, memory in bytes."""

    polls_per_second: float
    worker_cpu: float  # of one core
    database_cpu: float
    broker_cpu: float  # Redis, and what enqueues
    seqr_cpu: float
    seqr_limit: float  # the polls that the fake SEQR answers in a CPU second
    longest_gap: float
    pss: int
    to_record: list[float]
    unrecorded: int  # are in `to_record` with the time so far

    @property
    def polls_per_cpu_second(self) -> float:
        """Polls for each second of CPU that the poller and the database use together."""
        return self.polls_per_second / (self.worker_cpu + self.database_cpu)

    @property
    def polls_per_cpu_second_in_all(self) -> float:
        """The same, with what Redis and the enqueueing use."""
        return self.polls_per_second / (self.worker_cpu + self.database_cpu + self.broker_cpu)


def measure(bench: Bench, design: Design, case: Case, times: Times) -> Measured:
    """Run a design: start it, warm it up, count, and end it."""
    bench.seqr.behave(delay=case.delay)
    references = prepare(bench, case.open)
    rate = case.payments_per_second if design.records else 0.0
    with bench.launcher.nested() as launcher:
        process, *beside = design.start(bench, launcher, references)
        measured = (process, bench.postgres, bench.redis, *beside)
        wait_for_questions(bench, design.name)
        bench.seqr.behave(delay=case.delay, payments_per_second=rate, **case.behaviour)
        keep_level(bench, rate, times.warm_up)

        bench.seqr.count()
        before = [cpu_seconds(each) for each in measured]
        keep_level(bench, rate, times.window)
        cpu = [
            cpu_seconds(each) - from_state
            for each, from_state in zip(measured, before, strict=True)
        ]
        counted = bench.seqr.figures()

        pss = pss_bytes(process)
        bench.seqr.behave(delay=case.delay, **case.behaviour)
        to_record, unrecorded = bench.shop.recorded(counted.payments, within=RECORD_SECONDS)
    return Measured(
        polls_per_second=counted.polls / counted.seconds,
        worker_cpu=cpu[0] / counted.seconds,
        database_cpu=cpu[1] / counted.seconds,
        broker_cpu=sum(cpu[2:]) / counted.seconds,
        seqr_cpu=counted.cpu_seconds / counted.seconds,
        seqr_limit=counted.polls / counted.cpu_seconds,
        longest_gap=counted.longest_gap,
        pss=pss,
        to_record=to_record,
        unrecorded=unrecorded,
    )


def prepare(bench: Bench, open_invoices: int) -> list[int]:
    """Begin anew with so many open invoices; return their references."""
    bench.clear_redis()
    references = bench.shop.fill(open_invoices)
    bench.seqr.count()
    return references


def wait_for_questions(bench: Bench, name: str) -> None:
    """Wait until SEQR is asked. Raises RuntimeError where it is not within a minute."""
    deadline = time.monotonic() + START_SECONDS
    while bench.seqr.figures().polls == 0:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} asks nothing:\n{bench.launcher.end_of_log(name)}")
        time.sleep(STEP_SECONDS)


def keep_level(bench: Bench, rate: float, seconds: float) -> None:
    """Let time pass, and issue as many invoices as are paid meanwhile."""
    began = time.monotonic()
    issued = 0
    while (passed := time.monotonic() - began) < seconds:
        wanted = int(passed * rate) - issued
        if wanted:
            bench.shop.issue(wanted)
            issued += wanted
        time.sleep(min(STEP_SECONDS, max(0.0, seconds - passed)))
