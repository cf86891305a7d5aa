"""Refunds: never more than was captured, never sent twice, never lost from sight."""

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import OrderState, SourceName
from orders.services import serve_order
from orders.state_machine import TransitionError
from payments.models import (
    CaseKind,
    InvoiceStatus,
    MoneyCase,
    Refund,
    RefundStatus,
)
from payments.refunds.refund import (
    RefundNotAccepted,
    approve_refund,
    refundable_now,
    request_refund,
    send_refund,
    withdraw_refund,
)
from payments.refunds.transitions import TABLE, lock_refund, transition_refund
from payments.seqr import SeqrUnavailable
from tests.payments.refunds.steps import refunded_at_seqr, requested_refund, status_of
from tests.payments.steps import call_count, invoice_in, order_state, paid_invoice, reloaded
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = RefundStatus
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_refund_of_all_goes_back_and_the_order_is_refunded(
    sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    refund = requested_refund(invoice, "45.00", clerk)

    send_refund(refund.pk)

    refund.refresh_from_db()
    assert (refund.status, order_state(invoice)) == (S.REFUNDED, "refunded")
    assert refund.ers_reference not in (None, invoice.ers_reference)
    assert refunded_at_seqr(sandbox, invoice) == Decimal("45.00")
    assert reloaded(invoice).amount == Decimal("45.00")


def test_several_parts_go_back_each_with_its_own_reference_also_after_serving(
    sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    serve_order(invoice.order_id, ChangeSource(SourceName.STAFF))
    states = []
    for part in ("20.00", "24.99", "0.01"):
        send_refund(requested_refund(invoice, part, clerk).pk)
        states.append(order_state(invoice))

    references = set(Refund.objects.values_list("ers_reference", flat=True))
    assert states == ["partly_refunded", "partly_refunded", "refunded"]
    assert len(references) == 3
    assert refunded_at_seqr(sandbox, invoice) == Decimal("45.00")


@pytest.mark.parametrize("amount", ["0", "-1", "45.01", "0.001"])
def test_an_amount_that_cannot_be_is_refused_in_words(clerk: User, amount: str) -> None:
    invoice = invoice_in(InvoiceStatus.PAID)

    with pytest.raises(RefundNotAccepted):
        requested_refund(invoice, amount, clerk)

    assert Refund.objects.count() == 0


@pytest.mark.parametrize("status", [s for s in InvoiceStatus if s != InvoiceStatus.PAID])
def test_only_what_is_paid_can_be_given_back(clerk: User, status: InvoiceStatus) -> None:
    with pytest.raises(RefundNotAccepted):
        requested_refund(invoice_in(status), "1.00", clerk)


def test_two_clicks_are_one_refund(clerk: User) -> None:
    invoice = invoice_in(InvoiceStatus.PAID)

    run_concurrently(4, lambda: requested_refund(invoice, "10.00", clerk, nonce="one form"))

    assert Refund.objects.count() == 1


def test_two_staff_at_once_never_give_back_more_than_was_paid(clerk: User, boss: User) -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    forms = [(person, f"form {n}") for n, person in enumerate([clerk, boss] * 5)]

    def ask() -> bool:
        person, nonce = forms.pop()
        try:
            request_refund(invoice.pk, Decimal("10.00"), "cold", by_staff(person), nonce)
        except RefundNotAccepted:
            return False
        return True

    made = run_concurrently(10, ask)

    assert made.count(True) == 4
    assert sum(refund.amount for refund in Refund.objects.all()) == Decimal("40.00")


def test_two_workers_send_a_refund_once(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = paid_invoice(sandbox)
    refund = requested_refund(invoice, "45.00", clerk)

    run_concurrently(4, lambda: send_refund(refund.pk))

    assert call_count(sandbox, "refundPayment") == 1
    assert status_of(refund) == S.REFUNDED


def test_a_large_refund_waits_for_a_second_person(
    sandbox: SandboxProcess, settings: Settings, clerk: User, boss: User
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("30.00")
    refund = requested_refund(paid_invoice(sandbox), "30.01", clerk)
    send_refund(refund.pk)
    waiting = status_of(refund)
    with pytest.raises(RefundNotAccepted):
        approve_refund(refund.pk, by_staff(clerk))

    approved = [
        approve_refund(refund.pk, by_staff(boss)),
        approve_refund(refund.pk, by_staff(boss)),
    ]
    send_refund(refund.pk)

    assert (waiting, approved) == (S.REQUESTED, [True, False])
    assert status_of(refund) == S.REFUNDED


def test_the_database_refuses_ones_own_approval(clerk: User) -> None:
    refund = requested_refund(invoice_in(InvoiceStatus.PAID), "10.00", clerk)

    with pytest.raises(IntegrityError):
        Refund.objects.filter(pk=refund.pk).update(approved_by=clerk)


def test_what_is_not_sent_yet_can_be_withdrawn(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = paid_invoice(sandbox)
    refund = requested_refund(invoice, "40.00", clerk)

    withdrawn = withdraw_refund(refund.pk, by_staff(clerk))
    send_refund(refund.pk)
    too_late = withdraw_refund(refund.pk, by_staff(clerk))

    assert (withdrawn, too_late) == (True, False)
    assert call_count(sandbox, "refundPayment") == 0
    assert refundable_now(invoice.pk) == Decimal("45.00")


def stuck(refund: Refund) -> None:
    """SEQR is away, and has been since the refund was asked for an hour ago."""
    earlier = database_now() - timedelta(hours=1, seconds=1)
    Refund.objects.filter(pk=refund.pk).update(created_at=earlier, lease_until=None)
    with pytest.raises(SeqrUnavailable):
        send_refund(refund.pk)
    Refund.objects.filter(pk=refund.pk).update(lease_until=None)


def open_cases(refund: Refund) -> list[str]:
    found = MoneyCase.objects.filter(refund=refund, closed_at=None)
    return list(found.values_list("kind", flat=True))


def test_a_refund_that_seqr_does_not_take_for_an_hour_is_told_once(
    sandbox: SandboxProcess, clerk: User
) -> None:
    refund = requested_refund(paid_invoice(sandbox), "40.00", clerk)
    sandbox.fault("refundPayment", "result_code", code=93)

    stuck(refund)
    stuck(refund)

    assert open_cases(refund) == [CaseKind.REFUND_STUCK]
    assert status_of(refund) == S.CREATED


@pytest.mark.parametrize(
    ("how", "status", "left"),
    [
        ("taken", S.REFUNDED, []),
        ("withdrawn", S.WITHDRAWN, []),
        ("refused", S.REJECTED, []),
        ("lost", S.UNKNOWN, [CaseKind.REFUND_UNKNOWN]),
    ],
)
def test_a_stuck_refund_is_told_no_more_once_it_goes_on(
    sandbox: SandboxProcess, clerk: User, how: str, status: RefundStatus, left: list[CaseKind]
) -> None:
    refund = requested_refund(paid_invoice(sandbox), "40.00", clerk)
    sandbox.fault("refundPayment", "result_code", code=93, count=1)
    stuck(refund)

    if how == "withdrawn":
        withdraw_refund(refund.pk, by_staff(clerk))
    elif how == "refused":
        sandbox.fault("refundPayment", "result_code", code=99)
    elif how == "lost":
        sandbox.fault("refundPayment", "drop")
    send_refund(refund.pk)

    assert (status_of(refund), open_cases(refund)) == (status, left)


@pytest.mark.parametrize(("from_state", "to"), [p for p in product(S, S) if p[0] != p[1]])
def test_an_edge_of_the_table_is_taken_and_any_other_is_refused(
    clerk: User, from_state: RefundStatus, to: RefundStatus
) -> None:
    refund = requested_refund(invoice_in(InvoiceStatus.PAID), "10.00", clerk)
    Refund.objects.filter(pk=refund.pk).update(status=from_state, ers_reference="R1")
    taken = to in TABLE[from_state]

    with transaction.atomic():
        if taken:
            assert transition_refund(lock_refund(refund.pk), to, ChangeSource(SourceName.STAFF))
        else:
            with pytest.raises(TransitionError):
                transition_refund(lock_refund(refund.pk), to, ChangeSource(SourceName.STAFF))

    assert status_of(refund) == (to if taken else from_state)


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 6000), min_size=1, max_size=8))
def test_whatever_is_asked_for_the_sum_stays_within_what_was_captured(ore: list[int]) -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    actor, _ = User.objects.get_or_create(username="clerk")
    taken = Decimal(0)

    for n, part in enumerate(ore):
        amount = Decimal(part) / 100
        try:
            request_refund(invoice.pk, amount, "x", by_staff(actor), f"{invoice.pk} {n}")
        except RefundNotAccepted:
            assert taken + amount > invoice.amount
        else:
            taken += amount

    assert taken == sum(r.amount for r in Refund.objects.filter(invoice=invoice))
    assert taken <= invoice.amount
    assert refundable_now(invoice.pk) == invoice.amount - taken


def test_an_order_that_needs_attention_can_be_given_back_whole(
    sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    invoice.order.state = OrderState.NEEDS_ATTENTION
    invoice.order.save()

    send_refund(requested_refund(invoice, "45.00", clerk).pk)

    assert order_state(invoice) == "refunded"
