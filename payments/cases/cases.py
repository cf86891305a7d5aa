"""Money cases: opened once, in the transaction of their cause, and closed with a reason."""

from django.conf import settings
from django.db import transaction

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.models import EventName
from payments.models import (
    CaseKind,
    Invoice,
    MoneyCase,
    OutboxMail,
    Refund,
    TransactionPeriod,
)
from payments.seqr import SeqrConfigurationError

# A case of any other kind is opened once per invoice, for good. Settings can be refused again, and
# a later report can show more.
RECURRING = (CaseKind.CONFIGURATION, CaseKind.REPORT_DIFFERS)


def open_case(
    kind: CaseKind,
    source: ChangeSource,
    what: str,
    *,
    invoice: Invoice | None = None,
    refund: Refund | None = None,
    period: TransactionPeriod | None = None,
    key: str = "",
) -> MoneyCase | None:
    """Open a case, unless there is one of its kind for the same key; return it if it is new.

    The key names a locked invoice by default. The case puts a mail to each address of CASE_EMAILS
    into the outbox.
    """
    key = key or f"invoice {invoice.pk if invoice else ''}"
    earlier = MoneyCase.objects.filter(kind=kind, key=key)
    if kind in RECURRING:
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
            "order_id": invoice.order_id if invoice else None,
            "what": what[:300],
        },
    )
    if not is_new:  # another process has opened it at the same time
        return None
    record_event(case, EventName(f"{kind}_case"), source, detail=what, to_state="open")
    OutboxMail.objects.bulk_create(
        OutboxMail(case=case, recipient=address) for address in settings.CASE_EMAILS
    )
    return case


@transaction.atomic
def close_case(case_id: int, source: ChangeSource, reason: str) -> bool:
    """Close a case; return whether it was open. Raises ValueError without a reason."""
    if not reason.strip():
        raise ValueError("A case is closed with a reason.")
    case = MoneyCase.objects.select_for_update().get(pk=case_id)
    if case.closed_at is not None:
        return False
    case.closed_at = database_now()
    case.closed_by = source.actor
    case.closing_reason = reason.strip()[:300]
    case.save(update_fields=["closed_at", "closed_by", "closing_reason"])
    record_event(case, EventName.CASE_CLOSED, source, detail=case.closing_reason, from_state="open")
    return True


def close_cases_of(
    invoice: Invoice, kinds: tuple[CaseKind, ...], source: ChangeSource, reason: str
) -> bool:
    """Close an invoice's open cases of these kinds, which have resolved themselves.

    Returns whether there were any.
    """
    open_cases = MoneyCase.objects.filter(invoice=invoice, kind__in=kinds, closed_at=None)
    closed = [close_case(pk, source, reason) for pk in open_cases.values_list("pk", flat=True)]
    return any(closed)


def open_refund_case(refund: Refund, source: ChangeSource, why: str) -> None:
    """Open the case of a locked refund whose outcome is unknown."""
    what = f"A refund of {refund.amount} {refund.currency} may have been made: {why}"
    open_case(
        CaseKind.REFUND_UNKNOWN,
        source,
        what,
        invoice=refund.invoice,
        refund=refund,
        key=f"refund {refund.pk}",
    )


def open_stuck_refund_case(refund: Refund, source: ChangeSource, why: str) -> None:
    """Open the case of a locked refund that SEQR has not accepted for long."""
    what = f"A refund of {refund.amount} {refund.currency} could not be made yet: {why}"
    open_case(
        CaseKind.REFUND_STUCK,
        source,
        what,
        invoice=refund.invoice,
        refund=refund,
        key=f"refund {refund.pk}",
    )


def open_refund_mismatch_case(refund: Refund, source: ChangeSource, what: str) -> None:
    """Open a case about a locked refund whose late answer differs from the recorded outcome."""
    what = (
        f"A refund of {refund.amount} {refund.currency} was recorded with another outcome: {what}"
    )
    open_case(
        CaseKind.REFUND_UNKNOWN,
        source,
        what,
        invoice=refund.invoice,
        refund=refund,
        key=f"refund {refund.pk} resolved",
    )


def close_refund_cases(refund: Refund, source: ChangeSource, reason: str) -> None:
    """Close a refund's open cases: it was sent, or its outcome is known."""
    open_cases = MoneyCase.objects.filter(refund=refund, closed_at=None)
    for case_id in open_cases.values_list("pk", flat=True):
        close_case(case_id, source, reason)


def open_period_case(
    kind: CaseKind, period: TransactionPeriod, source: ChangeSource, what: str
) -> None:
    """Open a case about a locked transaction period."""
    open_case(kind, source, what, period=period, key=f"period {period.pk}")


def close_period_cases(
    period: TransactionPeriod, kind: CaseKind, source: ChangeSource, reason: str
) -> None:
    """Close a period's open case of this kind, which has resolved itself."""
    open_cases = MoneyCase.objects.filter(period=period, kind=kind, closed_at=None)
    for case_id in open_cases.values_list("pk", flat=True):
        close_case(case_id, source, reason)


def open_configuration_case(error: SeqrConfigurationError, source: ChangeSource) -> None:
    """Open a case about settings that SEQR refuses, one for each operation and code.

    For refusals that do not pause payments; `payments/availability/pause.py` has the others.
    """
    key = f"{error.operation} code {error.result_code}"
    open_case(CaseKind.CONFIGURATION, source, str(error), key=key)


def close_configuration_cases(operation: str, source: ChangeSource) -> None:
    """Close the configuration cases of an operation that SEQR has accepted."""
    open_cases = MoneyCase.objects.filter(
        kind=CaseKind.CONFIGURATION, key__startswith=f"{operation} code ", closed_at=None
    )
    for case_id in open_cases.values_list("pk", flat=True):
        close_case(case_id, source, f"SEQR has accepted {operation} since")
