"""Counts what the audit says of orders and of calls to SEQR, in the background."""

from __future__ import annotations

import time

from payments.takings.calls import update_calls
from payments.takings.orders import update_orders

RUN_SECONDS = 30


def update_activity(seconds: float = RUN_SECONDS) -> None:
    """Count the new events, step by step; what is left after this time is for the next run."""
    for update in (update_orders, update_calls):
        until = time.monotonic() + seconds / 2
        while update() and time.monotonic() < until:
            pass
