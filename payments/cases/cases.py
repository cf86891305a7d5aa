"""Money cases: opened once, in the transaction of their cause, and closed with a reason."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet

from orders.audit import ChangeSource, record_event
from orders.clock import SAVED_NOW
from orders.models import EventName
from orders.state_machine import save_fields
from payments.models import (
    CaseKind,
    Invoice,
    MoneyCase,
    OutboxMail,
    Refund,
    TransactionPeriod,
)
from payments.seqr import SeqrConfigurationError

# A case of these kinds is opened again after it was closed: settings can be refused again, a later
# report can show more, and each payment and each reversal of an invoice happens once.
RECURRING = (
    CaseKind.CONFIGURATION,
    CaseKind.REPORT_DIFFERS,
    CaseKind.REFUNDS_HELD,
    CaseKind.PAID_THOUGH_CANCELED,
    CaseKind.AMOUNT_DIFFERS,
    CaseKind.AMOUNT_UNKNOWN,
    CaseKind.REFERENCE_TOO_LONG,
    CaseKind.POSSIBLY_REVERSED,
)
# These are opened again after they closed by themselves. SEQR repeats its answer every second, also
# after a person has closed the case about it.
RECURRING_UNTIL_CLOSED_BY_PERSON = (CaseKind.PAYMENT_UNCONFIRMED,)


def open_case(
    kind: CaseKind,
    source: ChangeSource,
    summary: str,
    *,
    invoice: Invoice | None = None,
    refund: Refund | None = None,
    period: TransactionPeriod | None = None,
    terminal_id: int | None = None,
    key: str = "",
    is_new_problem: bool = False,
) -> MoneyCase | None:
    """Open a case unless one of its kind exists for the same key; return it if it is new.

    The key names a locked invoice by default. A closed case does not count if `is_new_problem`: it
    was about something else. `summary` is a sentence, cut after 300 characters. A mail to each
    address of CASE_EMAILS goes into the outbox.
    """
    key = key or f"invoice {invoice.pk if invoice else ''}"
    earlier = MoneyCase.objects.filter(still_counts(kind), kind=kind, key=key)
    if is_new_problem:
        earlier = earlier.filter(closed_at=None)
    if earlier.exists():
        return None
    case, is_new = MoneyCase.objects.get_or_create(
        kind=kind,
        key=key,
        closed_at=None,
        defaults={
            "invoice": invoice,
            "refund": refund,
            "period": period,
            "terminal_id": terminal_id,
            "order_id": invoice.order_id if invoice else None,
            "summary": summary[:300],
        },
    )
    if not is_new:  # another process has opened it at the same time
        return None
    record_event(case, EventName(f"{kind}_case"), source, detail=summary, to_state="open")
    OutboxMail.objects.bulk_create(
        OutboxMail(case=case, recipient=address) for address in settings.CASE_EMAILS
    )
    return case


def still_counts(kind: CaseKind) -> Q:
    """Return the filter for cases of a kind after which no other is opened for the same key."""
    if kind in RECURRING:
        return Q(closed_at=None)
    if kind in RECURRING_UNTIL_CLOSED_BY_PERSON:
        return Q(closed_at=None) | Q(closed_by__isnull=False)
    return Q()


@transaction.atomic
def close_case(case_id: int, source: ChangeSource, reason: str) -> bool:
    """Close a case; return whether it was open. Raises ValueError without a reason."""
    if not reason.strip():
        raise ValueError("A case is closed with a reason.")
    case = MoneyCase.objects.select_for_update(no_key=True).get(pk=case_id)
    if case.closed_at is not None:
        return False
    save_fields(
        case,
        closed_at=SAVED_NOW,
        closed_by=source.actor,
        closing_reason=reason.strip()[:300],
    )
    record_event(case, EventName.CASE_CLOSED, source, detail=case.closing_reason, from_state="open")
    return True


def close_cases_of(
    invoice: Invoice, kinds: tuple[CaseKind, ...], source: ChangeSource, reason: str
) -> bool:
    """Close an invoice's open cases of these kinds; return whether there were any."""
    return _close_open_cases(source, reason, invoice=invoice, kind__in=kinds)


