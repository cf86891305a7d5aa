"""The doctor's result as text and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from seqrshop import __version__
from seqrshop.ops.doctor.finding import Finding, Level, count, worst

WIDTH = 100
INDENT = 30


def as_text(findings: Sequence[Finding], seconds: float) -> str:
    """Return one entry for each finding, and the verdict at the end."""
    return "\n".join([*lines(findings), "", verdict(findings, seconds), ""])


def lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the lines of each finding: its level, its subject, its message and its advice."""
    for finding in findings:
        text = " ".join(filter(None, (finding.message, finding.advice)))
        yield textwrap.fill(
            text,
            WIDTH,
            initial_indent=f"{finding.level:<9}{finding.subject:<{INDENT - 10}} ",
            subsequent_indent=" " * INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )


def verdict(findings: Sequence[Finding], seconds: float) -> str:
    """Return one sentence: how many findings there are of each level."""
    numbers = {level: sum(each.level == level for each in findings) for level in Level}
    parts = [f"{numbers[Level.FAILED]} failed", count(numbers[Level.WARNING], "warning")]
    if numbers[Level.OK] == len(findings):
        parts = ["Nothing is wrong"]
    return f"{', '.join(parts)}, {numbers[Level.OK]} ok ({seconds:.1f} s)."


def as_json(findings: Sequence[Finding], seconds: float) -> str:
    """Return the result as one JSON object."""
    result = {
        "status": worst([*findings]),
        "version": __version__,
        "seconds": round(seconds, 1),
        "findings": [asdict(finding) for finding in findings],
    }
    return json.dumps(result, indent=2)
