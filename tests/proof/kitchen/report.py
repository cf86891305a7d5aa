"""Compares what the screens have shown with what was paid, and describes it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from math import ceil
from pathlib import Path

from seqrshop.local import ROOT
from tests.proof.kitchen.rush import SCREENS, Outcome

PAGE = ROOT / "docs" / "proof.md"
BLOCK = re.compile(r"(<!-- kitchen -->\n).*?(<!-- /kitchen -->)", re.DOTALL)
LIMIT_SECONDS = 1.0  # p99 from the commit of the payment to the card
STEPS = ("order_preparing", "order_ready", "order_served")


def delays(outcome: Outcome) -> list[float]:
    """Return the seconds from each payment to its card on each screen, the shortest first.

    The event's time is taken for that of the commit, which follows it: no delay is too short.
    """
    return sorted(
        at - outcome.paid_at[number]
        for screen in outcome.appeared
        for number, at in screen
        if number in outcome.paid_at
    )


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that this share of the sorted values does not exceed."""
    return values[max(0, ceil(share * len(values)) - 1)]


def broken_promises(outcome: Outcome) -> list[str]:
    """Return each broken promise as a sentence."""
    return list(_broken(outcome))


def _broken(outcome: Outcome) -> Iterator[str]:
    ordered = Counter(outcome.ordered)
    unpaid = ordered.keys() - outcome.paid_at.keys()
    if unpaid:
        yield f"{len(unpaid)} orders were never paid."
    for position, appeared in enumerate(outcome.appeared, 1):
        shown = Counter(number for number, _ in appeared)
        lost, twice = ordered - shown, shown - ordered
        if lost:
            yield f"Screen {position} has not shown {', '.join(sorted(lost))}."
        if twice:
            yield f"Screen {position} has shown {', '.join(sorted(twice))} once too often."
    for step in STEPS:
        recorded = Counter(number for number, name in outcome.steps if name == step)
        if recorded != ordered:
            yield f"{step} is not recorded once for each order."
    if any(outcome.left):
        yield f"Cards are left on the screens: {outcome.left}."
    found = delays(outcome)
    if found and percentile(found, 0.99) > LIMIT_SECONDS:
        yield f"The card comes after {percentile(found, 0.99):.2f} s (p99)."


def describe(outcome: Outcome) -> list[str]:
    """Return the figures as lines of Markdown."""
    found = delays(outcome)
    if not found:
        return ["No card has appeared."]
    rows = [
        ("orders, and how long they took to arrive", _arrivals(outcome)),
        ("screens", str(SCREENS)),
        ("cards shown", f"{len(found)} of {SCREENS * len(outcome.ordered)}"),
        ("steps recorded", f"{len(outcome.steps)} of {len(STEPS) * len(outcome.ordered)}"),
        ("commit to card, median", f"{percentile(found, 0.5) * 1000:.0f} ms"),
        ("commit to card, p99", f"{percentile(found, 0.99) * 1000:.0f} ms"),
        ("commit to card, longest", f"{found[-1] * 1000:.0f} ms"),
        ("processors", str(len(os.sched_getaffinity(0)))),
    ]
    return ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)]


def write_report(outcome: Outcome, page: Path = PAGE) -> None:
    """Write the figures into the page."""
    figures = "\n".join([*describe(outcome), ""])
    page.write_text(BLOCK.sub(lambda match: f"{match[1]}{figures}{match[2]}", page.read_text()))


def _arrivals(outcome: Outcome) -> str:
    times = outcome.paid_at.values()
    return f"{len(outcome.ordered)} in {max(times) - min(times):.0f} s"
