"""The table of the streams, in a block of its own in docs/performance.md."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tests.bench.machine import Cores, describe
from tests.bench.report import END, PAGE, table
from tests.bench.stats import share, spread
from tests.bench.streams import REQUESTS_PER_SECOND, STREAMS, Held

BEGIN = "<!-- make bench-streams writes from here -->\n"


def write(runs: Sequence[Held], cores: Cores) -> None:
    """Put the table between its marks."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    measured = f"Measured on {datetime.now(UTC):%Y-%m-%d}: {describe(cores)}"
    PAGE.write_text(f"{before}{BEGIN}\n{measured}\n\n{rows(runs)}\n\n{END}{after}")


def rows(runs: Sequence[Held]) -> str:
    """Return the table: medians of the runs, the lowest and the highest behind them."""
    lines = [
        ("memory each (PSS)", spread([run.pss_each / 1e3 for run in runs], "{:.0f} kB"), "", ""),
        ("CPU while nothing changes", spread([run.idle_cpu for run in runs], "{:.1%}"), "", ""),
        ("committed → at the page", *_times([run.told for run in runs])),
        (
            f"the same beside {REQUESTS_PER_SECOND} other requests a second",
            *_times([run.told_beside_requests for run in runs]),
        ),
    ]
    head = (f"{STREAMS:,} streams held by one web process", "median", "p99", "longest")
    return table(head, lines)


def _times(told: Sequence[Sequence[float]]) -> list[str]:
    return [
        spread([share(each, part) * 1000 for each in told], "{:.0f} ms")
        for part in (0.5, 0.99, 1.0)
    ]
