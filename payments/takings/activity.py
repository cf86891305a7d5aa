"""Counts what the audit says of orders and of calls to SEQR, in the background."""

from __future__ import annotations

import time

from payments.takings.calls import update_calls
from payments.takings.orders import update_orders

RUN_SECONDS = 15  # for the orders, and then for the calls


def update_activity(seconds: float = RUN_SECONDS) -> None:
    """Count the new events, step by step; what this time does not suffice for is left."""
    for update in (update_orders, update_calls):
        until = time.monotonic() + seconds
        while update() and time.monotonic() < until:
            pass
