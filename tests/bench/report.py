"""The tables: ratios, then medians with the minimum and maximum of the runs."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tests.bench.designs import BARE, BARE_AT_FULL_SPEED, NAIVE, OURS, Design
from tests.bench.machine import Cores, describe
from tests.bench.measure import Case, Measured
from tests.bench.page import table, write_between_marks
from tests.bench.rows import (
    CASES,
    FAILING,
    FULL_SHARD,
    LARGEST,
    MANY_PAYMENTS,
    MANY_TERMINALS,
    UNIQUE_ANSWERS,
    Results,
)
from tests.bench.stats import median_and_range, percentile
from tests.bench.targets import payment_cpu_ms, targets


def write(results: Results, cores: Cores) -> None:
    """Write the tables between the marks of docs/performance.md."""
    parts = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {describe(cores)}",
        f"Polls per CPU second:\n\n{rows(results)}",
        _failover_and_tap(results),
        _cost_of_a_payment(results),
        _fake_seqr_load(results),
        table(("target", "measured", ""), targets(results)),
    ]
    write_between_marks("bench", "\n\n".join(parts))


def rows(results: Results) -> str:
    """Return the table of ratios and the table of measurements."""
    cases = (*CASES, MANY_TERMINALS, FULL_SHARD, MANY_PAYMENTS, UNIQUE_ANSWERS, FAILING)
    measured = [case for case in cases if (case.name, OURS.name) in results.runs]
    return "\n\n".join(
        [
            table(
                (
                    "polls per CPU second, SEQR answering",
                    "ours ÷ naive",
                    "the same with broker and enqueueing",
                    "ours ÷ bare",
                    "ours ÷ bare, full speed",
                ),
                [
                    (
                        case.name,
                        _ratio(results, case, NAIVE),
                        _ratio(results, case, NAIVE, lambda run: run.polls_per_total_cpu_second),
                        *(_ratio(results, case, other) for other in OTHERS[1:]),
                    )
                    for case in measured
                    if (case.name, BARE.name) in results.runs
                ],
            ),
            table(
                ("SEQR answering", "design", *COLUMNS),
                [
                    (case.name, design.name, *(column(runs) for column in COLUMNS.values()))
                    for case in measured
                    for design in (OURS, *OTHERS)
                    if (runs := results.runs.get((case.name, design.name)))
                ],
            ),
        ]
    )


OTHERS = (NAIVE, BARE, BARE_AT_FULL_SPEED)


def _ratio(
    results: Results,
    case: Case,
    other: Design,
    value: Callable[[Measured], float] = lambda run: run.polls_per_cpu_second,
) -> str:
    pairs = zip(
        results.runs[case.name, OURS.name], results.runs[case.name, other.name], strict=False
    )
    ratios = [value(ours) / value(theirs) for ours, theirs in pairs]
    return median_and_range(ratios, "{:,.2f}") if ratios else "—"


def _recorded(part: float) -> Callable[[Sequence[Measured]], str]:
    def column(runs: Sequence[Measured]) -> str:
        known = [run for run in runs if run.to_record]
        if not known:
            return "—"
        text = median_and_range([percentile(run.to_record, part) for run in known], "{:.2f} s")
        return f"≥ {text}" if any(run.unrecorded for run in known) else text

    return column


def _of(form: str, value: Callable[[Measured], float]) -> Callable[[Sequence[Measured]], str]:
    return lambda runs: median_and_range([value(run) for run in runs], form)


COLUMNS: dict[str, Callable[[Sequence[Measured]], str]] = {
    "polls/s": _of("{:,.0f}", lambda run: run.polls_per_second),
    "polls per CPU second": _of("{:,.0f}", lambda run: run.polls_per_cpu_second),
    "poller's CPU": _of("{:.0%}", lambda run: run.worker_cpu),
    "database's CPU": _of("{:.0%}", lambda run: run.database_cpu),
    "broker's and enqueueing's CPU": _of("{:.0%}", lambda run: run.broker_cpu),
    "fake SEQR's CPU": _of("{:.0%}", lambda run: run.seqr_cpu),
    "longest silence": _of("{:.1f} s", lambda run: run.longest_silence),
    "paid → recorded, p50": _recorded(0.5),
    "p99": _recorded(0.99),
    "longest": _recorded(1.0),
    "PSS": _of("{:.0f} MB", lambda run: run.pss / 1e6),
}


def _failover_and_tap(results: Results) -> str:
    failovers, taps = results.failovers, results.taps
    return table(
        ("", "median", "p99", "longest"),
        [
            (
                f"{LARGEST.open:,} open, the polling worker is killed: longest silence",
                "",
                "",
                median_and_range([each.longest_silence for each in failovers], "{:.1f} s"),
            ),
            (
                "the same: paid → recorded",
                *(
                    median_and_range(
                        [percentile(each.to_record, part) for each in failovers], "{:.2f} s"
                    )
                    for part in (0.5, 0.99, 1.0)
                ),
            ),
            (
                "tap to app: an order posted → its `app_url` there",
                *(
                    median_and_range([percentile(each, part) * 1000 for each in taps], "{:.0f} ms")
                    for part in (0.5, 0.99, 1.0)
                ),
            ),
        ],
    )


def _cost_of_a_payment(results: Results) -> str:
    return table(
        ("CPU of one more payment", "median"),
        [
            (part, median_and_range(payment_cpu_ms(results, value), "{:.2f} ms"))
            for part, value in (
                ("the poller", lambda run: run.worker_cpu),
                ("PostgreSQL, with one more invoice issued", lambda run: run.database_cpu),
            )
        ],
    )


def _fake_seqr_load(results: Results) -> str:
    """Return a sentence that shows that the fake SEQR was no bottleneck."""
    runs = [run for each in results.runs.values() for run in each]
    busiest = max(runs, key=lambda run: run.seqr_cpu)
    used = median_and_range(
        [run.seqr_cpu for run in results.runs[LARGEST.name, OURS.name]], "{:.0%}"
    )
    at_full_speed = results.runs[LARGEST.name, BARE_AT_FULL_SPEED.name]
    limit = median_and_range([run.seqr_limit for run in at_full_speed], "{:,.0f}")
    return (
        f"The fake SEQR used {used} of a core while ours polled {LARGEST.open:,}, and "
        f"{busiest.seqr_cpu:.0%} at most; it answers {limit} queries per CPU second."
    )
