"""Verifies what was removed from the audit: each removal is recorded, and no event is back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from orders.audit_digest import DAY, events_of
from orders.audit_prune import pruning_detail
from orders.models import AuditDigest, AuditEvent, AuditPruning, EventName


class PrunedDays:
    """The removed days, which are the first ones of the chain. Given the digests in their order."""

    def __init__(self) -> None:
        self._prunings = list(AuditPruning.objects.all())
        self._last_day = self._prunings[-1].last_day if self._prunings else None
        self._first_digest: date | None = None
        self._events: dict[int, int] = {}
        self._digests: dict[date, str] = {}

    def has(self, day: date) -> bool:
        """Return whether the events of this day were removed."""
        return self._last_day is not None and day <= self._last_day

    def problems(self, stored: AuditDigest) -> Iterator[str]:
        """Yield a sentence if the day has events again."""
        self._first_digest = self._first_digest or stored.day
        self._digests[stored.day] = stored.digest
        for pruning in self._prunings:
            if pruning.first_day <= stored.day <= pruning.last_day:
                self._events[pruning.pk] = self._events.get(pruning.pk, 0) + stored.event_count
        if events_of(stored.day).exists():
            yield f"{stored.day}: its events were removed, and there are some again."

    def problems_at_end(self) -> Iterator[str]:
        """Yield a sentence about each removal that does not fit the digests or the audit."""
        expected = self._first_digest
        for pruning in self._prunings:
            if pruning.first_day != expected:
                yield f"The removal of {pruning} does not follow the one before."
            expected = pruning.last_day + DAY
            if (pruning.event_count, pruning.digest) != (
                self._events.get(pruning.pk),
                self._digests.get(pruning.last_day),
            ):
                yield f"The removal of {pruning} differs from the digests."
            recorded = AuditEvent.objects.filter(
                name=EventName.AUDIT_PRUNED, detail=pruning_detail(pruning)
            )
            if not recorded.exists():
                yield f"The removal of {pruning} is not in the audit."
