"""Events of three days of July 2026, and the night after."""

from datetime import UTC, date, datetime

from orders.audit import ChangeSource, new_event
from orders.models import EventName, SourceName
from tests.factories import OrderFactory

BY_TEST = ChangeSource(SourceName.STAFF)
FIRST, SECOND, THIRD, FOURTH = (date(2026, 7, day) for day in (1, 2, 3, 4))
NIGHT = datetime(2026, 7, 4, 0, 30, tzinfo=UTC)  # the fourth, 2:30 in Stockholm


def add_event(at: str) -> int:
    """Record an event of this time, and return its id."""
    order = OrderFactory.create()
    event = new_event(order, EventName.ORDER_SERVED, BY_TEST)
    event.occurred_at = datetime.fromisoformat(at)
    event.save()
    return event.pk
