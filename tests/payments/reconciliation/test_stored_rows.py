"""What a period keeps of the rows of SEQR's report."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from payments.models import PeriodRow
from payments.reconciliation.reconcile import MAX_NAME_LENGTH, store_report
from payments.seqr import TransactionRow
from tests.payments.reconciliation.steps import BY_RECONCILIATION, period_with_report

pytestmark = pytest.mark.django_db


def test_row_keeps_the_names_of_the_report_and_is_empty_without_them() -> None:
    period = period_with_report(timezone.now())
    long = "x" * (MAX_NAME_LENGTH + 1)
    report = [
        TransactionRow("till", "clerk", Decimal("45.00"), "R1"),
        TransactionRow(None, None, Decimal("7.00"), None),
        TransactionRow(long, long, Decimal("5.00"), long),
    ]

    store_report(period.pk, report, BY_RECONCILIATION)

    names = ("position", "terminal_id", "cashier_id", "amount", "ers_reference")
    assert list(PeriodRow.objects.order_by("position").values_list(*names)) == [
        (1, "till", "clerk", Decimal("45.00"), "R1"),
        (2, "", "", Decimal("7.00"), ""),
        (3, long[:-1], long[:-1], Decimal("5.00"), long[:-1]),
    ]
