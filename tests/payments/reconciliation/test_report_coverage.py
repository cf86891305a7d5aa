"""Which periods may have the transactions of a time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from payments.models import PeriodStatus, TransactionPeriod
from payments.reconciliation.periods import period_day
from payments.reconciliation.report_coverage import Coverage
from tests.payments.reconciliation.steps import period_with_report
from tests.payments.steps import own_terminal

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def test_time_of_a_period_that_was_never_closed_is_in_the_next_one() -> None:
    today = timezone.localtime().replace(hour=12)
    period_with_report(today - 3 * A_DAY)
    void = TransactionPeriod.objects.create(
        day=period_day(today - 2 * A_DAY),
        terminal=own_terminal(),
        status=PeriodStatus.VOID,
        marking_started_at=today - 2 * A_DAY,
    )
    following = period_with_report(today - A_DAY)
    untried = TransactionPeriod.objects.create(
        day=period_day(today), terminal=own_terminal(), status=PeriodStatus.TO_MARK
    )

    coverage = Coverage(own_terminal().pk)

    assert coverage.period_ids_sharing_time_with(void) == {following.pk}
    assert coverage.period_ids_sharing_time_with(untried) == set()
