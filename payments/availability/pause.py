"""Pauses payments while SEQR rejects our credentials or configuration.

Every process reads the pause from the database. probe.py ends it.
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

PAYMENTS_CASE_KEY = "paying"
FIRST_PROBE_AFTER = timedelta(seconds=10)


def payments_are_paused() -> bool:
    """Return whether payments are paused: no order is taken and no invoice sent."""
    return PaymentPause.objects.filter(ended_at=None).exists()


def pause_payments(invoice: Invoice, error: SeqrConfigurationError, source: ChangeSource) -> None:
    """Pause payments after SEQR has rejected our configuration for this invoice.

    Must run inside a transaction. An invoice older than the end of the latest pause only opens a
    case: SEQR has accepted a probe since, so it rejects this invoice alone, which would otherwise
    pause payments after every probe.
    """
    if payments_are_paused():
        return
    if PaymentPause.objects.filter(ended_at__gt=invoice.created_at).exists():
        open_configuration_case(error, source)
    else:
        _start_pause(error, source)


def _start_pause(error: SeqrConfigurationError, source: ChangeSource) -> None:
    case = open_case(CaseKind.CONFIGURATION, source, str(error), key=PAYMENTS_CASE_KEY)
    if case is None:  # another process has just paused payments
        return
    PaymentPause.objects.create(
        case=case, reason=str(error), next_probe_at=database_now() + FIRST_PROBE_AFTER
    )
    record_event(
        case, EventName.PAYMENTS_PAUSED, source, detail=str(error), result_code=error.result_code
    )
    logger.error("payments are paused: %s", error)
