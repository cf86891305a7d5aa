"""Writes the figures of `make outages` into docs/outages.md."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from seqrshop.local import ROOT
from tests.proof.outages.measure import Measured

PAGE = ROOT / "docs" / "outages.md"
BEGIN, END = "<!-- make outages writes from here -->\n", "<!-- to here -->\n"
COLUMNS = (
    "outage",
    "lasts",
    "pollers",
    "open",
    "longest unqueried",
    "reversed",
    "order payable after",
    "all recorded after",
    "wrongly ok",
    "health",
)


def write(results: Sequence[Measured]) -> None:
    """Write the table between the marks of docs/outages.md."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = [COLUMNS, ("---",) * len(COLUMNS), *map(cells, results)]
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    date = f"Measured on {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores."
    PAGE.write_text(f"{before}{BEGIN}\n{date}\n\n{rows}\n\n{END}{after}")


def cells(result: Measured) -> tuple[str, ...]:
    """Return the table's line."""
    outage = result.outage
    return (
        outage.name,
        f"{outage.seconds} s",
        str(outage.pollers),
        f"{outage.open:,}",
        f"{result.longest_silence:.1f} s",
        f"{result.reversed} of {result.payments}",
        f"{result.until_payable:.1f} s",
        f"{result.until_recorded:.1f} s",
        str(result.wrongly_ok),
        result.health,
    )
