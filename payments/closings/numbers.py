"""Reads which receipt numbers the shops' days have in the series of their sellers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, F, Func, IntegerField, Q, Value

from orders.models import Seller
from payments.closings.comparison import DayReceipts
from payments.closings.figures import NumberRange, ShopDay
from payments.models import Receipt

_Range = tuple[int, int, int]  # the seller's ID, the first and the last number


def read_numbers(
    receipts: Mapping[ShopDay, DayReceipts], sellers: Mapping[int, Seller]
) -> dict[ShopDay, tuple[NumberRange, ...]]:
    """Return the numbers of each day by seller, and how many are the seller's other shops'."""
    counts = _count(
        {
            (seller_id, first, last)
            for each in receipts.values()
            for seller_id, (first, last, _) in each.numbers.items()
        }
    )
    return {
        key: tuple(
            NumberRange(
                seller=sellers[seller_id].legal_name,
                organisation_number=sellers[seller_id].organisation_number,
                first=first,
                last=last,
                receipts=count,
                others=counts[seller_id, first, last] - count,
            )
            for seller_id, (first, last, count) in sorted(each.numbers.items())
        )
        for key, each in receipts.items()
    }


def _count(ranges: Collection[_Range]) -> dict[_Range, int]:
    """Return how many receipts there are in each range.

    The ranges overlap: the shops of a seller share its numbers. So each receipt is counted once, in
    the bucket between two bounds, and a range is the sum of its buckets.
    """
    if not ranges:
        return {}
    bounds = sorted({number for _, first, last in ranges for number in (first, last + 1)})
    bucket = Func(
        F("number"),
        Value(bounds, ArrayField(BigIntegerField())),
        function="width_bucket",
        output_field=IntegerField(),
    )
    rows = Receipt.objects.filter(_any_of(ranges)).order_by().annotate(bucket=bucket)
    counted = rows.values_list("seller", "bucket").annotate(count=Count("pk"))
    counts = {(seller_id, number): count for seller_id, number, count in counted}
    return {
        (seller_id, first, last): sum(
            counts.get((seller_id, number), 0)
            for number in range(bisect_right(bounds, first), bisect_right(bounds, last) + 1)
        )
        for seller_id, first, last in ranges
    }


def _any_of(ranges: Collection[_Range]) -> Q:
    """Return the condition of the receipts from the first number of each seller to the last."""
    bounds: dict[int, tuple[int, int]] = {}
    for seller_id, first, last in ranges:
        before = bounds.get(seller_id, (first, last))
        bounds[seller_id] = min(first, before[0]), max(last, before[1])
    return reduce(
        or_,
        (Q(seller=seller_id, number__range=numbers) for seller_id, numbers in bounds.items()),
    )
