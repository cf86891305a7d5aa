"""Counts the calls to SEQR by day, shop and operation, with their answer times, each once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from payments.models import ActivityName
from payments.takings.cursor import advance
from payments.takings.histogram import BOUNDS

_CALLS = """
    FROM orders_auditevent e LEFT JOIN orders_order o ON o.id = e.order_id
    WHERE e.occurred_at >= %(since)s AND e.occurred_at < %(until)s AND e.subject_type = 'call'
"""
_COUNTS = f"""
    INSERT INTO payments_callsday (shop_id, day, operation, calls, refused, unanswered)
    SELECT coalesce(o.shop_id, 0), (e.occurred_at AT TIME ZONE 'Europe/Stockholm')::date, e.name,
        count(*), count(*) FILTER (WHERE e.result_code <> 0),
        count(*) FILTER (WHERE e.result_code IS NULL)
    {_CALLS}
    GROUP BY 1, 2, 3
    ON CONFLICT (shop_id, day, operation) DO UPDATE SET
        calls = payments_callsday.calls + EXCLUDED.calls,
        refused = payments_callsday.refused + EXCLUDED.refused,
        unanswered = payments_callsday.unanswered + EXCLUDED.unanswered
"""
_TIMES = f"""
    INSERT INTO payments_timesday (shop_id, day, measure, bucket, count)
    SELECT coalesce(o.shop_id, 0), (e.occurred_at AT TIME ZONE 'Europe/Stockholm')::date, e.name,
        width_bucket(e.duration_ms::float, %(bounds)s::float[]), count(*)
    {_CALLS} AND e.result_code IS NOT NULL AND e.duration_ms IS NOT NULL
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (shop_id, day, measure, bucket) DO UPDATE SET
        count = payments_timesday.count + EXCLUDED.count
"""


def update_calls() -> bool:
    """Count the calls since the last time; return whether more is left to do."""
    return advance(ActivityName.CALLS, _count)


def _count(since: datetime, until: datetime) -> None:
    values: dict[str, Any] = {"since": since, "until": until, "bounds": BOUNDS}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, values)
        cursor.execute(_TIMES, values)
