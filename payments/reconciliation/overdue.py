"""Opens a case about a period whose report has not arrived, also where nobody fetches it.

A failed attempt opens the case with SEQR's error (`backoff.open_case_if_stuck`). Without attempts,
as when no worker runs them or their day is over, this opens it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.cases.cases import open_period_case
from payments.models import CaseKind, MoneyCase, PeriodStatus, TransactionPeriod
from payments.reconciliation.backoff import LONGEST_PAUSE, overdue_after
from payments.reconciliation.transitions import lock_period

SOURCE = ChangeSource(SourceName.RECONCILIATION)
ATTEMPT_MARGIN = LONGEST_PAUSE + timedelta(minutes=5)  # in which an attempt opens the case
_UNMARKED = (PeriodStatus.TO_MARK, PeriodStatus.MARKING)


def open_overdue_cases(now: datetime) -> None:
    """Open a case about each period that is overdue, once: not again after it was closed."""
    stuck = MoneyCase.objects.filter(period=OuterRef("pk"), kind=CaseKind.RECONCILIATION_STUCK)
    overdue = TransactionPeriod.objects.filter(
        ~Exists(stuck), _overdue_at(now), status__in=(*_UNMARKED, PeriodStatus.MARKED)
    )
    for period_id in overdue.order_by("pk").values_list("pk", flat=True):
        _open_case(period_id, now)


def _overdue_at(now: datetime) -> Q:
    limit = now - overdue_after() - ATTEMPT_MARGIN
    return Q(status__in=_UNMARKED, created_at__lt=limit) | Q(
        status=PeriodStatus.MARKED, since__lt=limit
    )


@transaction.atomic
def _open_case(period_id: int, now: datetime) -> None:
    period = lock_period(period_id)
    if TransactionPeriod.objects.filter(_overdue_at(now), pk=period_id).exists():
        hours = overdue_after() // timedelta(hours=1)
        summary = f"SEQR's report of {period.day} has not arrived within {hours} hours"
        open_period_case(CaseKind.RECONCILIATION_STUCK, period, SOURCE, summary)
