"""A period whose report never arrives is a case, whether or not anybody tries to fetch it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName
from payments.cases.cases import close_case
from payments.models import CaseKind, PeriodStatus
from payments.reconciliation.overdue import open_overdue_cases
from tests.payments.reconciliation.steps import advance_time, cases, period_in, store_rows

pytestmark = pytest.mark.django_db
BY_STAFF = ChangeSource(SourceName.STAFF)


@pytest.mark.parametrize("status", [PeriodStatus.TO_MARK, PeriodStatus.MARKED])
def test_period_without_report_opens_one_case_after_the_hours_of_the_setting(
    status: PeriodStatus, settings: Settings
) -> None:
    settings.REPORT_OVERDUE_HOURS = 5
    period_in(status)

    advance_time(timedelta(hours=5))
    open_overdue_cases(database_now())
    early = cases(CaseKind.RECONCILIATION_STUCK)
    advance_time(timedelta(minutes=16))
    open_overdue_cases(database_now())
    open_overdue_cases(database_now())
    (case,) = cases(CaseKind.RECONCILIATION_STUCK)
    close_case(case.pk, BY_STAFF, "SEQR is looking for it")
    open_overdue_cases(database_now())

    assert early == []
    assert "has not arrived within 5 hours" in case.summary
    assert cases(CaseKind.RECONCILIATION_STUCK) == [case]


def test_case_of_an_overdue_report_closes_when_the_report_arrives() -> None:
    period = period_in(PeriodStatus.MARKED)
    advance_time(timedelta(hours=4))
    open_overdue_cases(database_now())

    store_rows(period)
    open_overdue_cases(database_now())

    (case,) = cases(CaseKind.RECONCILIATION_STUCK)
    assert case.closing_reason == "the report has arrived"


@pytest.mark.parametrize("status", [PeriodStatus.RECONCILED, PeriodStatus.LOST, PeriodStatus.VOID])
def test_period_that_is_finished_or_lost_is_not_overdue(status: PeriodStatus) -> None:
    period_in(status)

    advance_time(timedelta(days=3))
    open_overdue_cases(database_now())

    assert cases(CaseKind.RECONCILIATION_STUCK) == []