def _close_open_cases(source: ChangeSource, reason: str, **conditions: Any) -> bool:
    open_cases = MoneyCase.objects.filter(closed_at=None, **conditions)
    closed = [close_case(pk, source, reason) for pk in open_cases.values_list("pk", flat=True)]
    return any(closed)


def open_refund_case(refund: Refund, source: ChangeSource, why: str) -> None:
    """Open the case of a locked refund whose outcome is unknown."""
    _open_refund_case(CaseKind.REFUND_UNKNOWN, refund, source, f"may have been made: {why}")


def open_stuck_refund_case(refund: Refund, source: ChangeSource, why: str) -> None:
    """Open the case of a locked refund that SEQR has not accepted for long."""
    _open_refund_case(CaseKind.REFUND_STUCK, refund, source, f"could not be made yet: {why}")


def open_refund_mismatch_case(refund: Refund, source: ChangeSource, answer: str) -> None:
    """Open a case about a locked refund whose late answer differs from the recorded outcome."""
    summary = f"was recorded with another outcome: {answer}"
    _open_refund_case(CaseKind.REFUND_UNKNOWN, refund, source, summary, key_suffix=" resolved")


def open_refund_reference_case(refund: Refund, source: ChangeSource, reference: str) -> None:
    """Open a case about a locked refund that SEQR has made under a reference that is too long."""
    summary = f"was made under a reference that is too long to be stored: {reference}"
    _open_refund_case(CaseKind.REFERENCE_TOO_LONG, refund, source, summary)


def _open_refund_case(
    kind: CaseKind, refund: Refund, source: ChangeSource, problem: str, key_suffix: str = ""
) -> None:
    open_case(
        kind,
        source,
        f"A refund of {refund.amount} {refund.currency} {problem}",
        invoice=refund.invoice,
        refund=refund,
        key=f"refund {refund.pk}{key_suffix}",
    )


def close_refund_cases(refund: Refund, source: ChangeSource, reason: str) -> None:
    """Close a refund's open cases: it was sent, or its outcome is known."""
    _close_open_cases(source, reason, refund=refund)


def open_period_case(
    kind: CaseKind, period: TransactionPeriod, source: ChangeSource, summary: str
) -> None:
    """Open a case about a locked transaction period."""
    open_case(kind, source, summary, period=period, key=f"period {period.pk}")


def close_period_cases(
    period: TransactionPeriod, kind: CaseKind, source: ChangeSource, reason: str
) -> None:
    """Close a period's open case of this kind, which has resolved itself."""
    _close_open_cases(source, reason, period=period, kind=kind)


def open_configuration_case(
    terminal_id: int, error: SeqrConfigurationError, source: ChangeSource
) -> None:
    """Open a case about a terminal that SEQR refuses, one for each operation and code.

    For refusals that do not pause payments; `payments/availability/pause.py` has the others.
    """
    key = f"{_configuration_key(terminal_id, error.operation)}{error.result_code}"
    open_case(CaseKind.CONFIGURATION, source, str(error), terminal_id=terminal_id, key=key)


def close_configuration_cases(terminal_id: int, operation: str, source: ChangeSource) -> None:
    """Close the configuration cases of a terminal's operation that SEQR has accepted."""
    reason = f"SEQR has accepted {operation} since"
    key = _configuration_key(terminal_id, operation)
    _close_open_cases(source, reason, kind=CaseKind.CONFIGURATION, key__startswith=key)


def open_configuration_cases(terminal: str, operation: str) -> QuerySet[MoneyCase]:
    """Return the open cases about an operation of the terminal at this path of an outer row."""
    return MoneyCase.objects.filter(
        kind=CaseKind.CONFIGURATION,
        closed_at=None,
        terminal=OuterRef(terminal),
        key__contains=f" {operation} ",
    )


def close_terminal_cases(terminal_id: int, source: ChangeSource, reason: str) -> None:
    """Close the configuration cases of a terminal, which is called no more."""
    _close_open_cases(source, reason, kind=CaseKind.CONFIGURATION, terminal_id=terminal_id)


def _configuration_key(terminal_id: int, operation: str) -> str:
    return f"{terminal_id} {operation} code "
