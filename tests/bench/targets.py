"""The targets of the poller, compared with the medians of the runs."""

from collections.abc import Callable
from statistics import median

from tests.bench.designs import BARE, NAIVE, OURS, Design
from tests.bench.measure import Case, Measured
from tests.bench.rows import FULL_SHARD, LARGEST, MANY_PAYMENTS, MANY_TERMINALS, Results
from tests.bench.stats import percentile
from tests.bench.verdicts import at_least, at_most


def targets(results: Results) -> list[tuple[str, str, str]]:
    """Return each target, the measurement, and whether it is met."""
    ours = results.runs[LARGEST.name, OURS.name]
    full = results.runs[FULL_SHARD.name, OURS.name]
    busy = results.runs[MANY_PAYMENTS.name, OURS.name]
    row, full_row = f"{LARGEST.open:,} open: ", f"{FULL_SHARD.open:,} open: "
    return [
        at_least(f"{full_row}polls/s", 24_000, median(run.polls_per_second for run in full)),
        at_least(
            f"{full_row}polls per CPU second",
            30_000,
            median(run.polls_per_cpu_second for run in full),
        ),
        at_most(
            f"{MANY_PAYMENTS.note}: CPU of a payment, ms",
            3,
            median(payment_cpu_ms(results, lambda run: run.worker_cpu + run.database_cpu)),
        ),
        at_most(
            f"{MANY_PAYMENTS.note}: paid → recorded, p99, s",
            1.5,
            median(percentile(run.to_record, 0.99) for run in busy),
        ),
        at_least(f"{row}polls/s", 9_500, median(run.polls_per_second for run in ours)),
        at_most(
            f"{row}paid → recorded, p99, s",
            1.1,
            median(percentile(run.to_record, 0.99) for run in ours),
        ),
        at_least(f"{row}times the naive one's polls per CPU second", 100, _ratio(results, NAIVE)),
        at_least(f"{row}of the bare loop's polls per CPU second", 0.6, _ratio(results, BARE)),
        at_least(
            f"{MANY_TERMINALS.name}: of one terminal's polls per CPU second",
            0.95,
            _ratio(results, OURS, case=MANY_TERMINALS),
        ),
        at_most(f"{row}PSS, MB", 150, median(run.pss / 1e6 for run in ours)),
        at_most(
            "a worker killed: longest silence, s",
            6,
            max(each.longest_silence for each in results.failovers),
        ),
        at_most(
            "tap to app, ms", 150, median(percentile(each, 0.5) * 1000 for each in results.taps)
        ),
    ]


def payment_cpu_ms(results: Results, cpu: Callable[[Measured], float]) -> list[float]:
    """Return what one payment more costs in each run: MANY_PAYMENTS compared with LARGEST."""
    return [
        1000 * (cpu(busy) - cpu(usual)) / (busy.payments_per_second - usual.payments_per_second)
        for busy, usual in zip(
            results.runs[MANY_PAYMENTS.name, OURS.name],
            results.runs[LARGEST.name, OURS.name],
            strict=True,
        )
    ]


def _ratio(results: Results, other: Design, *, case: Case = LARGEST) -> float:
    """Return the median ratio of our polls per CPU second, in a case, to another's in LARGEST."""

    def of(run: Measured) -> float:
        return run.polls_per_cpu_second

    ours, theirs = results.runs[case.name, OURS.name], results.runs[LARGEST.name, other.name]
    return median(of(our) / of(their) for our, their in zip(ours, theirs, strict=True))
