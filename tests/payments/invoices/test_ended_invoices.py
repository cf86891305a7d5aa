"""Ended invoices: late queries, lost answers, and payments found after the end."""

from datetime import timedelta

import pytest

from orders.clock import database_now
from payments.invoices.cancel import cancel_invoice, finish_cancel
from payments.invoices.refresh import repeat_late_query
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, MoneyCase
from payments.recovery import find_work
from payments.seqr import SeqrOutcomeUnknown
from tests.factories import InvoiceFactory
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    BY_CUSTOMER,
    BY_RECOVERY,
    call_count,
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

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def test_invoice_of_order_paid_by_another_is_not_queried(sandbox: SandboxProcess) -> None:
    paid = invoice_in(S.PAID)
    other = InvoiceFactory.create(
        order=paid.order,
        attempt=2,
        status=S.CANCELED,
        invoice_reference="31",
        issued_at=database_now(),
    )

    refresh(other)

    assert call_count(sandbox, "getPaymentStatus") == 0


def test_ended_invoice_found_paid_pays_order_and_open_one_is_cancelled(
    sandbox: SandboxProcess,
) -> None:
    """The shop's status of the first invoice is wrong, and the payment has been retried."""
    first = issued_invoice()
    sandbox.pay(reference(first))
    Invoice.objects.filter(pk=first.pk).update(status=S.CANCELED)
    first.order.state = "canceled"
    first.order.save()
    second = retried_invoice(first)

    refresh(first)
    finish_cancel(second.pk, BY_RECOVERY)

    assert event_names(first)[-1] == "corrected_to_match_seqr"
    assert order_state(first) == "paid"
    assert (reloaded(second).status, reloaded(second).cancel_reason) == (
        S.CANCELED,
        CancelReason.SUPERSEDED,
    )
    assert sandbox.invoice(reference(second))["status"] == "CANCELED"


def ended_invoice_paid_at_seqr(sandbox: SandboxProcess) -> Invoice:
    """Return a cancelled invoice that SEQR reports as paid afterwards."""
    invoice = issued_invoice()
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "PAID"})
    return invoice


def refresh_with_lost_answer(proxy: FaultProxy, invoice: Invoice) -> None:
    """Query the status; SEQR accepts the payment, and its answer is lost."""
    proxy.lose_answers = True
    with pytest.raises(SeqrOutcomeUnknown):
        refresh(invoice)
    proxy.lose_answers = False


def age_late_query(invoice: Invoice, seconds: int) -> None:
    """Make the pending late query this many seconds older."""
    since = reloaded(invoice).late_query_pending_since
    assert since is not None
    Invoice.objects.filter(pk=invoice.pk).update(
        late_query_pending_since=since - timedelta(seconds=seconds)
    )


def test_late_query_with_lost_answer_is_repeated(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """The query has accepted the payment, and no poller queries an ended invoice."""
    invoice, _other = (ended_invoice_paid_at_seqr(sandbox) for _ in range(2))
    refresh_with_lost_answer(seqr_proxy, invoice)
    age_late_query(invoice, seconds=10)
    found = find_work().late_queries_to_repeat

    repeat_late_query(invoice.pk, BY_RECOVERY)

    assert found == [invoice.pk]
    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert reloaded(invoice).late_query_pending_since is None


def test_late_query_with_lost_answer_opens_case_after_another_invoice_has_paid(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = ended_invoice_paid_at_seqr(sandbox)
    refresh_with_lost_answer(seqr_proxy, invoice)
    second = retried_invoice(invoice)
    sandbox.pay(reference(second))
    refresh(second)
    calls_before = call_count(sandbox, "getPaymentStatus")

    for _ in range(2):
        repeat_late_query(invoice.pk, BY_RECOVERY)

    case = MoneyCase.objects.get(invoice=invoice)
    assert (case.kind, case.closed_at) == (CaseKind.DUPLICATE_PAYMENT, None)
    assert call_count(sandbox, "getPaymentStatus") == calls_before


def test_duplicate_payment_accepted_before_the_first_was_found_opens_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    first = ended_invoice_paid_at_seqr(sandbox)
    second = retried_invoice(first)
    sandbox.pay(reference(second))
    seqr_proxy.before_next_answer(lambda: refresh(first))

    refresh(second)

    assert reloaded(first).status == S.PAID
    assert "answer_after_order_was_paid" in event_names(second)
    case = MoneyCase.objects.get(invoice=second)
    assert (case.kind, case.closed_at) == (CaseKind.DUPLICATE_PAYMENT, None)


def test_late_query_is_not_pending_after_another_process_found_the_payment(
    sandbox: SandboxProcess,
) -> None:
    invoice = ended_invoice_paid_at_seqr(sandbox)
    refresh(invoice)
    Invoice.objects.filter(pk=invoice.pk).update(late_query_pending_since=database_now())

    repeat_late_query(invoice.pk, BY_RECOVERY)

    assert reloaded(invoice).status == S.PAID
    assert reloaded(invoice).late_query_pending_since is None


def test_late_query_answered_about_another_invoice_is_left_to_its_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """Recovery would repeat it every few seconds, for ever."""
    invoice = ended_invoice_paid_at_seqr(sandbox)
    ours = reference(invoice)
    seqr_proxy.rewrite = lambda answer: answer.replace(
        f"invoiceReference>{ours}<", "invoiceReference>4711<"
    )
    refresh_with_lost_answer(seqr_proxy, invoice)
    age_late_query(invoice, seconds=10)

    repeat_late_query(invoice.pk, BY_RECOVERY)

    case = MoneyCase.objects.get(invoice=invoice)
    assert (case.kind, case.closed_at) == (CaseKind.ANSWER_MISMATCH, None)
    assert reloaded(invoice).status == S.CANCELED
    assert reloaded(invoice).late_query_pending_since is None


def test_answered_late_query_is_not_pending(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)

    refresh(invoice)

    assert reloaded(invoice).late_query_pending_since is None
