"""The one way to write a line of the audit."""

from dataclasses import dataclass
from typing import Any

from orders.models import About, Event

LONGEST_DETAIL = 300


@dataclass(frozen=True)
class Cause:
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

    about: About
    about_id: int | None
    name: str
    order_id: int | None


def record_event(
    subject: Subject, name: str, cause: Cause, *, detail: str = "", **fields: Any
) -> None:
    """Write an event, in the transaction that it belongs to.

    `fields` may be `was`, `became`, `result_code` and `duration_ms`.
    """
    _event(subject, name, cause, detail=detail, **fields).save(force_insert=True)


def record_events(events: list[tuple[Subject, str, dict[str, Any]]], cause: Cause) -> None:
    """Write many at once: of each its subject, its name and its fields."""
    Event.objects.bulk_create(
        _event(subject, name, cause, **fields) for subject, name, fields in events
    )


def _event(subject: Subject, name: str, cause: Cause, *, detail: str = "", **fields: Any) -> Event:
    return Event(
        order_id=subject.order_id,
        about=subject.about,
        about_id=subject.about_id,
        subject=subject.name,
        name=name,
        source=cause.source,
        actor=cause.actor,
        detail=detail[:LONGEST_DETAIL],
        **fields,
    )


def record_event_once(subject: Subject, name: str, cause: Cause, *, detail: str = "") -> bool:
    """Write an event unless the subject's latest one says the same; return whether it was written.

    For what is tried again and again, so that the history stays readable.
    """
    latest = (
        Event.objects.filter(about=subject.about, about_id=subject.about_id).order_by("-id").first()
    )
    if latest is not None and (latest.name, latest.detail) == (name, detail[:LONGEST_DETAIL]):
        return False
    record_event(subject, name, cause, detail=detail)
    return True
