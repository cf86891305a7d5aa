"""The two-person rule: over a payment's refunds, and over a person's refunds of a day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import AuditEvent
from payments.models import ApprovalReason, Invoice, InvoiceStatus, Refund, RefundStatus
from payments.refunds.allowance import allowance_of
from payments.refunds.refund import (
    RefundNotAccepted,
    approve_refund,
    request_refund,
    resolve_unknown_refund,
    withdraw_refund,
)
from payments.refunds.send import send_refund
from tests.factories import TerminalFactory
from tests.payments.refunds.steps import requested_refund, status_of
from tests.payments.steps import invoice_in
from tests.races import run_concurrently, wait_for_lock_wait, with_own_connection
from tests.sandbox_process import SandboxProcess

S = RefundStatus
RESULT_SECONDS = 30
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    """Allow 20.00 of a payment, and 50.00 of a person in a day."""
    settings.REFUND_APPROVAL_LIMIT = Decimal("20.00")
    settings.REFUND_DAILY_LIMIT_PER_PERSON = Decimal("50.00")


def paid() -> Invoice:
    return invoice_in(InvoiceStatus.PAID)


def paid_at_another_terminal() -> Invoice:
    """Return an invoice whose refund waits for no lock of another terminal's."""
    invoice = paid()
    invoice.terminal = TerminalFactory.create(
        seller=invoice.order.shop.seller, principal_id="another"
    )
    invoice.save(update_fields=["terminal"])
    return invoice


def statuses(*refunds: Refund) -> list[str]:
    return [status_of(refund) for refund in refunds]


def test_refunds_of_one_payment_need_approval_once_their_sum_exceeds_the_limit(
    clerk: User, boss: User
) -> None:
    invoice = paid()

    first = requested_refund(invoice, "20.00", clerk)
    second = requested_refund(invoice, "20.00", clerk)
    by_another = requested_refund(invoice, "0.01", boss)

    assert statuses(first, second, by_another) == [S.CREATED, S.REQUESTED, S.REQUESTED]
    assert (first.approval_reason, second.approval_reason) == ("", ApprovalReason.PAYMENT_LIMIT)


def test_sent_refunds_still_count_towards_the_limit_of_their_payment(
    sandbox: SandboxProcess, invoice: Invoice, clerk: User
) -> None:
    send_refund(requested_refund(invoice, "15.00", clerk).pk)

    fitting = requested_refund(invoice, "5.00", clerk)
    exceeding = requested_refund(invoice, "0.01", clerk)

    assert statuses(fitting, exceeding) == [S.CREATED, S.REQUESTED]


def test_approved_and_withdrawn_refunds_use_up_no_limit(clerk: User, boss: User) -> None:
    invoice = paid()
    approve_refund(requested_refund(invoice, "21.00", clerk).pk, by_staff(boss))
    withdraw_refund(requested_refund(invoice, "20.00", clerk).pk, by_staff(clerk))

    assert allowance_of(clerk, invoice).amount == Decimal("20.00")
    assert statuses(requested_refund(invoice, "20.00", clerk)) == [S.CREATED]


def lost_refund(sandbox: SandboxProcess, invoice: Invoice, clerk: User) -> Refund:
    """Return a refund of 20.00 whose outcome is unknown: SEQR made it, and its answer was lost."""
    refund = requested_refund(invoice, "20.00", clerk)
    sandbox.fault("refundPayment", "drop", count=1)
    send_refund(refund.pk)
    return refund


def test_refund_that_its_requester_records_as_not_made_still_counts(
    sandbox: SandboxProcess, invoice: Invoice, clerk: User
) -> None:
    first = lost_refund(sandbox, invoice, clerk)
    resolve_unknown_refund(first.pk, by_staff(clerk), was_refunded=False, reason="I think so")

    again = requested_refund(invoice, "20.00", clerk)
    of_day = allowance_of(clerk, paid()).of_day

    assert statuses(first, again) == [S.REJECTED, S.REQUESTED]
    assert of_day == Decimal("30.00")


def test_refund_that_a_second_person_records_as_not_made_uses_up_no_limit(
    sandbox: SandboxProcess, invoice: Invoice, clerk: User, boss: User
) -> None:
    first = lost_refund(sandbox, invoice, clerk)
    resolve_unknown_refund(first.pk, by_staff(boss), was_refunded=False, reason="SEQR's list")

    again = requested_refund(invoice, "20.00", clerk)

    assert statuses(first, again) == [S.REJECTED, S.CREATED]


