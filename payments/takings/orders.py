"""Counts orders by hour and day, with the times from their payment to the kitchen's steps.

An order changes for as long as it is open or refunded, and each change writes an audit event in its
transaction. So the hours of the orders that have new events are counted again, from their orders
alone, and their days are added up again from their hours. To count an hour twice changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.db.models.functions import TruncHour

from orders.models import AuditEvent, OrderState, SubjectType
from orders.models.order import REFUNDED_STATES, SERVABLE_STATES
from payments.models import (
    ORDER_COUNTS,
    ActivityName,
    Measure,
    OrdersDay,
    OrdersHour,
    TimesDay,
)
from payments.receipts.content import STOCKHOLM
from payments.takings.cursor import advance
from payments.takings.histogram import BOUNDS

HOURS_AT_ONCE = 100
_STATES = {
    "paid": [*SERVABLE_STATES, OrderState.SERVED, OrderState.REFUNDED],
    "abandoned": [OrderState.CANCELED, OrderState.EXPIRED],
    "failed": [OrderState.FAILED],
    "refunded": [*REFUNDED_STATES],
}
_COUNTS = """
    SELECT o.shop_id, h.started_at, count(*),
        count(*) FILTER (WHERE o.state = ANY(%(paid)s)),
        count(*) FILTER (WHERE o.state = ANY(%(abandoned)s)),
        count(*) FILTER (WHERE o.state = ANY(%(failed)s)),
        count(*) FILTER (WHERE o.state = ANY(%(refunded)s))
    FROM unnest(%(hours)s::timestamptz[]) h (started_at)
        JOIN orders_order o ON o.created_at >= h.started_at
            AND o.created_at < h.started_at + interval '1 hour'
    GROUP BY 1, 2
"""
_TIMES = """
    SELECT o.shop_id, h.started_at, step.name, width_bucket(
            extract(epoch FROM step.at - i.paid_at)::float * 1000, %(bounds)s::float[]
        ) AS bucket, count(*)
    FROM unnest(%(hours)s::timestamptz[]) h (started_at)
        JOIN orders_order o ON o.created_at >= h.started_at
            AND o.created_at < h.started_at + interval '1 hour'
        JOIN payments_invoice i ON i.order_id = o.id AND i.status = 'PAID',
        LATERAL (VALUES ('ready', o.ready_at), ('served', o.served_at)) step (name, at)
    WHERE step.at IS NOT NULL
    GROUP BY 1, 2, 3, 4
"""
Times = dict[str, Counter[int]]


def update_orders() -> bool:
    """Count again what changed since the last time; return whether more is left to do."""
    return advance(ActivityName.ORDERS, _count_changed, reads_open_transactions=True)


def _count_changed(since: datetime, until: datetime) -> None:
    changed = AuditEvent.objects.filter(
        occurred_at__gte=since, occurred_at__lt=until, order__isnull=False
    ).exclude(subject_type=SubjectType.CALL)
    hours = changed.annotate(hour=TruncHour("order__created_at", tzinfo=UTC)).order_by()
    count_hours(sorted(hours.values_list("hour", flat=True).distinct()))


def count_hours(hours: list[datetime]) -> None:
    """Count the orders that were placed in these hours, and add up their days again."""
    for first in range(0, len(hours), HOURS_AT_ONCE):
        rows = list(_counted(hours[first : first + HOURS_AT_ONCE]))
        OrdersHour.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["shop", "day", "started_at"],
            update_fields=[*ORDER_COUNTS, "times"],
        )
        _add_up({row.shop_id for row in rows}, {row.day for row in rows})


def _counted(hours: list[datetime]) -> Iterator[OrdersHour]:
    values: dict[str, Any] = {**_STATES, "hours": hours, "bounds": BOUNDS}
    times: defaultdict[tuple[int, datetime], dict[str, dict[int, int]]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_TIMES, values)
        for shop_id, started_at, measure, bucket, count in cursor.fetchall():
            times[shop_id, started_at].setdefault(measure, {})[bucket] = count
        cursor.execute(_COUNTS, values)
        counted = sorted(cursor.fetchall())
    for shop_id, started_at, *counts in counted:
        yield OrdersHour(
            shop_id=shop_id,
            started_at=started_at,
            day=started_at.astimezone(STOCKHOLM).date(),
            times=times[shop_id, started_at],
            **dict(zip(ORDER_COUNTS, counts, strict=True)),
        )


def _add_up(shop_ids: Collection[int], days: Collection[date]) -> None:
    """Store the sums of all hours of these shops and days."""
    counts: defaultdict[tuple[int, date], Counter[str]] = defaultdict(Counter)
    times: defaultdict[tuple[int, date, str], Counter[int]] = defaultdict(Counter)
    for hour in OrdersHour.objects.filter(shop__in=shop_ids, day__in=days):
        counts[hour.shop_id, hour.day].update({name: getattr(hour, name) for name in ORDER_COUNTS})
        for measure, buckets in hour.times.items():
            of_day = times[hour.shop_id, hour.day, measure]
            of_day.update({int(bucket): count for bucket, count in buckets.items()})
    OrdersDay.objects.bulk_create(
        [OrdersDay(shop_id=shop, day=day, **of_day) for (shop, day), of_day in counts.items()],
        update_conflicts=True,
        unique_fields=["shop", "day"],
        update_fields=ORDER_COUNTS,
    )
    steps = (Measure.READY, Measure.SERVED)
    TimesDay.objects.filter(shop_id__in=shop_ids, day__in=days, measure__in=steps).delete()
    TimesDay.objects.bulk_create(
        TimesDay(shop_id=shop, day=day, measure=measure, bucket=bucket, count=count)
        for (shop, day, measure), buckets in times.items()
        for bucket, count in buckets.items()
    )
