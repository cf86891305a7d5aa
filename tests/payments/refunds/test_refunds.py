"""Refunds: never more than was captured, approved if large, sent once, and reported if stuck."""

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
from orders.models import OrderState, SourceName
from orders.services import serve_order
from orders.state_machine import TransitionError
from payments.models import (
    CAPTURED_STATUSES,
    CaseKind,
    Invoice,
    InvoiceStatus,
    Refund,
    RefundStatus,
)
from payments.refund_transitions import TABLE, transition_refund
from payments.refunds.locks import lock_refund
from payments.refunds.refund import (
    RefundNotAccepted,
    approve_refund,
    refundable_now,
    request_refund,
    withdraw_refund,
)
from payments.refunds.send import send_refund
from tests.payments.refunds.steps import (
    fail_to_send_after_an_hour,
    open_case_kinds,
    refunded_at_seqr,
    requested_refund,
    status_of,
)
from tests.payments.steps import call_count, invoice_in, order_state, reloaded
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = RefundStatus
BY_STAFF = ChangeSource(SourceName.STAFF)
pytestmark = pytest.mark.django_db(transaction=True)


def test_full_refund_is_made_at_seqr_and_the_order_is_refunded(
    sandbox: SandboxProcess, invoice: Invoice, clerk: User
) -> None:
    refund = requested_refund(invoice, "45.00", clerk)

    send_refund(refund.pk)

    refund.refresh_from_db()
    assert (refund.status, order_state(invoice)) == (S.REFUNDED, "refunded")
    assert refund.ers_reference not in (None, invoice.ers_reference)
    assert refunded_at_seqr(sandbox, invoice) == Decimal("45.00")
    assert reloaded(invoice).amount == Decimal("45.00")


def test_partial_refunds_of_a_served_order_have_a_reference_each(
    sandbox: SandboxProcess, invoice: Invoice, clerk: User
) -> None:
    serve_order(invoice.order_id, BY_STAFF)
    states = []
    for amount in ("20.00", "24.99", "0.01"):
        send_refund(requested_refund(invoice, amount, clerk).pk)
        states.append(order_state(invoice))

    references = set(Refund.objects.values_list("ers_reference", flat=True))
    assert states == ["partly_refunded", "partly_refunded", "refunded"]
    assert len(references) == 3
    assert refunded_at_seqr(sandbox, invoice) == Decimal("45.00")


def test_order_that_needs_attention_can_be_refunded_and_waits_for_its_case(
    invoice: Invoice, clerk: User
) -> None:
    invoice.order.state = OrderState.NEEDS_ATTENTION
    invoice.order.save()

    refund = requested_refund(invoice, "45.00", clerk)
    send_refund(refund.pk)

    refund.refresh_from_db()
    assert (refund.status, order_state(invoice)) == (S.REFUNDED, "needs_attention")


@pytest.mark.parametrize("amount", ["0", "-1", "45.01", "0.001"])
def test_invalid_amount_is_not_accepted(clerk: User, amount: str) -> None:
    invoice = invoice_in(InvoiceStatus.PAID)

    with pytest.raises(RefundNotAccepted):
        requested_refund(invoice, amount, clerk)

    assert Refund.objects.count() == 0


@pytest.mark.parametrize("status", [s for s in InvoiceStatus if s not in CAPTURED_STATUSES])
def test_unpaid_invoice_cannot_be_refunded(clerk: User, status: InvoiceStatus) -> None:
    with pytest.raises(RefundNotAccepted):
        requested_refund(invoice_in(status), "1.00", clerk)


def test_concurrent_requests_with_one_nonce_create_one_refund(clerk: User) -> None:
    invoice = invoice_in(InvoiceStatus.PAID)

    run_concurrently(4, lambda: requested_refund(invoice, "10.00", clerk, nonce="one form"))

    assert Refund.objects.count() == 1


def test_concurrent_requests_never_exceed_the_captured_amount(clerk: User, boss: User) -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    forms = [(person, f"form {n}") for n, person in enumerate([clerk, boss] * 5)]

    def is_accepted() -> bool:
        person, nonce = forms.pop()
        try:
            request_refund(invoice.pk, Decimal("10.00"), "cold", by_staff(person), nonce)
        except RefundNotAccepted:
            return False
        return True

    accepted = run_concurrently(10, is_accepted)

    assert accepted.count(True) == 4
    assert sum(refund.amount for refund in Refund.objects.all()) == Decimal("40.00")


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 6000), min_size=1, max_size=8))
def test_sum_of_any_accepted_requests_stays_within_the_captured_amount(ore: list[int]) -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    actor, _ = User.objects.get_or_create(username="clerk")
    accepted = Decimal(0)

    for n, requested in enumerate(ore):
        amount = Decimal(requested) / 100
        try:
            request_refund(invoice.pk, amount, "x", by_staff(actor), f"{invoice.pk} {n}")
        except RefundNotAccepted:
            assert accepted + amount > invoice.amount
        else:
            accepted += amount

    assert accepted == sum(r.amount for r in Refund.objects.filter(invoice=invoice))
    assert accepted <= invoice.amount
    assert refundable_now(invoice.pk) == invoice.amount - accepted


