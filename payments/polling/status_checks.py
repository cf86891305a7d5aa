"""Asks SEQR at once from within the web process, without the broker.

A notification and a customer's own page both want an answer now. Checks of one invoice are
coalesced: the first is made at once, and any number of further ones within a second make one more
at its end. A storm of notifications so is a question a second, as the poller's are.
"""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from orders.audit import ChangeSource
from payments.invoices.refresh import refresh_invoice
from payments.seqr import SeqrError

logger = logging.getLogger(__name__)

AT_ONCE = 4
EVERY_SECONDS = 1.0  # for one invoice, however often it is wanted
REMEMBERED = 10_000

_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="check")
_lock = threading.Lock()
_under_way: dict[int, bool] = {}  # invoice id: whether it is wanted once more
_began_at: dict[int, float] = {}  # invoice id: when its last check began


def check_soon(invoice_id: int, source: str) -> None:
    """Have SEQR asked about an invoice by a thread of this process; return at once."""
    with _lock:
        if invoice_id in _under_way:
            _under_way[invoice_id] = True
            return
        _under_way[invoice_id] = False
        began_at = _began_at.get(invoice_id)
    wait = 0.0 if began_at is None else began_at + EVERY_SECONDS - time.monotonic()
    if wait <= 0:
        _threads.submit(_check, invoice_id, source)
    else:
        timer = threading.Timer(wait, _threads.submit, (_check, invoice_id, source))
        timer.daemon = True
        timer.start()


def under_way() -> int:
    """Return about how many invoices SEQR is being asked, or is to be asked within a second."""
    with _lock:
        return len(_under_way)


def _check(invoice_id: int, source: str) -> None:
    _begin(invoice_id)
    try:
        refresh_invoice(invoice_id, ChangeSource(source))
    except SeqrError as error:  # the poller goes on asking
        logger.warning("invoice %s: %s", invoice_id, error)
    except Exception:
        logger.exception("invoice %s could not be asked about", invoice_id)
    finally:
        connection.close()
        with _lock:
            again = _under_way.pop(invoice_id)
        if again:
            check_soon(invoice_id, source)


def _begin(invoice_id: int) -> None:
    with _lock:
        _under_way[invoice_id] = False  # what was wanted until now is served by this check
        if len(_began_at) >= REMEMBERED:
            _began_at.clear()
        _began_at[invoice_id] = time.monotonic()
