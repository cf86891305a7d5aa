"""Prints the figures of `make restore-test`, and writes them into docs/restore.md."""

import os
from datetime import UTC, datetime

from seqrshop.local import ROOT
from tests.proof.restore.scenario import Outcome, Restored

PAGE = ROOT / "docs" / "restore.md"
BEGIN, END = "<!-- make restore-test writes from here -->\n", "<!-- to here -->\n"


def lines(outcome: Outcome) -> list[str]:
    """Return a table for each restore."""
    return [line for restored in outcome.restores for line in _table(outcome, restored)]


def write(outcome: Outcome) -> None:
    """Write the lines between the marks of the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    date = f"Measured on {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores."
    text = "\n".join([date, *lines(outcome)])
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n\n{END}{after}")


def _table(outcome: Outcome, restored: Restored) -> list[str]:
    sizes = ", ".join(
        f"{name} {size / 1_000_000:,.0f} MB" for name, size in restored.watch.sizes.items()
    )
    steps = [f"| {name} | {seconds:.1f} s |" for name, seconds in restored.watch.seconds.items()]
    return [
        "",
        f"| {restored.kind}, {outcome.orders:,} orders ({sizes}) | |",
        "| --- | --- |",
        *steps,
        f"| start the processes, until an order can be paid | {restored.started_seconds:.1f} s |",
        f"| **from the loss until an order can be paid** | {restored.total_seconds:.1f} s |",
        f"| refunds that SEQR had made and the backup lacked | {restored.resolved_refunds}, "
        "none sent again |",
        *(
            f"| {verified.splitlines()[0].partition(', up to')[0]} | |"
            for verified in restored.verified
        ),
    ]
