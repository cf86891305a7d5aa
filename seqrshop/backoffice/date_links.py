"""The links above a list by which its rows of a year, a month or a day are chosen."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

PARTS = ("year", "month", "day")


def date_links(changelist: ChangeList) -> dict[str, Any]:
    """Return the context of admin/date_hierarchy.html.

    Offers each day between the table's first row and its last one, those without a row too: finding
    the days that have rows would read the whole table.
    """
    span = _span(changelist)
    if span is None:
        return {"show": False}
    chosen = _chosen(changelist)
    if not chosen and span[0].year == span[1].year:
        chosen = [span[0].year]
        if span[0].month == span[1].month:
            chosen.append(span[0].month)
    back = chosen[:-1]
    return {
        "show": True,
        "back": {"link": _link(changelist, back), "title": _title(back)} if chosen else None,
        "choices": [
            {"title": _title(choice), "link": _link(changelist, choice)}
            for choice in _choices(chosen, *span)
        ]
        or [{"title": _title(chosen)}],
    }


def _span(changelist: ChangeList) -> tuple[date, date] | None:
    """Return the days of the table's first and last row, which are stored in the order of time."""
    rows = changelist.model._default_manager.order_by("pk").values_list(
        changelist.date_hierarchy, flat=True
    )
    first, last = rows.first(), rows.last()
    return None if first is None or last is None else (_day(first), _day(last))


def _day(value: date) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


def _chosen(changelist: ChangeList) -> list[int]:
    """Return the chosen year, month and day, as far as they are chosen."""
    chosen: list[int] = []
    for part in PARTS:
        value = changelist.params.get(f"{changelist.date_hierarchy}__{part}")
        if value is None:
            break
        chosen.append(int(value))
    return chosen


def _choices(chosen: list[int], first: date, last: date) -> Iterator[list[int]]:
    """Yield what can be chosen next; nothing once a day is chosen."""
    if not chosen:
        yield from ([year] for year in range(first.year, last.year + 1))
    elif len(chosen) == 1:
        for month in range(1, 13):
            if (first.year, first.month) <= (chosen[0], month) <= (last.year, last.month):
                yield [*chosen, month]
    elif len(chosen) == 2:
        year, month = chosen
        for day in range(1, monthrange(year, month)[1] + 1):
            if first <= date(year, month, day) <= last:
                yield [year, month, day]


def _link(changelist: ChangeList, chosen: list[int]) -> str:
    field = changelist.date_hierarchy
    lookups = {f"{field}__{part}": value for part, value in zip(PARTS, chosen, strict=False)}
    return str(changelist.get_query_string(lookups, [f"{field}__"]))


def _title(chosen: list[int]) -> str:
    if not chosen:
        return _("All dates")
    if len(chosen) == 1:
        return str(chosen[0])
    form = "YEAR_MONTH_FORMAT" if len(chosen) == 2 else "MONTH_DAY_FORMAT"
    day = date(chosen[0], chosen[1], chosen[2] if len(chosen) == 3 else 1)
    return str(capfirst(date_format(day, form)))
