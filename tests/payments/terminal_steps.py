"""Steps that tests of replaced and retired terminals share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import F

from orders.audit import ChangeSource
from orders.models import AuditEvent, Shop, SourceName, SubjectType, Terminal
from payments.models import (
    Invoice,
    InvoiceStatus,
)
from payments.terminals import (
    put_in_use,
)
from tests.factories import TerminalFactory
from tests.payments.steps import (
    added_terminal,
    invoice_in,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
BY_OPERATOR = ChangeSource(SourceName.OPERATOR)
PASSWORD = "12345678"  # of the published terminal, in the sandbox too


def old_terminal() -> Terminal:
    """Return a terminal in use since a month ago."""
    terminal = TerminalFactory.create()
    Terminal.objects.filter(pk=terminal.pk).update(added_at=F("added_at") - timedelta(days=30))
    return terminal


def replaced_at(sandbox: SandboxProcess, *shops: Shop) -> Terminal:
    """Put a new terminal in use for these shops; return it."""
    new = added_terminal(sandbox)
    for shop in shops:
        assert put_in_use(shop.pk, new, BY_OPERATOR)
    return new


def is_retired(terminal: Terminal) -> bool:
    """Whether the terminal is retired and its password deleted."""
    terminal.refresh_from_db()
    assert (terminal.retired_at is not None) == (terminal.password == "")
    return terminal.retired_at is not None


def events_of(terminal: Terminal) -> list[str]:
    """Return the names of a terminal's events, oldest first."""
    events = AuditEvent.objects.filter(subject_type=SubjectType.TERMINAL, subject_id=terminal.pk)
    return list(events.order_by("pk").values_list("name", flat=True))


def ended_invoice(
    terminal: Terminal, status: InvoiceStatus = S.CANCELED, **fields: object
) -> Invoice:
    """Return an ended invoice of a terminal that no shop uses."""
    invoice = invoice_in(status, **fields)
    Invoice.objects.filter(pk=invoice.pk).update(terminal=terminal)
    elsewhere = TerminalFactory.create(principal_id="elsewhere", password="its own")
    Shop.objects.filter(terminal=terminal).update(terminal=elsewhere)
    return reloaded(invoice)


def run_next(actions: Iterator[Callable[[], Any]]) -> Any:
    """Run the next of several actions, as one of so many threads."""
    return next(actions)()
