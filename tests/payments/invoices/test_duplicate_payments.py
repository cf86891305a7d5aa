"""Duplicate payments: kept with their reference, refunded, and paying an order after a reversal."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from pytest_django import Settings

from orders.clock import database_now
from orders.models import Order, OrderState
from payments import tasks
from payments.cases import cases
from payments.cases.cases import open_case
from payments.invoices.cancel import cancel_invoice, finish_cancel
from payments.invoices.duplicate import apply_after_other_payment
from payments.invoices.refresh import query_and_apply
from payments.invoices.status_query import StatusResult
from payments.invoices.transitions import lock_invoice
from payments.models import (
    CancelReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MatchResult,
    MoneyCase,
    OutboxMail,
    PeriodRow,
    Refund,
    RefundStatus,
)
from payments.refunds.refund import RefundNotAccepted
from tests.factories import InvoiceFactory
from tests.fault_proxy import FaultProxy
from tests.payments.reconciliation.steps import reconcile_day
from tests.payments.refunds.steps import refunded_at_seqr, requested_refund
from tests.payments.steps import (
    BY_CUSTOMER,
    BY_RECOVERY,
    call_count,
    client_of,
    event_names,
    invoice_in,
    issued_invoice,
    order_state,
    reference,
    refresh,
    reloaded,
    retried_invoice,
)
from tests.sandbox_process import SandboxProcess
from tests.staff import list_url, page_url, run_action, superuser, user_of

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def canceled_invoice() -> Invoice:
    invoice = issued_invoice()
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)
    return invoice


def force_paid(sandbox: SandboxProcess, invoice: Invoice) -> None:
    """Let SEQR report an ended invoice as paid."""
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "PAID"})


def two_payments(sandbox: SandboxProcess, proxy: FaultProxy) -> tuple[Invoice, Invoice]:
    """Return a paid invoice, and the order's second one, which was paid and queried meanwhile."""
    first = canceled_invoice()
    second = retried_invoice(first)
    force_paid(sandbox, first)
    sandbox.pay(reference(second))
    proxy.before_next_answer(lambda: refresh(first))
    refresh(second)
    return reloaded(first), reloaded(second)


def kept_payment(sandbox: SandboxProcess) -> tuple[Invoice, Invoice]:
    """Return a paid invoice, and a superseded one whose payment SEQR has kept.

    A process was killed after SEQR had answered its query with PAID.
    """
    first = canceled_invoice()
    second = retried_invoice(first)
    force_paid(sandbox, first)
    refresh(first)
    sandbox.pay(reference(second))
    client_of(second.terminal).get_payment_status(reference(second), 0)
    finish_cancel(second.pk, BY_RECOVERY)
    return reloaded(first), reloaded(second)


def duplicate_case(invoice: Invoice) -> MoneyCase:
    return MoneyCase.objects.get(invoice=invoice, kind=CaseKind.DUPLICATE_PAYMENT)


def age_refusal(invoice: Invoice) -> None:
    """Let a minute pass since SEQR first refused to cancel the invoice as paid."""
    long_ago = database_now() - timedelta(seconds=61)
    Invoice.objects.filter(pk=invoice.pk).update(refused_as_paid_at=long_ago)
    MoneyCase.objects.filter(invoice=invoice).update(opened_at=long_ago)


