"""The one way to record an event in the audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from orders.models import AuditedModel, AuditEvent, AuditSubject, EventName, SourceName

MAX_DETAIL_LENGTH = 300
RETRY_RECORD_INTERVAL = timedelta(hours=1)  # between two events of the same failure


@dataclass(frozen=True)
class ChangeSource:
    """Who or what causes a change: its name, and the member of staff, if any."""

    name: SourceName
    actor: Any = None  # a staff user; Any, because the user model is a setting

    @property
    def is_person(self) -> bool:
        """Whether a member of staff caused it."""
        return self.actor is not None


def by_staff(user: Any) -> ChangeSource:
    """Return the source of a change that this member of staff makes."""
    return ChangeSource(SourceName.STAFF, user)


def record_event(
    row: AuditedModel, name: EventName, source: ChangeSource, *, detail: str = "", **fields: Any
) -> None:
    """Record an event of a row, in the transaction of the change.

    `fields` may be `from_state`, `to_state` and `result_code`.
    """
    _event(row.audit_subject, name, source, detail=detail, **fields).save(force_insert=True)


def record_events(
    events: Sequence[tuple[AuditedModel, EventName, Mapping[str, Any]]], source: ChangeSource
) -> None:
    """Record an event of each of several rows, in one statement.

    The fields are those of `record_event`.
    """
    AuditEvent.objects.bulk_create(
        _event(row.audit_subject, name, source, **fields) for row, name, fields in events
    )


def record_event_once(
    row: AuditedModel, name: EventName, source: ChangeSource, *, detail: str = ""
) -> bool:
    """Record an event unless the row's latest has the same name and detail; return whether it did.

    For what is retried, so that the history stays readable.
    """
    subject = row.audit_subject
    latest = (
        AuditEvent.objects.filter(subject_type=subject.subject_type, subject_id=subject.subject_id)
        .order_by("-id")
        .first()
    )
    if latest is not None and (latest.name, latest.detail) == (name, detail[:MAX_DETAIL_LENGTH]):
        return False
    record_event(row, name, source, detail=detail)
    return True


def record_retry(
    row: AuditedModel, name: EventName, source: ChangeSource, *, detail: str = ""
) -> bool:
    """Record an event unless the row has had the same within the hour; return whether it did.

    For what is retried for as long as it fails, perhaps in turn with other failures.
    """
    subject = row.audit_subject
    recent = AuditEvent.objects.filter(
        subject_type=subject.subject_type,
        subject_id=subject.subject_id,
        name=name,
        detail=detail[:MAX_DETAIL_LENGTH],
        occurred_at__gt=Now() - RETRY_RECORD_INTERVAL,
    )
    if recent.exists():
        return False
    record_event(row, name, source, detail=detail)
    return True


def record_call_events(
    calls: list[tuple[AuditSubject, str, dict[str, Any]]], source: ChangeSource
) -> None:
    """Record calls to SEQR in one statement: of each its subject, SEQR's operation, its fields.

    `fields` may be `detail`, `result_code` and `duration_ms`.
    """
    AuditEvent.objects.bulk_create(
        _event(subject, operation, source, **fields) for subject, operation, fields in calls
    )


def _event(
    subject: AuditSubject, name: str, source: ChangeSource, *, detail: str = "", **fields: Any
) -> AuditEvent:
    return AuditEvent(
        order_id=subject.order_id,
        subject_type=subject.subject_type,
        subject_id=subject.subject_id,
        subject_label=subject.label,
        name=name,
        source=source.name,
        actor=source.actor,
        detail=detail[:MAX_DETAIL_LENGTH],
        **fields,
    )
