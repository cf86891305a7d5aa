"""Which periods are compared again once a report is stored anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from orders.clock import database_now
from payments.models import InvoiceStatus, PeriodStatus
from payments.reconciliation.reconcile import _affected_periods
from tests.payments.reconciliation.steps import period_in
from tests.payments.steps import invoice_in

pytestmark = pytest.mark.django_db


def test_periods_of_each_payment_that_is_no_longer_reported_are_affected() -> None:
    changed = period_in(PeriodStatus.RECONCILED)
    others = [
        period_in(
            PeriodStatus.RECONCILED,
            day=changed.day - timedelta(days=back),
            transaction_period_id=f"P-{back}",
        )
        for back in (2, 1)
    ]
    now = database_now()
    times = [now - timedelta(days=number) for number in range(2)]
    payments = [invoice_in(InvoiceStatus.PAID, paid_at=time) for time in times]
    period_of = dict(zip(times, (other.pk for other in others), strict=True))

    def possible_period_ids(begin: datetime, _end: datetime) -> set[int]:
        return {period_of[begin]}

    coverage: Any = SimpleNamespace(
        period_ids_sharing_time_with=lambda _period: set(), possible_period_ids=possible_period_ids
    )

    affected = _affected_periods(changed, coverage, [payment.pk for payment in payments])

    assert affected == others
