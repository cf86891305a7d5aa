"""Reports that name a refund by its payment's reference: each refund keeps a row of its own."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.audit import by_staff
from orders.clock import database_now
from payments.models import Invoice, InvoiceStatus, MatchResult, Refund, RefundHold, RefundStatus
from payments.reconciliation.held_refunds import review_held_refunds
from payments.reconciliation.refund_suggestion import suggest_refund_outcome
from payments.refunds.hold import hold_refunds
from payments.refunds.refund import resolve_unknown_refund
from tests.payments.reconciliation.steps import (
    BY_RECONCILIATION,
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
    """Noon: what follows within hours is in the same day's period, at any time of the run."""
    return timezone.localtime(database_now() - 3 * DAY).replace(hour=12)


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


def refunded(invoice: Invoice, amount: str, clerk: User, sent_at: datetime) -> Refund:
    """Return a refund that SEQR has confirmed, under a reference that the reports do not show."""
    return recorded_refund(
        invoice,
        amount,
        clerk,
        sent_at=sent_at,
        status=RefundStatus.REFUNDED,
        ers_reference=f"A{sent_at}",
    )


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
    period_with_report(paid_at + 2 * HOUR + DAY)

    assert (suggestion.was_refunded, suggestion.ers_reference) == (True, "")
    assert "has it as P" in suggestion.reason
    assert match_results(period) == [M.SALE, M.REFUND, M.REFUND, M.MAYBE_REFUND]
    assert suggest_refund_outcome(second).was_refunded is True


def test_refund_of_another_payment_does_not_compete_for_a_row_with_this_ones_reference(
    paid: Invoice, paid_at: datetime, clerk: User
) -> None:
    other = invoice_in(InvoiceStatus.PAID, ers_reference="Q", paid_at=paid_at)
    refund, of_other = (
        recorded_refund(each, "5.00", clerk, sent_at=paid_at + HOUR) for each in (paid, other)
    )
    rows = (*SALE_AND_KNOWN_REFUND, ("45.00", "Q"), ("-5.00", "P"))
    period_with_report(paid_at + 2 * HOUR, *rows)

    assert suggest_refund_outcome(refund).was_refunded is True
    assert suggest_refund_outcome(of_other).was_refunded is not True


def test_payments_reference_typed_as_the_refunds_own_hides_no_other_row(
    paid: Invoice, paid_at: datetime, clerk: User
) -> None:
    first, second = (
        recorded_refund(paid, amount, clerk, sent_at=paid_at + HOUR) for amount in ("5.00", "3.00")
    )
    rows = (*SALE_AND_KNOWN_REFUND, *TWO_REFUNDS)
    period = period_with_report(paid_at + 2 * HOUR, *rows)

    record_as_made(first, clerk, "P")
    period_with_report(paid_at + 2 * HOUR + DAY)
    results = match_results(period)
    store_rows(period, *rows)

    assert results == [M.SALE, M.REFUND, M.REFUND, M.MAYBE_REFUND]
    assert match_results(period) == results
    assert period.rows.get(amount="-5.00").refund == first
    assert suggest_refund_outcome(second).was_refunded is True


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [("A", "P"), ("P", "P"), (None, "X")],
    ids=["an own reference", "the payment's reference", "no reference"],
)
def test_row_that_may_be_another_known_refunds_keeps_a_made_refund_from_being_called_not_made(
    paid: Invoice, paid_at: datetime, clerk: User, recorded: str | None, shown: str
) -> None:
    period_with_report(paid_at + HOUR, *SALE_AND_KNOWN_REFUND)
    known = refunded(paid, "5.00", clerk, paid_at + 2 * HOUR)  # its row is in another till's report
    Refund.objects.filter(pk=known.pk).update(ers_reference=recorded, resolved_by=clerk)
    invoice_in(InvoiceStatus.PAID, ers_reference="S", paid_at=paid_at + 4 * HOUR)
    made = recorded_refund(paid, "5.00", clerk, sent_at=paid_at + 5 * HOUR)

    period = period_with_report(paid_at + DAY, ("45.00", "S"), ("-5.00", shown))

    suggestion = suggest_refund_outcome(made)
    assert period.rows.get(amount="-5.00").refund == known
    assert suggestion.was_refunded is None
    assert "another one of the same amount" in suggestion.reason


def test_row_with_a_refunds_own_reference_is_no_other_refunds(
    paid: Invoice, paid_at: datetime, clerk: User
) -> None:
    not_made = recorded_refund(paid, "2.00", clerk, sent_at=paid_at + HOUR)

    period_with_report(paid_at + DAY, *SALE_AND_KNOWN_REFUND)

    assert suggest_refund_outcome(not_made).was_refunded is False


def test_one_row_for_a_known_and_two_unknown_refunds_leaves_the_number_of_made_ones_open(
    paid: Invoice, paid_at: datetime, clerk: User
) -> None:
    refunded(paid, "5.00", clerk, paid_at + HOUR)
    unknown = [recorded_refund(paid, "5.00", clerk, sent_at=paid_at + HOUR) for _ in range(2)]

    period_with_report(paid_at + DAY, ("45.00", "P"), *[("-5.00", "P")] * 2)

    suggestions = [suggest_refund_outcome(refund) for refund in unknown]
    assert [suggestion.was_refunded for suggestion in suggestions] == [None, None]
    assert "another one of the same amount" in suggestions[0].reason


def test_held_refund_whose_row_may_be_another_known_refunds_is_not_sent_again(clerk: User) -> None:
    closed_at = datetime.combine(date(2026, 3, 2), time(4, 30), ZoneInfo("Europe/Stockholm"))
    paid = invoice_in(InvoiceStatus.PAID, ers_reference="P", paid_at=closed_at - 5 * HOUR)
    refunded(paid, "2.00", clerk, closed_at - 4 * HOUR)
    period_with_report(closed_at, ("45.00", "P"), ("-2.00", "P"))
    refunded(paid, "5.00", clerk, closed_at + HOUR)  # its row is in another till's report
    invoice_in(InvoiceStatus.PAID, ers_reference="S", paid_at=closed_at + 3 * HOUR)
    made = recorded_refund(paid, "5.00", clerk, sent_at=None, status=RefundStatus.CREATED)
    hold_refunds(closed_at + 5 * HOUR, BY_RECONCILIATION)
    RefundHold.objects.update(lost_until=closed_at + 6 * HOUR)

    period_with_report(closed_at + DAY, ("45.00", "S"), ("-5.00", "P"))

    assert review_held_refunds()
    made.refresh_from_db()
    assert made.status == RefundStatus.UNKNOWN
