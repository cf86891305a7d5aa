"""Cases about duplicate payments, closed by the reports that cover their time."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType
from payments.invoices.notification import invoice_notified
from payments.models import CaseKind, Invoice, InvoiceStatus, MatchResult, MoneyCase
from payments.reconciliation.duplicate_payment import close_duplicate_payment_cases
from payments.reconciliation.fetch_report import fetch_report
from tests.factories import InvoiceFactory
from tests.payments.reconciliation.steps import (
    BY_RECONCILIATION,
    advance_one_day,
    earlier_sale,
    mark_by_other_till,
    match_results,
    reconcile_day,
    run_due_periods,
    unrecorded_sale,
)
from tests.payments.steps import invoice_in, paid_invoice
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(sandbox: SandboxProcess) -> MoneyCase:
    """Return the case about a duplicate payment five minutes after a customer's sale."""
    earlier_sale(sandbox)
    return notified_duplicate()


@pytest.fixture
def case_without_earlier_sale() -> MoneyCase:
    """Return the case about a duplicate payment before the first sale of the day."""
    return notified_duplicate()


def notified_duplicate() -> MoneyCase:
    """Return the case about a notified invoice whose order another invoice has paid."""
    second_payment()
    return duplicate_payment_case()


def second_payment() -> Invoice:
    """Return a notified invoice whose order another invoice has paid."""
    paid = invoice_in(InvoiceStatus.PAID, paid_at=database_now() - timedelta(days=30))
    second: Invoice = InvoiceFactory.create(
        order=paid.order,
        attempt=2,
        status=InvoiceStatus.CANCELED,
        invoice_reference=f"31{paid.invoice_reference}",
    )
    invoice_notified(second.notify_key)
    return second


def duplicate_payment_case() -> MoneyCase:
    """Return the only case about a duplicate payment, as it is now."""
    return MoneyCase.objects.get(kind=CaseKind.DUPLICATE_PAYMENT)


def test_case_is_closed_by_a_report_without_the_duplicate_payment(
    sandbox: SandboxProcess, case: MoneyCase
) -> None:
    reconcile_day(sandbox)

    case.refresh_from_db()
    assert case.closed_at is not None
    assert "SEQR reversed the payment" in case.closing_reason


@pytest.mark.usefixtures("case_without_earlier_sale")
def test_case_at_the_boundary_of_two_periods_stays_open(sandbox: SandboxProcess) -> None:
    run_due_periods(sandbox)
    run_due_periods(sandbox)
    paid_invoice(sandbox)
    advance_one_day()

    reconcile_day(sandbox)

    assert duplicate_payment_case().closed_at is None


@pytest.mark.usefixtures("case")
def test_case_stays_open_while_a_payment_of_that_time_is_missing(sandbox: SandboxProcess) -> None:
    mark_by_other_till(sandbox, closes_terminals=True)
    paid_invoice(sandbox)

    period = reconcile_day(sandbox)

    assert match_results(period) == [MatchResult.SALE, MatchResult.MISSING]
    assert duplicate_payment_case().closed_at is None


@pytest.mark.usefixtures("case_without_earlier_sale")
def test_case_stays_open_when_no_earlier_sale_shows_that_the_report_covers_it(
    sandbox: SandboxProcess,
) -> None:
    mark_by_other_till(sandbox, closes_terminals=True)
    paid_invoice(sandbox)

    period = reconcile_day(sandbox)

    assert match_results(period) == [MatchResult.SALE]
    assert duplicate_payment_case().closed_at is None


@pytest.mark.usefixtures("case")
def test_case_is_closed_though_another_till_closes_the_resellers_period(
    sandbox: SandboxProcess,
) -> None:
    mark_by_other_till(sandbox, closes_terminals=False)

    reconcile_day(sandbox)

    assert duplicate_payment_case().closed_at is not None


def test_unknown_sale_of_the_same_amount_keeps_the_case_open_and_is_recorded_once(
    sandbox: SandboxProcess, case: MoneyCase
) -> None:
    unknown = unrecorded_sale(sandbox)
    period = reconcile_day(sandbox)

    fetch_report(period.pk, ChangeSource(SourceName.STAFF))

    case.refresh_from_db()
    event = AuditEvent.objects.get(
        subject_type=SubjectType.CASE, subject_id=case.pk, name="possible_matching_sale"
    )
    assert case.closed_at is None
    assert unknown in event.detail


def test_case_that_the_reports_do_not_cover_keeps_no_other_open() -> None:
    notified = [second_payment() for _ in range(2)]
    gaps = iter(["not closed", None])
    coverage: Any = SimpleNamespace(gap_between=lambda *_times: next(gaps))

    close_duplicate_payment_cases(notified[0].terminal_id, coverage, BY_RECONCILIATION)

    cases = MoneyCase.objects.filter(kind=CaseKind.DUPLICATE_PAYMENT)
    assert (cases.count(), cases.filter(closed_at=None).count()) == (2, 1)
