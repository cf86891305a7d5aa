"""Logs the events of an order once they are committed, so that the log follows an order too.

A line has no detail of its event, which may be what a person has written.
"""

import logging
from collections.abc import Iterable
from functools import partial

from django.db import transaction

from orders.models import AuditEvent, Order, SubjectType
from orders.models.order import number_of
from seqrshop.repeated_lines import STORED_CHANGES

logger = logging.getLogger(STORED_CHANGES)


def order_in_line(order_id: int) -> dict[str, str]:
    """Return the `extra` of a log line about an order: its number, as people know it."""
    return {"order": number_of(order_id)}


def log_new_order_on_commit(order: Order) -> None:
    """Log a new order, once the transaction is committed."""
    ids = order_in_line(order.pk)
    log = partial(logger.info, "order %s: placed", order.number, extra=ids)
    transaction.on_commit(log, robust=True)


def log_on_commit(events: Iterable[AuditEvent]) -> None:
    """Log those of the events that belong to an order, once the transaction is committed."""
    of_orders = [event for event in events if event.order_id is not None]
    if of_orders and logger.isEnabledFor(logging.INFO):
        transaction.on_commit(partial(_log, of_orders), robust=True)


def _log(events: list[AuditEvent]) -> None:
    """Log the events of each order in one line: they are of one transaction."""
    by_order: dict[int, list[AuditEvent]] = {}
    for event in events:
        assert event.order_id is not None
        by_order.setdefault(event.order_id, []).append(event)
    for order_id, of_order in by_order.items():
        extra: dict[str, object] = {
            **order_in_line(order_id),
            "source": str(of_order[0].source),
            "events": [str(event.name) for event in of_order],
        }
        for event in of_order:
            if event.subject_type == SubjectType.CALL:
                extra["client_reference"] = event.subject_label
                extra["operation"] = event.name
                extra["result_code"] = event.result_code
                extra["duration_ms"] = event.duration_ms
        logger.info("%s", "; ".join(map(_text_of, of_order)), extra=extra)


def _text_of(event: AuditEvent) -> str:
    if event.subject_type == SubjectType.CALL:
        return f"{event.name}: result code {event.result_code} after {event.duration_ms} ms"
    states = f", {event.from_state} -> {event.to_state}" if event.to_state else ""
    return f"{event.subject_type} {event.subject_label}: {event.name}{states}"
