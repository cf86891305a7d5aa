"""Draws the invoice's state machine from its table."""

from payments.invoices.transitions import TABLE
from payments.models import CAPTURED_STATUSES, UNPAID_FINAL_STATUSES, InvoiceStatus


def state_diagram() -> str:
    """Return the invoice's statuses and the events between them as a Mermaid diagram."""
    edges = [
        f"    {status} --> {to}: {event}"
        for status in InvoiceStatus
        for to, event in _edges(status)
    ]
    ends = [f"    {status} --> [*]" for status in (*CAPTURED_STATUSES, *UNPAID_FINAL_STATUSES)]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {InvoiceStatus.CREATED}", *edges, *ends])


def _edges(status: InvoiceStatus) -> list[tuple[InvoiceStatus, str]]:
    return sorted(TABLE[status].items(), key=lambda edge: list(InvoiceStatus).index(edge[0]))