def test_duplicate_payment_keeps_its_reference_and_amount(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    first, second = two_payments(sandbox, seqr_proxy)

    at_seqr = sandbox.invoice(reference(second))
    assert (first.status, second.status, order_state(first)) == (S.PAID, S.DUPLICATE, "paid")
    assert second.ers_reference == at_seqr["ers_reference"]
    assert (second.paid_amount, second.paid_currency) == (Decimal("45.00"), "SEK")
    assert second.payment_reference
    assert duplicate_case(second).closed_at is None


def test_duplicate_payment_is_refunded_from_its_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    first, second = two_payments(sandbox, seqr_proxy)
    case = duplicate_case(second)
    client = superuser()
    form = client.post(
        list_url(MoneyCase), {"action": "refund", "_selected_action": [case.pk]}
    ).content.decode()

    page = f"/admin/payments/invoice/{second.pk}/refund/"
    body = {"amount": "45.00", "reason": "paid twice", "nonce": "one form"}
    for _ in range(2):
        client.post(page, body)
    tasks.send_refund(Refund.objects.get().pk)

    refund = Refund.objects.get()
    case.refresh_from_db()
    assert page in form
    assert (refund.status, refund.requested_by) == (RefundStatus.REFUNDED, user_of(client))
    assert refunded_at_seqr(sandbox, second) == Decimal("45.00")
    assert case.closing_reason == "the duplicate payment has been refunded"
    assert (order_state(first), reloaded(first).status) == ("paid", S.PAID)


def test_refund_of_a_duplicate_never_exceeds_its_amount(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, clerk: User
) -> None:
    _first, second = two_payments(sandbox, seqr_proxy)
    requested_refund(second, "40.00", clerk)

    with pytest.raises(RefundNotAccepted, match=r"5\.00"):
        requested_refund(second, "6.00", clerk)


def test_reconciliation_knows_the_duplicate_and_keeps_its_case_open(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    first, second = two_payments(sandbox, seqr_proxy)

    reconcile_day(sandbox)

    matched = PeriodRow.objects.filter(match_result=MatchResult.SALE)
    assert set(matched.values_list("invoice", flat=True)) == {first.pk, second.pk}
    assert duplicate_case(second).closed_at is None
    assert not MoneyCase.objects.filter(kind=CaseKind.REPORT_DIFFERS).exists()


def test_kept_payment_of_superseded_invoice_is_found_after_a_minute(
    sandbox: SandboxProcess,
) -> None:
    """SEQR returns a payment that nobody queries within 20 s, and still refuses the cancel."""
    first, second = kept_payment(sandbox)
    queries = call_count(sandbox, "getPaymentStatus")
    finish_cancel(second.pk, BY_RECOVERY)
    queried_at_once = call_count(sandbox, "getPaymentStatus") - queries
    status_at_once = reloaded(second).status
    age_refusal(second)

    finish_cancel(second.pk, BY_RECOVERY)

    assert (queried_at_once, status_at_once) == (0, S.CANCEL_PENDING)
    assert (reloaded(second).status, order_state(first)) == (S.DUPLICATE, "paid")
    assert reloaded(second).ers_reference == sandbox.invoice(reference(second))["ers_reference"]


def close_case(case: MoneyCase, *, by_staff: bool) -> None:
    if by_staff:
        superuser().post(page_url(case), {"closing_reason": "SEQR returns it"})
    else:
        cases.close_case(case.pk, BY_RECOVERY, "SEQR's reports contain no sale of it")


@pytest.mark.parametrize("by_staff", [True, False], ids=["by staff", "by the shop"])
def test_payment_found_kept_after_its_case_was_closed_opens_another_case(
    sandbox: SandboxProcess, settings: Settings, by_staff: bool
) -> None:
    settings.CASE_EMAILS = ["shop@example.com"]
    _first, second = kept_payment(sandbox)
    early = duplicate_case(second)
    close_case(early, by_staff=by_staff)
    age_refusal(second)

    finish_cancel(second.pk, BY_RECOVERY)

    assert reloaded(second).status == S.DUPLICATE
    found = MoneyCase.objects.get(invoice=second, closed_at=None)
    assert (found.kind, found.pk > early.pk) == (CaseKind.DUPLICATE_PAYMENT, True)
    assert OutboxMail.objects.filter(case=found).exists()


def test_duplicate_payment_found_again_after_its_reversal_opens_another_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    _first, second = two_payments(sandbox, seqr_proxy)
    sandbox.control("PUT", f"/invoices/{reference(second)}", {"status": "CANCELED"})
    refresh(second)
    sandbox.control("PUT", f"/invoices/{reference(second)}", {"status": "PAID"})

    query_and_apply(reloaded(second), BY_RECOVERY, may_be_duplicate=True)

    assert reloaded(second).status == S.DUPLICATE
    open_case = MoneyCase.objects.get(invoice=second, closed_at=None)
    assert open_case.kind == CaseKind.DUPLICATE_PAYMENT


def test_staff_find_a_kept_payment_from_its_case_after_a_minute(sandbox: SandboxProcess) -> None:
    _first, second = kept_payment(sandbox)
    case = duplicate_case(second)
    client = superuser()
    too_early = run_action(client, "check_with_seqr", case)
    age_refusal(second)

    found = run_action(client, "check_with_seqr", case)

    assert "another payment has paid the order" in too_early[-1]
    assert "duplicate payment" in found[-1]
    assert reloaded(second).status == S.DUPLICATE


def test_duplicate_payment_pays_the_order_after_the_reversal_of_the_first(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    first, second = two_payments(sandbox, seqr_proxy)
    sandbox.control("PUT", f"/invoices/{reference(first)}", {"status": "CANCELED"})

    refresh(first)

    assert (reloaded(first).status, reloaded(second).status) == (S.CANCELED, S.PAID)
    assert order_state(first) == "paid"
    assert event_names(second)[-1] == "duplicate_pays_order"
    assert duplicate_case(second).closed_at is not None


def test_duplicate_payment_that_is_being_refunded_does_not_pay_the_order(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, clerk: User
) -> None:
    first, second = two_payments(sandbox, seqr_proxy)
    requested_refund(second, "45.00", clerk)
    sandbox.control("PUT", f"/invoices/{reference(first)}", {"status": "CANCELED"})

    refresh(first)

    assert (reloaded(second).status, order_state(first)) == (S.DUPLICATE, "needs_attention")


def test_duplicate_payment_reversed_by_seqr_closes_its_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    first, second = two_payments(sandbox, seqr_proxy)
    sandbox.control("PUT", f"/invoices/{reference(second)}", {"status": "CANCELED"})

    refresh(second)

    assert (reloaded(second).status, order_state(first)) == (S.CANCELED, "paid")
    assert duplicate_case(second).closed_at is not None
    assert event_names(second)[-1] == "payment_reversed"


def test_duplicate_payment_without_reference_opens_its_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    first = canceled_invoice()
    second = retried_invoice(first)
    sandbox.pay(reference(second))
    Invoice.objects.filter(pk=second.pk).update(status=S.CANCELED)
    seqr_proxy.rewrite = lambda answer: answer.replace("ersReference>", "ignored>")

    def pay_first() -> None:
        paid = {"status": S.PAID, "ers_reference": "1", "paid_at": database_now()}
        Invoice.objects.filter(pk=first.pk).update(**paid)
        Order.objects.filter(pk=first.order_id).update(state=OrderState.PAID)

    seqr_proxy.before_next_answer(pay_first)

    refresh(second)

    assert duplicate_case(second).summary == "PAID without an ersReference"


def test_duplicate_invoice_is_neither_polled_nor_cancelled(seqr_away: None) -> None:
    invoice = invoice_in(S.DUPLICATE)

    after = cancel_invoice(invoice.pk, CancelReason.STAFF, BY_CUSTOMER)

    assert (after.status, after.is_open) == (S.DUPLICATE, False)


@pytest.mark.parametrize(
    ("status", "is_closed"), [(S.ISSUED, False), (S.CANCELED, True), (S.EXPIRED, True)]
)
def test_case_is_closed_once_seqr_has_no_payment_of_the_second_invoice(
    status: InvoiceStatus, is_closed: bool
) -> None:
    first = invoice_in(S.PAID)
    second: Invoice = InvoiceFactory.create(order=first.order, attempt=2, issued=True)
    open_case(CaseKind.DUPLICATE_PAYMENT, BY_RECOVERY, "perhaps paid", invoice=second)

    with transaction.atomic():
        apply_after_other_payment(lock_invoice(second.pk), StatusResult(2, status), BY_RECOVERY)

    assert (duplicate_case(second).closed_at is not None) == is_closed
