"""Each call to SEQR becomes a line of the audit.

The line is written right after the call, in no transaction with what the call changes. A process
that is killed in between loses the line; that something was to be sent has been committed before.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import Error

from orders.audit import ChangeSource, Subject, record_event, record_events
from orders.models import AuditEvent, SubjectType
from payments.gateway import seqr
from payments.seqr import CallRecord, SeqrClient

logger = logging.getLogger(__name__)


def audited_client(order_id: int | None, source: ChangeSource) -> SeqrClient:
    """Return the client of SEQR for calls about this order, or about none; each is written down."""
    return seqr().with_listener(partial(_write, order_id, source))


def record_call(call: CallRecord, order_id: int | None, source: ChangeSource) -> None:
    """Write a call, in the transaction that it belongs to."""
    record_event(_subject_of(call, order_id), call.operation, source, **_fields_of(call))


def _subject_of(call: CallRecord, order_id: int | None) -> Subject:
    return Subject(SubjectType.CALL, None, call.client_reference, order_id)


def _fields_of(call: CallRecord) -> dict[str, Any]:
    return {
        "detail": call.reason,
        "result_code": call.result_code,
        "duration_ms": call.duration_ms,
    }


def record_calls(calls: list[tuple[CallRecord, int]], source: ChangeSource) -> None:
    """Write calls, each with the id of its order, in the transaction that they belong to."""
    record_events(
        [
            (_subject_of(call, order_id), call.operation, _fields_of(call))
            for call, order_id in calls
        ],
        source,
    )


def record_failed_poll(call: CallRecord, order_id: int, source: ChangeSource) -> None:
    """Write a question that brought no answer, unless the order's latest call failed just so.

    So an outage does not fill the audit. What a person wanted is always written.
    """
    with _sparing_the_answer(call):
        if source.is_person or not _is_told(call, order_id):
            record_call(call, order_id, source)


def _is_told(call: CallRecord, order_id: int) -> bool:
    latest = (
        AuditEvent.objects.filter(order_id=order_id, subject_type=SubjectType.CALL)
        .order_by("-id")
        .first()
    )
    return latest is not None and (
        (latest.name, latest.result_code, latest.detail)
        == (call.operation, call.result_code, call.reason)
    )


def _write(order_id: int | None, source: ChangeSource, call: CallRecord) -> None:
    with _sparing_the_answer(call):
        record_call(call, order_id, source)


@contextmanager
def _sparing_the_answer(call: CallRecord) -> Iterator[None]:
    """Go on without the line where it cannot be written: what SEQR said is worth more."""
    try:
        yield
    except Error as error:
        logger.error("%s is missing in the audit: %s", call, type(error).__name__)
