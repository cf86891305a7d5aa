"""Records each call to SEQR in the audit.

The event is written right after the call, in a transaction of its own. A process that is killed in
between loses the event, but not that something was to be sent: that was committed before.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.db import Error
from django.db.models.functions import Now

from orders.audit import RETRY_RECORD_INTERVAL, ChangeSource, insert_events, new_call_event
from orders.models import AuditEvent, AuditSubject, SubjectType
from payments.gateway import seqr, seqr_with
from payments.seqr import CallRecord, Credentials, Listener, SeqrClient

logger = logging.getLogger(__name__)


def audited_client(terminal_id: int, order_id: int | None, source: ChangeSource) -> SeqrClient:
    """Return a terminal's client for calls about this order, or none; it records each call."""
    return seqr(terminal_id).with_listener(call_listener(order_id, source))


def audited_client_with(
    credentials: Credentials, source: ChangeSource, order_id: int | None = None
) -> SeqrClient:
    """Return a client for calls with these credentials, about this order, or none.

    It records each call.
    """
    return seqr_with(credentials).with_listener(call_listener(order_id, source))


def call_listener(order_id: int | None, source: ChangeSource) -> Listener:
    """Return a client's listener that records each call about this order, or none."""
    return partial(_record_at_once, order_id, source)


def retrying_client(terminal_id: int, order_id: int, source: ChangeSource) -> SeqrClient:
    """Return a terminal's client for a call that is repeated for as long as it fails.

    It records each call, but the same failure once an hour. A person's own call is always recorded.
    """
    return seqr(terminal_id).with_listener(partial(_record_unless_repeated, order_id, source))


def record_call(call: CallRecord, order_id: int | None, source: ChangeSource) -> None:
    """Record a call about this order, or none, in the transaction that it belongs to."""
    insert_events([call_event(call, order_id, source)])


def call_event(call: CallRecord, order_id: int | None, source: ChangeSource) -> AuditEvent:
    """Return the event of a call about this order, or none, for the audit."""
    return new_call_event(
        AuditSubject(SubjectType.CALL, None, call.client_reference, order_id),
        call.operation,
        source,
        detail=call.reason,
        result_code=call.result_code,
        duration_ms=call.duration_ms,
    )


def record_failed_poll(call: CallRecord, order_id: int, source: ChangeSource) -> None:
    """Record a failed poll, unless the order's latest call failed in the same way.

    So an outage does not fill the audit. A person's own check is always recorded.
    """
    with _tolerating_database_errors(call):
        if source.is_person or not _latest_call_was_the_same(call, order_id):
            record_call(call, order_id, source)


def _latest_call_was_the_same(call: CallRecord, order_id: int) -> bool:
    latest = (
        AuditEvent.objects.filter(order_id=order_id, subject_type=SubjectType.CALL)
        .order_by("-id")
        .first()
    )
    return latest is not None and (
        (latest.name, latest.result_code, latest.detail)
        == (call.operation, call.result_code, call.reason)
    )


def _record_unless_repeated(order_id: int, source: ChangeSource, call: CallRecord) -> None:
    with _tolerating_database_errors(call):
        if source.is_person or not call.reason or not _failed_alike_recently(call, order_id):
            record_call(call, order_id, source)


def _failed_alike_recently(call: CallRecord, order_id: int) -> bool:
    return AuditEvent.objects.filter(
        order_id=order_id,
        subject_type=SubjectType.CALL,
        name=call.operation,
        result_code=call.result_code,
        detail=call.reason,
        occurred_at__gt=Now() - RETRY_RECORD_INTERVAL,
    ).exists()


def _record_at_once(order_id: int | None, source: ChangeSource, call: CallRecord) -> None:
    with _tolerating_database_errors(call):
        record_call(call, order_id, source)


@contextmanager
def _tolerating_database_errors(call: CallRecord) -> Iterator[None]:
    """Continue without the event if it cannot be written: SEQR's answer is worth more."""
    try:
        yield
    except Error as error:
        logger.error("%s is missing in the audit: %s", call, type(error).__name__)
