"""One line of the doctor's result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is. Only FAILED changes the exit status of the command."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """What a check has found: a sentence, and what to do, empty where nothing is to be done.

    Neither contains a secret: an error's own text is never part of them.
    """

    level: Level
    subject: str
    message: str
    advice: str = ""


def ok(subject: str, message: str) -> Finding:
    """Return a finding that needs nothing to be done."""
    return Finding(Level.OK, subject, message)


def warning(subject: str, message: str, advice: str) -> Finding:
    """Return a finding that should be seen to, while payments work."""
    return Finding(Level.WARNING, subject, message, advice)


def failed(subject: str, message: str, advice: str) -> Finding:
    """Return a finding that has to be corrected."""
    return Finding(Level.FAILED, subject, message, advice)


def unknown(subject: str, without: str) -> Finding:
    """Return the finding of a check that needs what another check reports as unavailable."""
    return warning(subject, f"Not known without {without}.", f"Correct {without} first.")


def worst(findings: list[Finding]) -> Level:
    """Return the worst level among the findings."""
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.OK)


def duration(seconds: float) -> str:
    """Return a duration for a person: `40 seconds`, `12 minutes`, `3 hours` or `5 days`."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}s"
    return count(round(seconds), "second")


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 terminal`, `2 terminals`."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
