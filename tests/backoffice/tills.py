"""A second terminal of a seller, and its history."""

from typing import Any

from orders.models import AuditEvent, Seller, SubjectType, Terminal
from tests.factories import TerminalFactory

SECRET = "secret-of-till-2"


def stored_till(seller: Seller) -> Terminal:
    """Return the terminal till-2, whose password at SEQR is SECRET."""
    till: Terminal = TerminalFactory.create(
        seller=seller, principal_id="till-2", label="Till 2", password=SECRET
    )
    return till


def events_of(terminal: Terminal) -> list[tuple[str, Any]]:
    """Return the name and the person of each of a terminal's events."""
    events = AuditEvent.objects.filter(subject_type=SubjectType.TERMINAL, subject_id=terminal.pk)
    return [(event.name, event.actor) for event in events.order_by("id")]
