"""Verifies the audit: recomputes the chain of digests, and finds what has been changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from orders.audit_digest import DAY, MARK_LENGTH, compute_digest, events_of, first_day, start_of
from orders.audit_pruned import PrunedDays
from orders.models import AuditDigest, AuditEvent

DIGESTS_PER_READ = 1  # a digest holds 4 bytes for each event of its day
DIGEST_DUE_AFTER = DAY  # after the end of its day; Beat and worker make it within minutes


@dataclass
class Verification:
    """The result: how much agrees with the digests, and a sentence about all that does not.

    `newest` is the last digest, and `later_events` the number of events after its day. The digests
    of `pruned_days` agree with each other; their `pruned_events` were removed.
    """

    days: int = 0
    events: int = 0
    pruned_days: int = 0
    pruned_events: int = 0
    later_events: int = 0
    newest: AuditDigest | None = None
    problems: list[str] = field(default_factory=list)


def verify_audit(now: datetime) -> Verification:
    """Recompute each day's digest from its events, and compare it and its place in the chain.

    Reads events in batches, and needs about 16 bytes of memory for each event of the largest day.
    """
    result = Verification()
    pruned = PrunedDays()
    for stored in AuditDigest.objects.iterator(chunk_size=DIGESTS_PER_READ):
        result.problems += _chain_problems(result.newest, stored)
        result.newest = stored
        if pruned.has(stored.day):
            result.problems += pruned.problems(stored)
            result.pruned_days += 1
            result.pruned_events += stored.event_count
            continue
        computed = compute_digest(stored.day, stored.previous)
        result.problems += _day_problems(stored, computed)
        result.days += 1
        result.events += computed.event_count
    result.problems += pruned.problems_at_end()
    next_day = result.newest.day + DAY if result.newest else first_day()
    if next_day is not None:
        if start_of(next_day + DAY) + DIGEST_DUE_AFTER <= now:
            result.problems.append(f"There is no digest of {next_day}, nor of a later day.")
        later = AuditEvent.objects.filter(occurred_at__gte=start_of(next_day))
        result.later_events = later.count()
    return result


def _chain_problems(before: AuditDigest | None, stored: AuditDigest) -> list[str]:
    day = stored.day
    if before is None:
        oldest = first_day()
        problems = [] if stored.previous == "" else [f"The digests before {day} are missing."]
        if oldest is not None and oldest < day:
            problems.append(f"An event of {oldest} is older than the first digest, of {day}.")
        return problems
    if day != before.day + DAY:
        return [f"The digest of {before.day + DAY} is missing."]
    if stored.previous != before.digest:
        return [f"The digest of {day} does not continue the one of {before.day}."]
    return []


def _day_problems(stored: AuditDigest, computed: AuditDigest) -> list[str]:
    recorded, found = bytes(stored.event_marks), bytes(computed.event_marks)
    if recorded != found:
        return [_first_difference(stored.day, recorded, found)]
    names = ("digest", "event_count", "first_event_id", "last_event_id")
    if any(getattr(stored, name) != getattr(computed, name) for name in names):
        return [f"The digest of {stored.day} has been changed."]
    return []


def _first_difference(day: date, recorded: bytes, found: bytes) -> str:
    """Return a sentence that names the first event of the day which differs."""
    before, now = len(recorded) // MARK_LENGTH, len(found) // MARK_LENGTH
    different = (
        at for at, (one, other) in enumerate(zip(recorded, found, strict=False)) if one != other
    )
    same = next(different, min(len(recorded), len(found))) // MARK_LENGTH
    ids = events_of(day).values_list("pk", flat=True)
    if now > before:
        return f"{day}: {now - before} added; the first is event {ids[same]}."
    if now < before:
        place = f"after event {ids[same - 1]}" if same else "at the beginning of the day"
        return f"{day}: {before - now} removed; the first was {place}."
    return f"{day}: event {ids[same]} was changed."
