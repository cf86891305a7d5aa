"""Says in one line whether a day's figures agree, and what does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payments.closings.figures import DayFigures


class Outcome(Enum):
    """How a day stands."""

    AGREES = "agrees"
    WAITS = "waits"
    """Nothing differs so far, but the day or SEQR's report of it is not complete."""
    DIFFERS = "differs"


@dataclass(frozen=True)
class Verdict:
    """How a day stands, and the line that says so in the current language."""

    outcome: Outcome
    text: str


def verdict_of(figures: DayFigures) -> Verdict:
    """Return the verdict on a day. Differences come first, then what is awaited."""
    differences, awaited = _differences(figures), _awaited(figures)
    if differences:
        return Verdict(Outcome.DIFFERS, " ".join([*differences, *awaited]))
    if awaited:
        return Verdict(Outcome.WAITS, " ".join(awaited))
    if not figures.takings:
        return Verdict(Outcome.AGREES, _("Nothing was sold, and SEQR's report has nothing either."))
    return Verdict(Outcome.AGREES, _("Everything agrees."))


def _differences(figures: DayFigures) -> list[str]:
    report = figures.report
    numbers_missing = sum(each.missing for each in figures.numbers)
    counted = (
        (
            report.missing_there,
            ngettext(
                "%(n)d transaction is missing in SEQR's report.",
                "%(n)d transactions are missing in SEQR's report.",
                report.missing_there,
            ),
        ),
        (
            report.missing_here,
            ngettext(
                "%(n)d row of SEQR's report is missing here.",
                "%(n)d rows of SEQR's report are missing here.",
                report.missing_here,
            ),
        ),
        (
            report.different,
            ngettext(
                "%(n)d transaction differs from SEQR's report.",
                "%(n)d transactions differ from SEQR's report.",
                report.different,
            ),
        ),
        (
            numbers_missing,
            ngettext(
                "%(n)d receipt number is missing.",
                "%(n)d receipt numbers are missing.",
                numbers_missing,
            ),
        ),
        (
            len(figures.open_cases),
            ngettext(
                "%(n)d payment case is open.",
                "%(n)d payment cases are open.",
                len(figures.open_cases),
            ),
        ),
    )
    sentences = [text % {"n": number} for number, text in counted if number]
    return sentences if figures.adds_up else [_("The receipts add up to another sum."), *sentences]


def _awaited(figures: DayFigures) -> list[str]:
    if not figures.is_over:
        return [_("The day is not over.")]
    if not figures.report.is_complete:
        return [_("SEQR's report has not arrived.")]
    return []
