"""The one way to record an event in the audit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from orders.event_lines import log_on_commit
from orders.models import (
    AuditedModel,
    AuditEvent,
    AuditSubject,
    EventName,
    SourceName,
    SubjectType,
)

MAX_DETAIL_LENGTH = 300
MAX_LABEL_LENGTH = 40
RETRY_RECORD_INTERVAL = timedelta(hours=1)  # between two events of the same failure
# PostgreSQL sets the others: `id` and `occurred_at`.
_INSERTED = tuple(
    field.attname
    for field in AuditEvent._meta.concrete_fields
    if field.name not in ("id", "occurred_at")
)


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
    insert_events([new_event(row, name, source, detail=detail, **fields)])


def new_event(
    row: AuditedModel, name: EventName, source: ChangeSource, *, detail: str = "", **fields: Any
) -> AuditEvent:
    """Return an event of a row for `insert_events`. The arguments are those of `record_event`."""
    return _event(row.audit_subject, name, source, detail=detail, **fields)


def new_call_event(
    subject: AuditSubject, operation: str, source: ChangeSource, **fields: Any
) -> AuditEvent:
    """Return the event of a call to SEQR for `insert_events`.

    `fields` may be `detail`, `result_code` and `duration_ms`.
    """
    return _event(subject, operation, source, **fields)


def record_user_event(
    user: Any, name: EventName, source: ChangeSource, *, detail: str = ""
) -> None:
    """Record an event of a member of staff, in the transaction of the change.

    `user` is None for an account that does not exist.
    """
    insert_events([_event(_subject_of(user), name, source, detail=detail)])


def record_user_event_hourly(
    user: Any, name: EventName, source: ChangeSource, *, detail: str = ""
) -> None:
    """Record an event of a member of staff unless there was the same within the hour.

    For what a stranger can cause at any rate.
    """
    subject = _subject_of(user)
    if not _is_recent(subject, name, detail):
        insert_events([_event(subject, name, source, detail=detail)])


def record_customer_events(
    customer_ids: Collection[int], name: EventName, source: ChangeSource, *, detail: str = ""
) -> None:
    """Record the same event of each customer, in the transaction of the change.

    The audit names a customer by the row's ID, and never by personal data.
    """
    subjects = [AuditSubject(SubjectType.CUSTOMER, pk, str(pk), None) for pk in customer_ids]
    insert_events([_event(subject, name, source, detail=detail) for subject in subjects])


def record_file_event(
    file_name: str, name: EventName, source: ChangeSource, *, detail: str
) -> None:
    """Record an event of a file that somebody gets. `detail` must have no personal data."""
    subject = AuditSubject(SubjectType.FILE, None, file_name[:MAX_LABEL_LENGTH], None)
    insert_events([_event(subject, name, source, detail=detail)])


def record_audit_event(name: EventName, source: ChangeSource, *, detail: str) -> None:
    """Record an event of the audit itself, in the transaction of the change."""
    subject = AuditSubject(SubjectType.AUDIT, None, str(SubjectType.AUDIT.value), None)
    insert_events([_event(subject, name, source, detail=detail)])


def record_registration_event(
    principal_id: str, name: EventName, source: ChangeSource, *, detail: str = ""
) -> None:
    """Record what was done with a terminal at SEQR that may have no row here, by SEQR's ID."""
    subject = AuditSubject(SubjectType.TERMINAL, None, principal_id[:40], None)
    insert_events([_event(subject, name, source, detail=detail)])


def insert_events(events: Sequence[AuditEvent]) -> None:
    """Record events in one statement, in the transaction of the changes that they are about.

    Those that belong to an order are logged too, once they are committed.
    """
    if not events:
        return
    row = f"({', '.join(['%s'] * len(_INSERTED))})"
    columns = ", ".join(_INSERTED)
    rows = ", ".join([row] * len(events))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO orders_auditevent ({columns}) VALUES {rows}",  # noqa: S608
            [getattr(event, column) for event in events for column in _INSERTED],
        )
    log_on_commit(events)


def insert_of_call_events(calls: str) -> str:
    """Return the INSERT that records calls to SEQR within a statement that has them in rows.

    `calls` is the statement's table of them, with `order_id`, `operation` (null if none is to be
    recorded), `client_reference`, `detail`, `result_code` and `duration_ms`. Its two parameters are
    the source's name and the actor's id.
    """
    return f"""
        INSERT INTO orders_auditevent (
            source, actor_id, order_id, subject_type, subject_label, name,
            from_state, to_state, detail, result_code, duration_ms
        )
        SELECT %s, %s::bigint, order_id, '{SubjectType.CALL.value}', client_reference, operation,
               '', '', detail, result_code, duration_ms
        FROM {calls} WHERE operation IS NOT NULL
    """  # noqa: S608


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
    if _is_recent(row.audit_subject, name, detail):
        return False
    record_event(row, name, source, detail=detail)
    return True


def _is_recent(subject: AuditSubject, name: EventName, detail: str) -> bool:
    """Return whether the subject has had the same event within RETRY_RECORD_INTERVAL."""
    return AuditEvent.objects.filter(
        subject_type=subject.subject_type,
        subject_id=subject.subject_id,
        name=name,
        detail=detail[:MAX_DETAIL_LENGTH],
        occurred_at__gt=Now() - RETRY_RECORD_INTERVAL,
    ).exists()


def _subject_of(user: Any) -> AuditSubject:
    """Return a member of staff as the subject of an event; None is an unknown account."""
    if user is None:
        return AuditSubject(SubjectType.USER, None, "", None)
    return AuditSubject(SubjectType.USER, user.pk, user.get_username()[:MAX_LABEL_LENGTH], None)


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
