"""Prints a failing run: its steps, the audit events of each, and SEQR's invoices."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from orders.models import AuditEvent

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import Simulation

AT_SEQR = (
    "invoice_reference",
    "terminal_id",
    "status",
    "version",
    "confirmed_at",
    "reversed",
    "refunds",
)


def last_event_id() -> int:
    """Return the id of the newest audit event, 0 where there is none."""
    return AuditEvent.objects.values_list("pk", flat=True).order_by("-pk").first() or 0


def print_trace(sim: Simulation) -> None:
    """Print each step before the audit events that it caused, then SEQR's invoices."""
    steps = list(sim.steps)
    for event in AuditEvent.objects.order_by("pk"):
        while steps and steps[0][0] < event.pk:
            _write(f"{steps.pop(0)[1]}")
        change = (
            f"{event.from_state} -> {event.to_state}" if event.from_state or event.to_state else ""
        )
        code = "" if event.result_code is None else event.result_code
        _write(f"    {event.occurred_at:%M:%S.%f} {event} {change} {code} {event.detail[:70]}")
    for _, step in steps:
        _write(step)
    for invoice in sim.sandbox.invoices():
        _write(" ".join(f"{name}={invoice[name]}" for name in AT_SEQR))


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
