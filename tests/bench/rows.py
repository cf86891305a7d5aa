"""The measurements, how often each is made, and for how long."""

import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

from tests.bench.designs import (
    BARE,
    BARE_AT_FULL_SPEED,
    NAIVE,
    OURS,
    Bench,
    Design,
)
from tests.bench.failover import Failover, measure_failover
from tests.bench.measure import Case, Measured, Times, measure
from tests.bench.tap import tap_to_app

RUNS = 3
TIMES = Times(warm_up=3, window=8)
QUICK_TIMES = Times(warm_up=2, window=5)

CASES = [Case(number, delay) for number in (100, 1_000, 10_000) for delay in (0.0, 0.05)]
LARGEST = Case(10_000)
FULL_SHARD = Case(25_000)
MANY_TERMINALS = Case(10_000, note="200 terminals", terminals=200)
MANY_PAYMENTS = Case(10_000, note="300 payments a second", rate=300.0)
QUICK_CASES = [Case(1_000), LARGEST]
UNIQUE_ANSWERS = Case(10_000, note="unique answers", behaviour={"unique_answers": True})
FAILING = Case(10_000, note="failing", behaviour={"failing_share": 0.01, "slow_share": 0.01})

Runs = dict[tuple[str, str], list[Measured]]  # by the names of a case and a design


@dataclass
class Results:
    """All measurements, one of each run."""

    runs: Runs = field(default_factory=lambda: defaultdict(list))
    failovers: list[Failover] = field(default_factory=list)
    taps: list[list[float]] = field(default_factory=list)  # seconds from the order to app_url


def measure_quickly(bench: Bench) -> Results:
    """Measure two rows, the second with many terminals, and tap to app, once."""
    results = Results()
    for case in QUICK_CASES:
        for design in (OURS, NAIVE, BARE):
            _measure(bench, design, case, QUICK_TIMES, results.runs)
    _measure(bench, OURS, MANY_TERMINALS, QUICK_TIMES, results.runs)
    _measure_tap(bench, results)
    return results


def measure_all(bench: Bench) -> Results:
    """Measure every row RUNS times, alternating between the designs."""
    results = Results()
    for run in range(RUNS):
        _print(f"run {run + 1} of {RUNS}")
        for case in CASES:
            for design in (OURS, NAIVE, BARE):
                _measure(bench, design, case, TIMES, results.runs)
            if case == LARGEST:
                _measure(bench, OURS, MANY_TERMINALS, TIMES, results.runs)
                _measure(bench, BARE_AT_FULL_SPEED, case, TIMES, results.runs)
        _measure(bench, BARE, FULL_SHARD, TIMES, results.runs)
        for case in (FULL_SHARD, MANY_PAYMENTS, UNIQUE_ANSWERS, FAILING):
            _measure(bench, OURS, case, TIMES, results.runs)
        results.failovers.append(measure_failover(bench, LARGEST))
        _print(f"a worker killed: silence {results.failovers[-1].longest_silence:.1f} s at most")
        _measure_tap(bench, results)
    return results


def _measure_tap(bench: Bench, results: Results) -> None:
    results.taps.append(tap_to_app(bench))
    _print(f"tap to app: {median(results.taps[-1]) * 1000:.0f} ms")


def _measure(bench: Bench, design: Design, case: Case, times: Times, runs: Runs) -> None:
    measured = measure(bench, design, case, times)
    runs[case.name, design.name].append(measured)
    _print(
        f"{case.name}, {design.name}: {measured.polls_per_second:,.0f} polls/s, "
        f"{measured.polls_per_cpu_second:,.0f} per CPU second"
    )


def _print(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()
