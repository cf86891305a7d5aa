"""The tables of docs/abuse.md: what an honest customer notices of each attack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from seqrshop.local import ROOT

PAGE = ROOT / "docs" / "abuse.md"
KINDS = ("page", "session", "status", "notify", "health", "kept alive")


@dataclass(frozen=True)
class Row:
    """One attack: the customer's timings by kind, and what the attack and the shop did."""

    attack: str
    timings: Mapping[str, Mapping[str, Sequence[Any]]]
    outcomes: Mapping[str, int]
    memory_before: float  # megabytes of the web processes
    memory_peak: float
    log_kilobytes: float

    def cells(self) -> list[str]:
        """Return the row's cells."""
        failures = sum(len(self.timings[kind]["failures"]) for kind in KINDS)
        return [
            self.attack,
            *(_median_and_worst(self.timings[kind]["seconds"]) for kind in KINDS),
            str(failures),
            f"{self.memory_before:.0f} → {self.memory_peak:.0f}",
            f"{self.log_kilobytes:.0f}",
            ", ".join(f"{name}: {number}" for name, number in sorted(self.outcomes.items())) or "–",
        ]

    def __str__(self) -> str:
        return " | ".join(self.cells())


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table."""
    head = ["attack", *KINDS, "failed", "web, MB", "log, KB", "the attack got"]
    lines = [head, ["---"] * len(head), *(row.cells() for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def write(rows: Sequence[Row], label: str) -> None:
    """Write the table between its marks."""
    begin, end = f"<!-- {label}: make abuse writes from here -->\n", f"<!-- {label}: to here -->\n"
    before, _, rest = PAGE.read_text().partition(begin)
    _, _, after = rest.partition(end)
    measured = f"\nMeasured on {datetime.now(UTC):%Y-%m-%d}.\n\n{table(rows)}\n"
    PAGE.write_text(f"{before}{begin}{measured}{end}{after}")


def _median_and_worst(seconds: Sequence[float]) -> str:
    if not seconds:
        return "–"
    return f"{median(seconds) * 1000:.0f} / {max(seconds) * 1000:.0f}"
