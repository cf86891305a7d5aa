"""Measures a kill of the worker that polls all open invoices."""

from dataclasses import dataclass

import psutil

from tests.bench.designs import Bench
from tests.bench.machine import cpu_seconds
from tests.bench.measure import Case, issue_as_paid, prepare, wait_for_queries

WARM_UP_SECONDS = 5
BEFORE_SECONDS = 3
AFTER_SECONDS = 12
RECORD_SECONDS = 3


@dataclass(frozen=True)
class Failover:
    """The longest silence about an invoice, and the times to record payments, in seconds."""

    longest_silence: float
    to_record: list[float]
    unrecorded: int


def measure_failover(bench: Bench, case: Case) -> Failover:
    """Run two workers and Beat as in production; SIGKILL the worker that polls."""
    bench.seqr.set_behaviour()
    prepare(bench, case.open)
    rate = case.payments_per_second
    with bench.launcher.nested() as launcher:
        workers = [
            launcher.start_from_procfile("poller", bench.cores.worker, name=name)
            for name in ("poller-1", "poller-2")
        ]
        launcher.start_from_procfile("beat", bench.cores.rest)
        wait_for_queries(bench, "poller-1")
        bench.seqr.set_behaviour(payments_per_second=rate)
        issue_as_paid(bench, rate, WARM_UP_SECONDS)

        bench.seqr.count()
        before = [cpu_seconds(psutil.Process(worker.process.pid)) for worker in workers]
        issue_as_paid(bench, rate, BEFORE_SECONDS)
        used = [
            cpu_seconds(psutil.Process(worker.process.pid)) - from_state
            for worker, from_state in zip(workers, before, strict=True)
        ]
        workers[used.index(max(used))].kill()
        issue_as_paid(bench, rate, AFTER_SECONDS)
        counted = bench.seqr.stats()

        bench.seqr.set_behaviour()
        to_record, unrecorded = bench.shop.recorded(counted.payments, within=RECORD_SECONDS)
    return Failover(counted.longest_silence, to_record, unrecorded)
