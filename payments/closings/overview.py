"""How each day of some shops stands: its verdict, and whether it is signed off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from orders.models import Shop
from payments.closings.figures import DayFigures, ShopDay
from payments.closings.read import DaysOfShops, figures_of, read_takings
from payments.closings.verdict import Verdict, verdict_of
from payments.models import DayClosing
from payments.takings.days import DayTakings


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

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict on the day as it is now."""
        return verdict_of(self.current or self.shown)


def read_states(
    days_of: DaysOfShops, now: datetime, *, with_current: bool = False
) -> list[DayState]:
    """Return how each shop's days stand, in the order given, in as many statements as of one."""
    closings = _read_closings(days_of)
    signed = {key: DayFigures.from_json(closing.figures) for key, closing in closings.items()}
    settled = {key for key, figures in signed.items() if not _waits(figures)}
    to_read = {
        shop: [day for day in days if with_current or (shop.pk, day) not in settled]
        for shop, days in days_of.items()
    }
    takings = read_takings(days_of)
    current = {(each.shop_id, each.day): each for each in figures_of(to_read, takings, now)}
    return [
        DayState(
            shop=shop,
            day=day,
            takings=tuple(takings[shop.pk, day]),
            closing=closings.get((shop.pk, day)),
            signed=signed.get((shop.pk, day)),
            current=current.get((shop.pk, day)),
            is_changed=(shop.pk, day) in signed
            and signed[shop.pk, day].takings != tuple(takings[shop.pk, day]),
        )
        for shop, days in days_of.items()
        for day in days
    ]


def _read_closings(days_of: DaysOfShops) -> dict[ShopDay, DayClosing]:
    """Return the closings of the shops' days that are signed off."""
    days = {day for days in days_of.values() for day in days}
    closings = DayClosing.objects.select_related("signed_by").filter(
        shop__in=days_of, day__in=days, reopened_at=None
    )
    return {(closing.shop_id, closing.day): closing for closing in closings}


def _waits(figures: DayFigures) -> bool:
    """Return whether the day or SEQR's report of it was not complete when it was signed."""
    return not figures.is_over or not figures.report.is_complete
