"""Scheduled exports: each period of a schedule is delivered once, by mail or to a folder.

A file is written beside its final name, committed as WRITTEN, and then renamed. So a process that
finds a delivery WRITTEN knows whether its file was renamed: it is no longer beside its final name,
even if its receiver has moved it away since. A mail has no such proof: one whose process was killed
between the mail server's answer and the COMMIT is sent again, under the same Message-ID.
"""

import logging
from datetime import datetime, timedelta
from pathlib import PurePath
from smtplib import SMTPException
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext, override

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.exports.folder import rename_part, write_part
from payments.exports.mail import send_export
from payments.exports.periods import is_over, last_of_period, next_period
from payments.exports.problem import ExportProblem
from payments.exports.record import ExportRecord
from payments.exports.selection import Selection
from payments.leases import LEASE, doubling_pause
from payments.models import (
    DeliveryStatus,
    ExportDelivery,
    ExportedContent,
    ExportSchedule,
    FileFormat,
)

logger = logging.getLogger(__name__)

DELIVERY_LEASE = timedelta(minutes=30)  # longer than the largest file takes
SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
MAX_ERROR_LENGTH = 300
_FINISHED: dict[str, Any] = {
    "status": DeliveryStatus.DELIVERED,
    "delivered_at": Now(),
    "lease_until": None,
    "last_error": "",
}


def deliveries_due(now: datetime) -> list[int]:
    """Store the deliveries of the periods that are over; return the IDs of those to be made."""
    for schedule_id in ExportSchedule.objects.filter(is_active=True).values_list("pk", flat=True):
        _add_periods(schedule_id, now)
    waiting = ExportDelivery.objects.filter(LEASE.lapsed_at(Now()), schedule__is_active=True)
    return list(
        waiting.exclude(status=DeliveryStatus.DELIVERED).order_by("pk").values_list("pk", flat=True)
    )


@transaction.atomic
def _add_periods(schedule_id: int, now: datetime) -> None:
    """Store a delivery for each period of a schedule that is over and has none."""
    found = ExportSchedule.objects.select_for_update(skip_locked=True, no_key=True)
    schedule = found.filter(pk=schedule_id, is_active=True).first()
    if schedule is None:
        return
    first, added = schedule.next_first, []
    while is_over(last := last_of_period(first, schedule.frequency), now):
        added.append(ExportDelivery(schedule=schedule, first=first, last=last))
        first = next_period(first, schedule.frequency)
    if added:
        ExportDelivery.objects.bulk_create(added)
        schedule.next_first = first
        schedule.save(update_fields=["next_first"])


def make_delivery(delivery_id: int) -> None:
    """Deliver one period's export, unless another process does or it has been delivered.

    A failure is stored as a sentence, and repeated after a pause that doubles.
    """
    free = ExportDelivery.objects.filter(LEASE.lapsed_at(Now()), pk=delivery_id)
    taken = free.exclude(status=DeliveryStatus.DELIVERED)
    if not taken.update(attempts=F("attempts") + 1, lease_until=Now() + DELIVERY_LEASE):
        return
    delivery = ExportDelivery.objects.select_related("schedule__seller").get(pk=delivery_id)
    with override(delivery.schedule.language):
        try:
            _deliver(delivery)
        except ExportProblem as problem:
            _record_failure(delivery, str(problem.sentence))
        except (OSError, SMTPException) as error:
            _record_failure(delivery, _sentence_about(delivery, error))
        except Exception:
            logger.exception("delivery %s failed", delivery.pk)
            _record_failure(delivery, gettext("Failed by an error in the software"))


def selection_of(delivery: ExportDelivery) -> Selection:
    """Return what a delivery exports: the schedule's shops as they are now."""
    schedule = delivery.schedule
    shops = schedule.shops.all() if schedule.shops.exists() else schedule.seller.shops.all()
    return Selection(
        ExportedContent(schedule.content),
        FileFormat(schedule.file_format),
        delivery.first,
        delivery.last,
        frozenset(shops.values_list("pk", flat=True)),
    )


def file_name_of(delivery: ExportDelivery) -> str:
    """Return the name of a delivery's file, which no other delivery has."""
    name = PurePath(selection_of(delivery).file_name)
    return f"{name.stem}-{delivery.schedule_id}{name.suffix}"


def _deliver(delivery: ExportDelivery) -> None:
    name, schedule = file_name_of(delivery), delivery.schedule
    selection = selection_of(delivery)
    choice = f"schedule: {schedule.pk}; {selection.choice}"
    record = ExportRecord(name, choice, ChangeSource(SourceName.SCHEDULE))
    if not schedule.folder and not delivery.part:
        send_export(delivery, selection, name, record.count)
        _own_and_record(delivery, record, **_FINISHED)
        return
    if delivery.status == DeliveryStatus.WAITING:
        part = write_part(schedule.folder, name, delivery.attempts, selection, record.count)
        if not _own_and_record(delivery, record, status=DeliveryStatus.WRITTEN, part=part):
            return
        delivery.part = part
    rename_part(delivery.part, name)
    _own(delivery, **_FINISHED)


@transaction.atomic
def _own_and_record(delivery: ExportDelivery, record: ExportRecord, **fields: Any) -> bool:
    """Update a delivery as `_own` does, and record its file in the audit."""
    is_own = _own(delivery, **fields)
    if is_own:
        record.made()
    return is_own


def _own(delivery: ExportDelivery, **fields: Any) -> bool:
    """Update a delivery, unless another process has taken it meanwhile."""
    own = ExportDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
    return bool(own.update(**fields))


def _record_failure(delivery: ExportDelivery, sentence: str) -> None:
    logger.warning("delivery %s, attempt %s: %s", delivery.pk, delivery.attempts, sentence)
    pause = doubling_pause(delivery.attempts - 1, SHORTEST_PAUSE, LONGEST_PAUSE)
    _own(delivery, last_error=sentence[:MAX_ERROR_LENGTH], lease_until=Now() + pause)


def _sentence_about(delivery: ExportDelivery, error: Exception) -> str:
    """Return a failure as a sentence. The text of an error may have an address."""
    sentence = (
        gettext("The folder cannot be written (%(error)s).")
        if delivery.schedule.folder
        else gettext("The mail server did not take the mail (%(error)s).")
    )
    return sentence % {"error": type(error).__name__}
