"""What a failing run was: who did what, what the audit tells of it, and how SEQR stands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from orders.models import AuditEvent

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import World

AT_SEQR = ("invoice_reference", "status", "version", "confirmed_at", "reversed", "refunds")


def last_event() -> int:
    """Return the id of the newest event, 0 where there is none."""
    return AuditEvent.objects.values_list("pk", flat=True).order_by("-pk").first() or 0


def tell(world: World) -> None:
    """Write the steps, each before the events that it led to."""
    steps = list(world.steps)
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
    for invoice in world.sandbox.invoices():
        _write(" ".join(f"{name}={invoice[name]}" for name in AT_SEQR))


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
