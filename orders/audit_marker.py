"""Detects that the database has lost transactions, by a marker of the newest audit event.

After the restore of a backup, or a fail-over to a replica that lagged, the latest transactions are
missing. The marker, which is kept outside the database, names an event that is missing then.
Without a marker nothing can be detected.
"""

import logging

from redis.exceptions import RedisError

from orders.marker_stores import AuditMarker, marker_stores
from orders.models import AuditEvent

logger = logging.getLogger(__name__)


class MarkerUnavailable(Exception):
    """No place that keeps the marker is available."""


def check_marker() -> AuditMarker | None:
    """Compare the database with the marker, and advance the marker to the newest event.

    Returns the marker of a lost event instead, and leaves it. Must be called outside a transaction,
    so that the newest event is committed. Raises MarkerUnavailable.
    """
    kept_by_any = False
    for store in marker_stores():
        try:
            kept = store.read()
            if kept is not None and _is_lost(kept):
                return kept
            newest = newest_event()
            if newest is not None:
                store.advance(newest)
            kept_by_any = True
        except (RedisError, OSError) as error:
            logger.warning("%s does not keep the audit's marker: %s", store, type(error).__name__)
    if not kept_by_any:
        raise MarkerUnavailable("the audit's marker cannot be kept")
    return None


def accept_loss() -> None:
    """Set the marker back to the newest event that is left."""
    newest = newest_event()
    if newest is None:
        return
    for store in marker_stores():
        try:
            store.replace(newest)
        except (RedisError, OSError) as error:
            logger.warning("%s does not keep the audit's marker: %s", store, type(error).__name__)


def newest_event() -> AuditMarker | None:
    """Return the marker of the newest event; None for an empty audit."""
    events = AuditEvent.objects.order_by("id").values_list("id", "occurred_at")
    first, newest = events.first(), events.last()
    if first is None or newest is None:
        return None
    return AuditMarker(newest[0], newest[1], first_occurred_at=first[1])


def _is_lost(marker: AuditMarker) -> bool:
    """Whether the marker's event is missing in its own database.

    The time is compared too, since a new event soon has the ID of the lost one.
    """
    newest = newest_event()
    if newest is None or newest.first_occurred_at != marker.first_occurred_at:
        return False
    kept = AuditEvent.objects.filter(pk=marker.event_id, occurred_at=marker.occurred_at)
    return not kept.exists()
