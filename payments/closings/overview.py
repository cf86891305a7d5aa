"""How each day of a shop stands: its verdict, and whether it is signed off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from orders.models import Shop
from payments.closings.figures import DayFigures
from payments.closings.read import read_figures
from payments.closings.verdict import Verdict, verdict_of
from payments.models import DayClosing
from payments.takings.days import DayTakings, takings_of_days


@dataclass(frozen=True)
class DayState:
    """A shop's day. `signed` are the figures of its closing, if it is signed off.

    `current` are the figures as they are now. They are None where the day was signed with nothing
    awaited, unless they were asked for. `is_changed`: receipts were added after it was signed.
    """

    shop: Shop
    day: date
    takings: tuple[DayTakings, ...]
    closing: DayClosing | None
    signed: DayFigures | None
    current: DayFigures | None
    is_changed: bool

    @property
    def shown(self) -> DayFigures:
        """The figures that count: those that were signed, or else the current ones."""
        figures = self.signed or self.current
        assert figures is not None
        return figures

    @property
    def verdict(self) -> Verdict:
        """The verdict on the day as it is now."""
        return verdict_of(self.current or self.shown)


def read_states(
    shop: Shop, days: Sequence[date], now: datetime, *, with_current: bool = False
) -> list[DayState]:
    """Return how some days of a shop stand, in the order of the days given."""
    if not days:
        return []
    closings = {
        closing.day: closing
        for closing in DayClosing.objects.select_related("signed_by").filter(
            shop=shop, day__in=days, reopened_at=None
        )
    }
    signed = {day: DayFigures.from_json(closing.figures) for day, closing in closings.items()}
    to_read = [day for day in days if with_current or day not in signed or _waits(signed[day])]
    current = {each.day: each for each in read_figures(shop, to_read, now)}
    takings: defaultdict[date, list[DayTakings]] = defaultdict(list)
    for each in takings_of_days([shop.pk], min(days), max(days)):
        takings[each.day].append(each)
    return [
        DayState(
            shop=shop,
            day=day,
            takings=tuple(takings[day]),
            closing=closings.get(day),
            signed=signed.get(day),
            current=current.get(day),
            is_changed=day in signed and signed[day].takings != tuple(takings[day]),
        )
        for day in days
    ]


def _waits(figures: DayFigures) -> bool:
    """Return whether the day or SEQR's report of it was not complete when it was signed."""
    return not figures.is_over or not figures.report.is_complete