def test_refunds_of_one_person_need_approval_once_the_sum_of_the_day_exceeds_the_limit(
    clerk: User, boss: User
) -> None:
    of_day = [requested_refund(paid(), "20.00", clerk) for _ in range(3)]
    by_another = requested_refund(paid(), "20.00", boss)

    assert statuses(*of_day, by_another) == [S.CREATED, S.CREATED, S.REQUESTED, S.CREATED]
    assert of_day[2].approval_reason == ApprovalReason.DAILY_LIMIT
    assert allowance_of(clerk, paid()).amount == Decimal("10.00")


@pytest.mark.parametrize(
    ("since_midnight", "left"),
    [(timedelta(0), "10.00"), (timedelta(microseconds=-1), "20.00")],
)
def test_daily_limit_counts_from_midnight_in_sweden(
    clerk: User, since_midnight: timedelta, left: str
) -> None:
    requested_refund(paid(), "20.00", clerk)
    requested_refund(paid(), "20.00", clerk)
    today = timezone.localdate(database_now())
    midnight = timezone.make_aware(datetime.combine(today, time.min))
    Refund.objects.update(created_at=midnight + since_midnight)

    assert allowance_of(clerk, paid()).amount == Decimal(left)


def test_daily_limit_counts_each_currency_by_itself(clerk: User) -> None:
    for _ in range(2):
        requested_refund(paid(), "20.00", clerk)

    in_euros = requested_refund(invoice_in(InvoiceStatus.PAID, currency="EUR"), "20.00", clerk)

    assert status_of(in_euros) == S.CREATED


def test_second_refund_of_a_person_waits_for_the_first_and_counts_it(
    settings: Settings, clerk: User
) -> None:
    settings.REFUND_DAILY_LIMIT_PER_PERSON = Decimal("20.00")
    first_invoice, second_invoice = paid(), paid_at_another_terminal()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            first = requested_refund(first_invoice, "20.00", clerk, nonce="first")
            waiting = thread.submit(
                with_own_connection,
                lambda: requested_refund(second_invoice, "20.00", clerk, nonce="second"),
            )
            wait_for_lock_wait()
        second = waiting.result(RESULT_SECONDS)

    assert statuses(first, second) == [S.CREATED, S.REQUESTED]


def test_concurrent_refunds_of_a_person_never_exceed_the_daily_limit(clerk: User) -> None:
    invoices = [paid() for _ in range(8)]

    def request() -> None:
        invoice = invoices.pop()
        request_refund(invoice.pk, Decimal(20), "cold", by_staff(clerk), f"form {invoice.pk}")

    run_concurrently(8, request)

    assert Refund.objects.filter(status=S.CREATED).count() == 2
    assert Refund.objects.filter(status=S.REQUESTED).count() == 6


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3000)), min_size=1, max_size=8))
def test_sum_of_any_unapproved_refunds_stays_within_the_limit_of_their_payment(
    requests: list[tuple[bool, int]],
) -> None:
    invoice = paid()
    people = [User.objects.get_or_create(username=name)[0] for name in ("clerk", "boss")]

    for is_boss, ore in requests:
        try:
            requested_refund(invoice, str(Decimal(ore) / 100), people[is_boss])
        except RefundNotAccepted:
            continue

    decided_alone = Refund.objects.filter(invoice=invoice, status=S.CREATED)
    assert sum(refund.amount for refund in decided_alone) <= Decimal(20)


def test_approval_needs_another_person_with_the_permission(clerk: User, boss: User) -> None:
    refund = requested_refund(paid(), "20.01", clerk)
    guest = User.objects.create_user("guest")

    for person in (clerk, guest):
        with pytest.raises(RefundNotAccepted):
            approve_refund(refund.pk, by_staff(person))
    status_before = status_of(refund)
    approved = approve_refund(refund.pk, by_staff(boss))

    assert (status_before, approved, status_of(refund)) == (S.REQUESTED, True, S.CREATED)


def test_database_refuses_to_send_a_refund_without_its_needed_approval(clerk: User) -> None:
    refund = requested_refund(paid(), "20.01", clerk)

    for status in (S.CREATED, S.SENDING):
        with pytest.raises(IntegrityError):
            Refund.objects.filter(pk=refund.pk).update(status=status)


@pytest.mark.parametrize(
    ("amount", "detail"),
    [
        ("20.01", "needs approval, 20.00 left of 20.00 for this payment; 20.01 SEK: cold coffee"),
        ("15.00", "needs approval, 10.00 left of 50.00 for this person today; 15.00 SEK: cold"),
    ],
)
def test_audit_says_why_a_refund_needs_approval(clerk: User, amount: str, detail: str) -> None:
    for _ in range(2):
        requested_refund(paid(), "20.00", clerk)

    requested_refund(paid(), amount, clerk)

    event = AuditEvent.objects.filter(name="refund_requested").latest("id")
    assert event.detail.startswith(detail)
    assert event.to_state == S.REQUESTED
