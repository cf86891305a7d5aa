"""A poller killed outright while it asks about every open invoice there is."""

from dataclasses import dataclass

import psutil

from tests.bench.designs import Bench
from tests.bench.machine import cpu_seconds
from tests.bench.measure import Case, keep_level, prepare, wait_for_questions

WARM_UP_SECONDS = 5
BEFORE_SECONDS = 3
AFTER_SECONDS = 12
RECORD_SECONDS = 3


@dataclass(frozen=True)
class Killed:
    """What came of it: the longest that an invoice was unasked for, and payments' way, in s."""

    longest_gap: float
    to_record: list[float]
    unrecorded: int


def kill_one_of_two(bench: Bench, case: Case) -> Killed:
    """Have two workers, and Beat as in production; SIGKILL the one that asks."""
    bench.seqr.behave()
    prepare(bench, case.open)
    rate = case.payments_per_second
    with bench.launcher.nested() as launcher:
        workers = [
            launcher.start_from_procfile("poller", bench.cores.worker, name=name)
            for name in ("poller-1", "poller-2")
        ]
        launcher.start_from_procfile("beat", bench.cores.rest)
        wait_for_questions(bench, "poller-1")
        bench.seqr.behave(payments_per_second=rate)
        keep_level(bench, rate, WARM_UP_SECONDS)

        bench.seqr.count()
        before = [cpu_seconds(psutil.Process(worker.process.pid)) for worker in workers]
        keep_level(bench, rate, BEFORE_SECONDS)
        used = [
            cpu_seconds(psutil.Process(worker.process.pid)) - from_state
            for worker, from_state in zip(workers, before, strict=True)
        ]
        workers[used.index(max(used))].kill()
        keep_level(bench, rate, AFTER_SECONDS)
        counted = bench.seqr.figures()

        bench.seqr.behave()
        to_record, unrecorded = bench.shop.recorded(counted.payments, within=RECORD_SECONDS)
    return Killed(counted.longest_gap, to_record, unrecorded)
