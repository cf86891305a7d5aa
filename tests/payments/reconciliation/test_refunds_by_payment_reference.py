"""Reports that name a refund by its payment's reference: each refund keeps a row of its own."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from orders.audit import by_staff
from orders.clock import database_now
from payments.models import Invoice, InvoiceStatus, MatchResult, Refund, RefundStatus
from payments.reconciliation.refund_suggestion import suggest_refund_outcome
from payments.refunds.refund import resolve_unknown_refund
from tests.payments.reconciliation.steps import (
    match_results,
    period_with_report,
    recorded_refund,
    store_rows,
)
from tests.payments.steps import invoice_in

M = MatchResult
pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SALE_AND_KNOWN_REFUND = (("45.00", "P"), ("-2.00", "K"))
TWO_REFUNDS = (("-5.00", "P"), ("-3.00", "P"))


@pytest.fixture
def paid_at() -> datetime:
    return database_now() - 3 * DAY


@pytest.fixture
def paid(paid_at: datetime, clerk: User) -> Invoice:
    """Return a payment with the reference P; 2.00 of it were refunded under the reference K."""
    invoice = invoice_in(InvoiceStatus.PAID, ers_reference="P", paid_at=paid_at)
    recorded_refund(
        invoice,
        "2.00",
        clerk,
        sent_at=paid_at + HOUR / 2,
        status=RefundStatus.REFUNDED,
        ers_reference="K",
    )
    return invoice


def record_as_made(refund: Refund, clerk: User, ers_reference: str) -> None:
    assert resolve_unknown_refund(
        refund.pk,
        by_staff(clerk),
        was_refunded=True,
        reason="SEQR's report",
        ers_reference=ers_reference,
    )


def test_suggestion_does_not_offer_the_payments_reference_as_the_refunds_own(
    paid: Invoice, paid_at: datetime, clerk: User
) -> None:
    first, second = (
        recorded_refund(paid, amount, clerk, sent_at=paid_at + HOUR) for amount in ("5.00", "3.00")
    )
    period = period_with_report(paid_at + 2 * HOUR, *SALE_AND_KNOWN_REFUND, *TWO_REFUNDS)

    suggestion = suggest_refund_outcome(first)
    record_as_made(first, clerk, suggestion.ers_reference)
    period_with_report(paid_at + DAY)

    assert (suggestion.was_refunded, suggestion.ers_reference) == (True, "")
    assert "has it as P" in suggestion.reason
    assert match_results(period) == [M.SALE, M.REFUND, M.REFUND, M.MAYBE_REFUND]
    assert suggest_refund_outcome(second).was_refunded is True


def test_payments_reference_typed_as_the_refunds_own_hides_no_other_row(
    paid: Invoice, paid_at: datetime, clerk: User
) -> None:
    first, second = (
        recorded_refund(paid, amount, clerk, sent_at=paid_at + HOUR) for amount in ("5.00", "3.00")
    )
    rows = (*SALE_AND_KNOWN_REFUND, *TWO_REFUNDS)
    period = period_with_report(paid_at + 2 * HOUR, *rows)

    record_as_made(first, clerk, "P")
    period_with_report(paid_at + DAY)
    results = match_results(period)
    store_rows(period, *rows)

    assert results == [M.SALE, M.REFUND, M.REFUND, M.MAYBE_REFUND]
    assert match_results(period) == results
    assert period.rows.get(amount="-5.00").refund == first
    assert suggest_refund_outcome(second).was_refunded is True
