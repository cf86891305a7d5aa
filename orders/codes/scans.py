"""How often each code is scanned, counted from the customers' sessions.

The exchange of a token saves the session of the scan in any case, with the code's parameters. Here
each session is counted once, later and in batches, so that a scan costs the customer nothing more.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime

from orders.clock import database_now
from orders.codes.content import parameters_of
from orders.models import CodeScans, CustomerSession, QrCode, ScanCursor

COUNT_BATCH_SIZE = 5_000
# The longest statement that saves a session has ended by then, so that no earlier session is
# committed later.
SETTLED_AFTER = timedelta(minutes=1)
SHOWN_DAYS = 30

Scanned = tuple[int, frozenset[tuple[str, Any]]]
"""A shop, and the parameters of a code."""


def count_scans() -> int:
    """Count the scans of all sessions that are not counted yet; return their number.

    Leaves those of the last minute for the next run. Each session is counted once, since its count
    and the cursor that follows are one transaction.
    """
    total = 0
    while counted := _count_batch():
        total += counted
    return total


@transaction.atomic
def _count_batch() -> int:
    ScanCursor.objects.get_or_create(pk=1)
    cursor = ScanCursor.objects.select_for_update(no_key=True).get()
    now = database_now()
    batch = list(
        CustomerSession.objects.filter(pk__gt=cursor.last_session_id)
        .order_by("pk")
        .values_list("pk", "created_at", "shop_id", "parameters")[:COUNT_BATCH_SIZE]
    )
    settled = [pk for pk, created_at, *_rest in batch if created_at <= now - SETTLED_AFTER]
    if not settled:
        return 0
    counted = [row for row in batch if row[0] <= settled[-1]]
    _add(counted)
    ScanCursor.objects.update(last_session_id=settled[-1])
    return len(counted)


def forget_old_scans() -> None:
    """Delete the scans of days that no page shows."""
    first_day = _day(database_now()) - timedelta(days=SHOWN_DAYS)
    CodeScans.objects.filter(day__lt=first_day).delete()


def _add(sessions: Iterable[tuple[int, datetime, int, Any]]) -> None:
    """Add the sessions' scans to the days of their codes. A scan of no code is left out."""
    times: defaultdict[Scanned, list[datetime]] = defaultdict(list)
    for _pk, created_at, shop_id, parameters in sessions:
        times[shop_id, _frozen(parameters)].append(created_at)
    codes = QrCode.objects.filter(shop__in={shop_id for shop_id, _parameters in times})
    of_code: Counter[tuple[int, date]] = Counter()
    latest: dict[int, datetime] = {}
    for pk, shop_id, text in codes.values_list("pk", "shop", "parameters"):
        scanned = times.get((shop_id, _frozen(parameters_of(text))), [])
        of_code.update((pk, _day(moment)) for moment in scanned)
        if scanned:
            latest[pk] = max(scanned)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO orders_codescans (code_id, day, scans) VALUES (%s, %s, %s)"
            " ON CONFLICT (code_id, day) DO UPDATE"
            " SET scans = orders_codescans.scans + EXCLUDED.scans",
            [(pk, day, scans) for (pk, day), scans in sorted(of_code.items())],
        )
        cursor.executemany(
            "UPDATE orders_qrcode SET last_scanned_at = greatest(last_scanned_at, %s)"
            " WHERE id = %s",
            [(moment, pk) for pk, moment in sorted(latest.items())],
        )


def _frozen(parameters: Any) -> frozenset[tuple[str, Any]]:
    return frozenset((name, str(value)) for name, value in parameters.items())


def _day(moment: datetime) -> date:
    return localtime(moment).date()


def with_scans(codes: QuerySet[QrCode], now: datetime) -> QuerySet[QrCode]:
    """Annotate codes with `recent_scans`, those of the last SHOWN_DAYS days, today included."""
    since = _day(now) - timedelta(days=SHOWN_DAYS - 1)
    days = CodeScans.objects.filter(code=OuterRef("pk"), day__gte=since).order_by()
    total = days.values("code").annotate(total=Sum("scans")).values("total")
    return codes.annotate(recent_scans=Coalesce(Subquery(total), 0))


def unused_since(moment: datetime) -> Q:
    """Return the condition that a code is older than this moment, and not scanned since."""
    never = Q(last_scanned_at=None, made_at__lt=moment)
    return never | Q(last_scanned_at__lt=moment)
