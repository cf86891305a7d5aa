"""Paying is closed while SEQR refuses our settings: told once, in the transaction of its cause.

All processes read it in the database. `shops/probe.py` opens it again.
"""

import logging
from datetime import timedelta

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.models import EventName
from payments.cases.cases import open_case, open_configuration_case
from payments.models import CaseKind, Invoice, PaymentPause
from payments.seqr import SeqrConfigurationError

logger = logging.getLogger(__name__)

PAYING = "paying"  # the key of its cases
FIRST_PROBE_AFTER = timedelta(seconds=10)


def payments_are_paused() -> bool:
    """Whether nothing is sold just now and no invoice is sent."""
    return PaymentPause.objects.filter(ended_at=None).exists()


def pause_payments(invoice: Invoice, error: SeqrConfigurationError, source: ChangeSource) -> None:
    """Close paying: SEQR refuses our settings when an invoice is sent or asked about.

    To be called inside a transaction. An invoice made before paying was last opened only opens a
    case: SEQR has accepted a probe since, so it is this invoice that it refuses. It would close
    paying after each probe otherwise.
    """
    if payments_are_paused():
        return
    if PaymentPause.objects.filter(ended_at__gt=invoice.created_at).exists():
        open_configuration_case(error, source)
    else:
        _close(error, source)


def _close(error: SeqrConfigurationError, source: ChangeSource) -> None:
    case = open_case(CaseKind.CONFIGURATION, source, str(error), key=PAYING)
    if case is None:  # another process has just closed it
        return
    PaymentPause.objects.create(
        case=case, reason=str(error), next_probe_at=database_now() + FIRST_PROBE_AFTER
    )
    record_event(
        case, EventName.PAYMENTS_PAUSED, source, detail=str(error), result_code=error.result_code
    )
    logger.error("paying is closed: %s", error)
