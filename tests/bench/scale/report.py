"""The tables of docs/scale.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from seqrshop.local import ROOT
from tests.bench.machine import describe_machine
from tests.bench.page import table
from tests.bench.scale.measure import PageTimes, Results

PAGE = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- make bench-scale writes from here -->\n", "<!-- to here -->\n"
SLOW_SECONDS = 0.3


def write(results: Results) -> None:
    """Write the tables between the marks of docs/scale.md."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    machine = describe_machine(results.postgres, ("django", "psycopg"))
    measured = f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine}"
    PAGE.write_text(f"{before}{BEGIN}\n{measured}\n\n{tables(results)}\n\n{END}{after}")


def tables(results: Results) -> str:
    """Return the tables of the pages, of the export, of the reads and of the bytes."""
    return "\n\n".join(
        [
            f"{results.orders:,} orders:",
            *(_pages(staff, times) for staff, times in results.pages.items()),
            _slow_pages(results),
            _export(results),
            _reads(results),
            _bytes(results),
        ]
    )


def page_lines(pages: Mapping[str, Sequence[PageTimes]]) -> str:
    """Return a table of pages, each with a line of its own, the slowest first."""
    measured = [(staff, each) for staff, times in pages.items() for each in times]
    lines = [
        (
            staff,
            f"`{each.page.address}`",
            f"{each.median * 1000:.0f} ms",
            f"{each.cpu_seconds * 1000:.0f} ms",
            str(each.statements),
        )
        for staff, each in sorted(measured, key=lambda pair: -pair[1].median)
    ]
    return table(("staff of", "address", "median", "its CPU", "statements"), lines)


def _pages(staff: str, times: Sequence[PageTimes]) -> str:
    """Return a line for each group of pages, with its slowest page."""
    lines = []
    for group, members in groupby(
        sorted(times, key=lambda each: each.page.group), key=lambda each: each.page.group
    ):
        each = list(members)
        slowest = max(each, key=lambda page: page.median)
        lines.append(
            (
                group,
                str(len(each)),
                f"{slowest.median * 1000:.0f} ms",
                f"{slowest.cpu_seconds * 1000:.0f} ms",
                str(slowest.statements),
                f"`{slowest.page.address}`",
            )
        )
    head = (f"staff of {staff}", "pages", "slowest: median", "its CPU", "statements", "address")
    return table(head, lines)


def _slow_pages(results: Results) -> str:
    slow = [
        f"`{each.page.address}` {each.median * 1000:.0f} ms (staff of {staff})"
        for staff, times in results.pages.items()
        for each in times
        if each.median > SLOW_SECONDS or each.status not in (200, 302)
    ]
    number = sum(map(len, results.pages.values()))
    limit = f"{SLOW_SECONDS * 1000:.0f} ms"
    if not slow:
        return f"Each of the {number} pages has a median below {limit}."
    return f"{len(slow)} of {number} pages have a median above {limit}: {', '.join(slow)}."


def _export(results: Results) -> str:
    export = results.export
    return (
        f"The export of the audit sends its first event after "
        f"{export.seconds_to_first_event * 1000:.0f} ms, and then "
        f"{export.megabytes_per_second:.1f} MB a second."
    )


def _reads(results: Results) -> str:
    lines = [
        (
            read.name,
            read.every,
            f"{read.seconds * 1000:.2f} ms",
            str(read.statements),
            f"{read.rows:,}",
        )
        for read in results.reads
    ]
    return table(("repeated read", "every", "median", "statements", "rows read"), lines)


def _bytes(results: Results) -> str:
    lines = [
        (name, f"{rows / results.orders:.2f}", f"{heap:,.0f}", f"{indexes:,.0f}")
        for name, rows, heap, indexes in results.bytes_per_order
    ]
    total = sum(heap + indexes for _, _, heap, indexes in results.bytes_per_order)
    head = ("table", "rows per order", "bytes per order", "bytes of its indexes per order")
    return f"{table(head, lines)}\n\nIn all, {total:,.0f} bytes per order."
