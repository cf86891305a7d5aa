"""Asks SEQR at once from within the web process, without the broker.

A notification and a customer's own page both want an answer now. Checks of one invoice are
coalesced: while one is under way, any number of further ones make one more after it.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from orders.events import Cause
from payments.seqr import SeqrError
from payments.services import refresh_invoice

logger = logging.getLogger(__name__)

AT_ONCE = 4

_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="check")
_lock = threading.Lock()
_under_way: dict[int, bool] = {}  # invoice id: whether it is wanted once more


def check_soon(invoice_id: int, source: str) -> None:
    """Have SEQR asked about an invoice by a thread of this process; return at once."""
    with _lock:
        if invoice_id in _under_way:
            _under_way[invoice_id] = True
            return
        _under_way[invoice_id] = False
    _threads.submit(_check, invoice_id, source)


def under_way() -> int:
    """Return about how many invoices SEQR is being asked just now."""
    with _lock:
        return len(_under_way)


def _check(invoice_id: int, source: str) -> None:
    again = True
    while again:
        try:
            refresh_invoice(invoice_id, Cause(source))
        except SeqrError as error:  # the poller goes on asking
            logger.warning("invoice %s: %s", invoice_id, error)
        except Exception:
            logger.exception("invoice %s could not be asked about", invoice_id)
        finally:
            connection.close()
            with _lock:
                again = _under_way[invoice_id]
                if again:
                    _under_way[invoice_id] = False
                else:
                    del _under_way[invoice_id]
