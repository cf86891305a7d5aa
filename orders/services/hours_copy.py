"""Copies the opening hours of one shop to others."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from orders.models import OpeningException, OpeningHours, PlannedPause, Shop
from orders.services.menu_copy import copy_of


class HoursPart(StrEnum):
    """A part of a shop's opening hours."""

    WEEKLY = "weekly"
    EXCEPTIONS = "exceptions"
    PAUSES = "pauses"


@transaction.atomic
def copy_hours(
    source: Shop, targets: Collection[Shop], parts: Collection[str], now: datetime
) -> None:
    """Copy these parts of a shop's hours to other shops.

    The weekly hours replace those of the other shops. Days with other hours and pauses are added,
    from today on; they replace those of the other shops that they overlap.
    """
    locked = Shop.objects.filter(pk__in=[target.pk for target in targets])
    for target in locked.order_by("pk").select_for_update(no_key=True):
        if HoursPart.WEEKLY in parts:
            _replace(OpeningHours.objects.filter(shop=source), Q(), target)
        if HoursPart.EXCEPTIONS in parts:
            _copy_exceptions(source, target, now)
        if HoursPart.PAUSES in parts:
            _copy_pauses(source, target, now)


def _copy_exceptions(source: Shop, target: Shop, now: datetime) -> None:
    today = timezone.localdate(now)
    rows = OpeningException.objects.filter(shop=source, last_day__gte=today)
    overlapping = Q(pk__in=())
    for row in rows:
        overlapping |= Q(first_day__lte=row.last_day, last_day__gte=row.first_day)
    _replace(rows, overlapping, target)


def _copy_pauses(source: Shop, target: Shop, now: datetime) -> None:
    rows = PlannedPause.objects.filter(shop=source, ends_at__gt=now)
    overlapping = Q(pk__in=())
    for row in rows:
        overlapping |= Q(starts_at__lt=row.ends_at, ends_at__gt=row.starts_at)
    _replace(rows, overlapping, target)


def _replace(rows: QuerySet[Any], replaced: Q, target: Shop) -> None:
    """Delete those of the target's rows that are replaced, and copy the rows to it."""
    manager = rows.model._default_manager
    copies = [copy_of(row, {"shop_id": target.pk}) for row in rows]
    manager.filter(replaced, shop=target).delete()
    manager.bulk_create(copies)
