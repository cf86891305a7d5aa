"""Compares the takings with a second count of the receipts, and counts from the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import transaction

from orders.models import Seller
from payments.models import (
    Measure,
    TakingsCursor,
    TakingsDay,
    TakingsHour,
    TakingsProduct,
    TimesDay,
)
from payments.takings.sums import Sums
from payments.takings.update import Takings, receipts_after


def differences(before: date) -> list[str]:
    """Return a sentence for each row of a day before this one that differs from the receipts.

    Call it once the receipts of these days are counted: no receipt is issued on an earlier day.
    """
    takings = Takings()
    for seller_id in Seller.objects.order_by("pk").values_list("pk", flat=True):
        number = 0
        while receipts := receipts_after(seller_id, number):
            takings.count(receipts)
            number = receipts[-1].number or 0
    tables = (takings.days, takings.hours, takings.products, takings.vat_lines)
    return [sentence for sums in tables for sentence in _differing(sums, before)]


@transaction.atomic
def rebuild() -> None:
    """Delete all takings, so that the receipts are counted from the first one."""
    cursors = TakingsCursor.objects.order_by("pk").select_for_update(no_key=True)
    for cursor in list(cursors):
        cursor.last_number = 0
        cursor.save(update_fields=["last_number"])
    for model in (TakingsDay, TakingsHour, TakingsProduct):
        model.objects.all().delete()
    TimesDay.objects.filter(measure=Measure.RECORDED).delete()


def _differing(sums: Sums, before: date) -> Iterator[str]:
    expected = {key: row for key, row in sums.rows.items() if _day_of(key) < before}
    stored = dict(_stored(sums, before))
    for key in sorted({*expected, *stored}, key=str):
        ours, theirs = stored.get(key), expected.get(key)
        if (
            ours is None
            or theirs is None
            or any(ours[name] != theirs.get(name, 0) for name in sums.columns)
        ):
            name = sums.model.__name__
            yield f"{name} {_words(key)}: {_words(ours)} stored, {_words(theirs)} by the receipts"


def _stored(sums: Sums, before: date) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the rows of a table by the key that they have in the sums."""
    of_day = ("shop", "day", "currency")
    path = "takings__" if sums.key[0] == "takings" else ""
    key = [*(f"takings__{name}" for name in of_day), *sums.key[1:]] if path else list(sums.key)
    rows = sums.model._default_manager.filter(**{f"{path}day__lt": before})
    for row in rows.values_list(*key, *sums.columns).iterator():
        values = dict(zip(sums.columns, row[len(key) :], strict=True))
        plain = row[: len(key)]
        yield ((plain[:3], *plain[3:]) if path else plain), values


def _day_of(key: Any) -> date:
    day: date = (key[0] if isinstance(key[0], tuple) else key)[1]
    return day


def _words(values: Any) -> str:
    """Return a key or a row's values as text."""
    if values is None:
        return "nothing"
    if isinstance(values, dict):
        return ", ".join(f"{name} {value}" for name, value in values.items())
    return " ".join(_words(each) if isinstance(each, tuple) else str(each) for each in values)
