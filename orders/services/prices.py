"""Prices from a date on: each is applied once, when its time has come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from orders.models import Option, PriceChange, Product

BATCH_SIZE = 100


def apply_price_changes(now: datetime, record: Callable[[PriceChange], None]) -> int:
    """Apply the prices whose time has come, in the order of their times; return their number.

    Each has a transaction of its own, in which `record` is called with it and its row. At most
    BATCH_SIZE are applied; the next call continues.
    """
    waiting = PriceChange.objects.filter(applied_at=None, applies_at__lte=now)
    due = waiting.order_by("applies_at", "id").values_list("pk", flat=True)[:BATCH_SIZE]
    return sum(_apply(pk, now, record) for pk in list(due))


@transaction.atomic
def _apply(pk: int, now: datetime, record: Callable[[PriceChange], None]) -> bool:
    """Lock the row whose price it is, and then the planned price, in the order of an import."""
    change = PriceChange.objects.filter(pk=pk).first()
    if change is None:
        return False
    sold = _locked(change)
    waiting = PriceChange.objects.select_for_update(no_key=True).filter(pk=pk, applied_at=None)
    if waiting.first() is None:  # another process has applied it, or a person cancelled it
        return False
    change.earlier_price, change.applied_at = sold.price, now
    change.save(update_fields=["earlier_price", "applied_at"])
    sold.price = change.price
    sold.save(update_fields=["price"])
    record(change)
    return True


def _locked(change: PriceChange) -> Product | Option:
    if change.product_id is not None:
        change.product = Product.objects.select_for_update(no_key=True).get(pk=change.product_id)
        return change.product
    assert change.option_id is not None, "a price is that of a product or an option"
    change.option = Option.objects.select_for_update(no_key=True).get(pk=change.option_id)
    return change.option
