"""Queries the status of single invoices at once, in threads of the web process.

SEQR's notification and the customer's page need an answer without the broker. Checks of one
invoice are coalesced: the first runs at once, and all further ones within a second become one
check at its end. So a storm of notifications makes one query a second.
"""

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from orders.audit import ChangeSource
from payments.invoices.refresh import query_and_acknowledge
from payments.seqr import SeqrError
from seqrshop.telemetry import log_context

logger = logging.getLogger(__name__)

# Each waits for SEQR most of its time, and holds no database connection meanwhile. So many calls
# may hang at once before the check of another invoice has to wait.
THREAD_COUNT = 64
CHECK_INTERVAL_SECONDS = 1.0  # between two checks of one invoice
REMEMBERED_INVOICES = 10_000

_threads = ThreadPoolExecutor(THREAD_COUNT, thread_name_prefix="check")
_lock = threading.Lock()
_in_flight: dict[int, bool] = {}  # invoice id: whether another check was requested meanwhile
_started_at: dict[int, float] = {}  # invoice id: when its last check started


def check_status_soon(invoice_id: int, source: ChangeSource) -> None:
    """Query an invoice's status in a thread of this process, and return at once.

    The check's log lines carry the ids of the request that it is made for.
    """
    ids = log_context.current_ids()
    with _lock:
        if invoice_id in _in_flight:
            _in_flight[invoice_id] = True
            return
        _in_flight[invoice_id] = False
        started_at = _started_at.get(invoice_id)
    wait = 0.0 if started_at is None else started_at + CHECK_INTERVAL_SECONDS - time.monotonic()
    if wait <= 0:
        _threads.submit(_check, invoice_id, source, ids)
    else:
        timer = threading.Timer(wait, _threads.submit, (_check, invoice_id, source, ids))
        timer.daemon = True
        timer.start()


def checks_in_flight() -> int:
    """Return the approximate number of invoices with a check running or scheduled."""
    with _lock:
        return len(_in_flight)


def _check(invoice_id: int, source: ChangeSource, ids: Mapping[str, str]) -> None:
    log_context.start(**ids)
    _start(invoice_id)
    try:
        query_and_acknowledge(invoice_id, source)
    except SeqrError as error:  # the poller keeps querying
        logger.warning("invoice %s: %s", invoice_id, error)
    except Exception:
        logger.exception("invoice %s could not be checked", invoice_id)
    finally:
        connection.close()
        with _lock:
            again = _in_flight.pop(invoice_id)
        if again:
            check_status_soon(invoice_id, source)


def _start(invoice_id: int) -> None:
    with _lock:
        _in_flight[invoice_id] = False  # this check serves every request until now
        if len(_started_at) >= REMEMBERED_INVOICES:
            _started_at.clear()
        _started_at[invoice_id] = time.monotonic()
