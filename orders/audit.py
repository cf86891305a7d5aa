"""The one way to write a line of the audit."""

from dataclasses import dataclass
from typing import Any

from orders.models import AuditEvent, SubjectType

LONGEST_DETAIL = 300


@dataclass(frozen=True)
class ChangeSource:
    """What brings a change about: a source ("poller", "customer", …) and its user, if any."""

    source: str
    actor: Any = None  # the staff's user; Any, because the user model is a setting

    @property
    def is_person(self) -> bool:
        """Whether a member of the staff wanted it."""
        return self.actor is not None


@dataclass(frozen=True)
class Subject:
    """What an event is about: a row, what people call it, and the order that it belongs to."""

    subject_type: SubjectType
    subject_id: int | None
    name: str
    order_id: int | None


def record_event(
    subject: Subject, name: str, source: ChangeSource, *, detail: str = "", **fields: Any
) -> None:
    """Write an event, in the transaction that it belongs to.

    `fields` may be `was`, `became`, `result_code` and `duration_ms`.
    """
    _event(subject, name, source, detail=detail, **fields).save(force_insert=True)


def record_events(events: list[tuple[Subject, str, dict[str, Any]]], source: ChangeSource) -> None:
    """Write many at once: of each its subject, its name and its fields."""
    AuditEvent.objects.bulk_create(
        _event(subject, name, source, **fields) for subject, name, fields in events
    )


def _event(
    subject: Subject, name: str, source: ChangeSource, *, detail: str = "", **fields: Any
) -> AuditEvent:
    return AuditEvent(
        order_id=subject.order_id,
        subject_type=subject.subject_type,
        subject_id=subject.subject_id,
        subject=subject.name,
        name=name,
        source=source.source,
        actor=source.actor,
        detail=detail[:LONGEST_DETAIL],
        **fields,
    )


def record_event_once(
    subject: Subject, name: str, source: ChangeSource, *, detail: str = ""
) -> bool:
    """Write an event unless the subject's latest one says the same; return whether it was written.

    For what is tried again and again, so that the history stays readable.
    """
    latest = (
        AuditEvent.objects.filter(subject_type=subject.subject_type, subject_id=subject.subject_id)
        .order_by("-id")
        .first()
    )
    if latest is not None and (latest.name, latest.detail) == (name, detail[:LONGEST_DETAIL]):
        return False
    record_event(subject, name, source, detail=detail)
    return True
