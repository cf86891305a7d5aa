"""The table of the streams in docs/performance.md."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tests.bench.machine import Cores, describe
from tests.bench.page import table, write_between_marks
from tests.bench.stats import median_and_range, percentile
from tests.bench.streams import REQUESTS_PER_SECOND, STREAMS, StreamRun


def write(runs: Sequence[StreamRun], cores: Cores) -> None:
    """Write the table between its marks."""
    measured = f"Measured on {datetime.now(UTC):%Y-%m-%d}: {describe(cores)}"
    write_between_marks("bench-streams", f"{measured}\n\n{rows(runs)}")


def rows(runs: Sequence[StreamRun]) -> str:
    """Return the table: medians of the runs, with minimum and maximum."""
    lines = [
        (
            "memory each (PSS)",
            median_and_range([run.pss_each / 1e3 for run in runs], "{:.0f} kB"),
            "",
            "",
        ),
        (
            "CPU while nothing changes",
            median_and_range([run.idle_cpu for run in runs], "{:.1%}"),
            "",
            "",
        ),
        ("committed → at the page", *_times([run.to_page for run in runs])),
        (
            f"the same beside {REQUESTS_PER_SECOND} other requests a second",
            *_times([run.to_page_under_load for run in runs]),
        ),
    ]
    head = (f"{STREAMS:,} streams held by one web process", "median", "p99", "longest")
    return table(head, lines)


def _times(to_page: Sequence[Sequence[float]]) -> list[str]:
    return [
        median_and_range([percentile(each, part) * 1000 for each in to_page], "{:.0f} ms")
        for part in (0.5, 0.99, 1.0)
    ]