def test_concurrent_workers_send_a_refund_once(sandbox: SandboxProcess, refund: Refund) -> None:
    run_concurrently(4, lambda: send_refund(refund.pk))

    assert call_count(sandbox, "refundPayment") == 1
    assert status_of(refund) == S.REFUNDED


def test_large_refund_is_sent_after_approval_by_a_second_person(
    settings: Settings, invoice: Invoice, clerk: User, boss: User
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("30.00")
    refund = requested_refund(invoice, "30.01", clerk)
    send_refund(refund.pk)
    status_before_approval = status_of(refund)
    with pytest.raises(RefundNotAccepted):
        approve_refund(refund.pk, by_staff(clerk))

    approved = [approve_refund(refund.pk, by_staff(boss)) for _ in range(2)]
    send_refund(refund.pk)

    assert (status_before_approval, approved) == (S.REQUESTED, [True, False])
    assert status_of(refund) == S.REFUNDED


def test_database_refuses_approval_by_the_requester(clerk: User) -> None:
    refund = requested_refund(invoice_in(InvoiceStatus.PAID), "10.00", clerk)

    with pytest.raises(IntegrityError):
        Refund.objects.filter(pk=refund.pk).update(approved_by=clerk)


def test_withdrawn_refund_is_never_sent_and_releases_its_amount(
    sandbox: SandboxProcess, invoice: Invoice, refund: Refund, clerk: User
) -> None:
    withdrawn = withdraw_refund(refund.pk, by_staff(clerk))
    send_refund(refund.pk)
    withdrawn_again = withdraw_refund(refund.pk, by_staff(clerk))

    assert (withdrawn, withdrawn_again) == (True, False)
    assert call_count(sandbox, "refundPayment") == 0
    assert refundable_now(invoice.pk) == Decimal("45.00")


def test_refund_that_fails_for_an_hour_opens_one_case(
    sandbox: SandboxProcess, refund: Refund
) -> None:
    sandbox.fault("refundPayment", "result_code", code=93)

    fail_to_send_after_an_hour(refund)
    fail_to_send_after_an_hour(refund)

    assert open_case_kinds(refund) == [CaseKind.REFUND_STUCK]
    assert status_of(refund) == S.CREATED


@pytest.mark.parametrize(
    ("outcome", "case_kinds"),
    [
        (S.REFUNDED, []),
        (S.WITHDRAWN, []),
        (S.REJECTED, []),
        (S.UNKNOWN, [CaseKind.REFUND_UNKNOWN]),
    ],
)
def test_case_of_a_stuck_refund_is_closed_by_its_outcome(
    sandbox: SandboxProcess,
    refund: Refund,
    clerk: User,
    outcome: RefundStatus,
    case_kinds: list[CaseKind],
) -> None:
    sandbox.fault("refundPayment", "result_code", code=93, count=1)
    fail_to_send_after_an_hour(refund)

    if outcome == S.WITHDRAWN:
        withdraw_refund(refund.pk, by_staff(clerk))
    elif outcome == S.REJECTED:
        sandbox.fault("refundPayment", "result_code", code=99)
    elif outcome == S.UNKNOWN:
        sandbox.fault("refundPayment", "drop")
    send_refund(refund.pk)

    assert (status_of(refund), open_case_kinds(refund)) == (outcome, case_kinds)


@pytest.mark.parametrize(("from_state", "to"), [p for p in product(S, S) if p[0] != p[1]])
def test_transition_is_made_only_along_the_table(
    clerk: User, from_state: RefundStatus, to: RefundStatus
) -> None:
    refund = requested_refund(invoice_in(InvoiceStatus.PAID), "10.00", clerk)
    Refund.objects.filter(pk=refund.pk).update(
        status=from_state, ers_reference="R1", withdrawal_reason="staff"
    )
    is_allowed = to in TABLE[from_state]

    with transaction.atomic():
        if is_allowed:
            assert transition_refund(lock_refund(refund.pk), to, BY_STAFF)
        else:
            with pytest.raises(TransitionError):
                transition_refund(lock_refund(refund.pk), to, BY_STAFF)

    assert status_of(refund) == (to if is_allowed else from_state)
