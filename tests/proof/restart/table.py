"""Prints the figures of `make rolling-restart`, and writes them into docs/rolling-restart.md."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from seqrshop.local import ROOT
from tests.proof.restart.measure import During, Measured, statistics

PAGE = ROOT / "docs" / "rolling-restart.md"
BEGIN, END = "<!-- make rolling-restart writes from here -->\n", "<!-- to here -->\n"
COLUMNS = (
    "process",
    "stopped after",
    "works after",
    "longest unqueried",
    "requests",
    "repeated",
    "longest request",
    "streams moved",
    "longest without a stream",
)


def lines(measured: Measured) -> list[str]:
    """Return the table and the summary, line by line."""
    rows: list[Sequence[str]] = [COLUMNS, ("---",) * len(COLUMNS)]
    rows += [_cells(measured.during(restart)) for restart in measured.restarts]
    return [*(f"| {' | '.join(row)} |" for row in rows), "", *_summary(measured)]


def write(measured: Measured) -> None:
    """Write the lines between the marks of the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    date = f"Measured on {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores."
    text = "\n".join([date, "", *lines(measured)])
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n\n{END}{after}")


def _cells(during: During) -> Sequence[str]:
    restart, answers, moved = during.restart, during.answers, during.moved
    return (
        restart.process,
        f"{restart.stop_seconds:.1f} s",
        f"{restart.ready_seconds:.1f} s",
        f"{during.silence:.1f} s",
        str(len(answers)),
        str(sum(answer.attempts > 1 for answer in answers)),
        f"{max((answer.seconds for answer in answers), default=0.0):.1f} s",
        str(len(moved)),
        f"{max((each.seconds for each in moved), default=0.0):.1f} s",
    )


def _summary(measured: Measured) -> list[str]:
    pages, shop = measured.pages, measured.shop
    refunds = [refund for refund in shop.refunds if refund.status == "REFUNDED"]
    seconds = measured.restarts[-1].ended_at - measured.restarts[0].began_at
    return [
        f"- {len(measured.restarts)} processes in {seconds:.0f} s; {len(pages.orders)} orders, "
        f"{len(measured.payments)} payments, {len(refunds)} refunds.",
        f"- No query about an open invoice for {measured.longest_silence:.1f} s at most; "
        f"{measured.reversed_count} payments reversed; confirmed after "
        f"{statistics(measured.confirmed_after())}.",
        f"- {len(pages.answers)} requests of pages: {statistics(measured.waits())}; "
        f"{sum(answer.attempts > 1 for answer in pages.answers)} were repeated.",
        f"- {pages.opened_streams} streams, {len(pages.moved_streams)} moved to another process, "
        f"{pages.ends['cut']} cut off.",
        f"- {measured.unknown_refunds} refunds with an unknown outcome; "
        f"{len(measured.differences)} differences between the ledgers of SEQR, shop and customers.",
    ]
