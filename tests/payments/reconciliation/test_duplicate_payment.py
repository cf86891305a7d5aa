"""Cases about duplicate payments, closed by the reports that cover their time."""

from datetime import timedelta

import pytest

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType
from payments.invoices.notification import invoice_notified
from payments.models import CaseKind, InvoiceStatus, MoneyCase
from payments.reconciliation.fetch_report import fetch_report
from tests.factories import InvoiceFactory
from tests.payments.reconciliation.steps import (
    advance_one_day,
    reconcile_day,
    run_due_periods,
    unrecorded_sale,
)
from tests.payments.steps import invoice_in
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> MoneyCase:
    """Return the case about a notified invoice whose order another invoice has paid."""
    paid = invoice_in(InvoiceStatus.PAID, paid_at=database_now() - timedelta(days=30))
    second = InvoiceFactory.create(
        order=paid.order, attempt=2, status=InvoiceStatus.CANCELED, invoice_reference="31"
    )
    invoice_notified(second.notify_key)
    return MoneyCase.objects.get(kind=CaseKind.DUPLICATE_PAYMENT)


def test_case_is_closed_by_a_report_without_the_duplicate_payment(
    sandbox: SandboxProcess, case: MoneyCase
) -> None:
    reconcile_day(sandbox)

    case.refresh_from_db()
    assert case.closed_at is not None
    assert "SEQR reversed the payment" in case.closing_reason


def test_case_at_the_boundary_of_two_periods_is_closed_by_the_second_report(
    sandbox: SandboxProcess, case: MoneyCase
) -> None:
    run_due_periods(sandbox)
    run_due_periods(sandbox)
    case.refresh_from_db()
    closed_by_first_report = case.closed_at
    advance_one_day()

    reconcile_day(sandbox)

    case.refresh_from_db()
    assert closed_by_first_report is None
    assert case.closed_at is not None


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
