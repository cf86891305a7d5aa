"""Pauses a terminal's payments while SEQR rejects its credentials or our configuration.

Every process reads the pause from the database. probe.py ends it.
"""

import logging
from datetime import timedelta

from django.db.models import Exists, OuterRef

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.models import EventName, Terminal
from payments.cases.cases import close_terminal_cases, open_case, open_configuration_case
from payments.models import CaseKind, Invoice, MoneyCase, PaymentPause
from payments.seqr import ResultCode, SeqrConfigurationError

logger = logging.getLogger(__name__)

FIRST_PROBE_AFTER = timedelta(seconds=10)
# SEQR refuses every call of such a terminal, so that it refuses a probe, too.
REFUSED_TERMINAL_CODES = (
    ResultCode.AUTHENTICATION_FAILED,
    ResultCode.INVALID_INITIATOR_PRINCIPAL_ID,
    ResultCode.INVALID_INITIATOR_PRINCIPAL_STATE,
    ResultCode.INITIATOR_PRINCIPAL_NOT_FOUND,
)


def paused_terminals() -> frozenset[int]:
    """Return the terminals whose payments are paused: no order is taken and no invoice sent."""
    paused = PaymentPause.objects.filter(ended_at=None)
    return frozenset(paused.values_list("terminal_id", flat=True))


def payments_paused(terminal: str) -> Exists:
    """Return the condition that the payments of the terminal at this path of a row are paused."""
    return Exists(PaymentPause.objects.filter(terminal=OuterRef(terminal), ended_at=None))


def payments_are_paused(terminal_id: int) -> bool:
    """Return whether a terminal's payments are paused."""
    return PaymentPause.objects.filter(terminal_id=terminal_id, ended_at=None).exists()


def pause_payments(invoice: Invoice, error: SeqrConfigurationError, source: ChangeSource) -> None:
    """Pause its terminal's payments after SEQR has rejected our configuration for this invoice.

    Must run inside a transaction. An invoice older than the end of the latest pause only opens a
    case: SEQR has accepted a probe since, so it rejects this invoice alone, which would otherwise
    pause payments after every probe. A retired terminal has no password, and nothing to pause.
    """
    terminal_id = invoice.terminal_id
    if payments_are_paused(terminal_id) or is_retired(terminal_id):
        return
    earlier = PaymentPause.objects.filter(terminal_id=terminal_id)
    if earlier.filter(ended_at__gt=invoice.created_at).exists():
        open_configuration_case(terminal_id, error, source)
    else:
        _start_pause(terminal_id, error, source)


def pause_refused_terminal(
    terminal_id: int, error: SeqrConfigurationError, source: ChangeSource
) -> None:
    """Pause a terminal's payments if SEQR refuses the terminal itself; open a case in any case.

    Must run inside a transaction. For calls about no invoice. A refusal for another reason does not
    pause payments: SEQR may accept invoices.
    """
    if error.result_code not in REFUSED_TERMINAL_CODES:
        open_configuration_case(terminal_id, error, source)
    elif not payments_are_paused(terminal_id):
        _start_pause(terminal_id, error, source)


def end_pause_of_retired(terminal_id: int, source: ChangeSource) -> None:
    """End the pause of a terminal that is retired, and close the cases about the terminal."""
    open_pauses = PaymentPause.objects.filter(terminal_id=terminal_id, ended_at=None)
    for pause in open_pauses.select_for_update(no_key=True):
        pause.ended_at, pause.lease_until = database_now(), None
        pause.save(update_fields=["ended_at", "lease_until"])
    close_terminal_cases(terminal_id, source, "the terminal is retired")


def is_retired(terminal_id: int) -> bool:
    """Return whether a terminal is retired: it has no password, and is called no more."""
    return Terminal.objects.filter(pk=terminal_id, retired_at__isnull=False).exists()


def open_pause_case(
    terminal_id: int, error: SeqrConfigurationError, source: ChangeSource
) -> MoneyCase | None:
    """Open the case about a terminal's pause; return it, or None if it is open already."""
    key = f"{terminal_id} paying"
    return open_case(CaseKind.CONFIGURATION, source, str(error), terminal_id=terminal_id, key=key)


def _start_pause(terminal_id: int, error: SeqrConfigurationError, source: ChangeSource) -> None:
    case = open_pause_case(terminal_id, error, source)
    if case is None:  # another process has just paused payments
        return
    PaymentPause.objects.create(
        terminal_id=terminal_id,
        case=case,
        reason=str(error),
        next_probe_at=database_now() + FIRST_PROBE_AFTER,
    )
    record_event(
        case, EventName.PAYMENTS_PAUSED, source, detail=str(error), result_code=error.result_code
    )
    logger.error("payments of terminal %s are paused: %s", terminal_id, error)
