"""What is asked about an invoice that has ended, and a payment that is found there all the same."""

from datetime import timedelta

import pytest

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName
from payments.invoices.cancel import cancel_invoice, finish_cancel
from payments.invoices.create import retry_payment
from payments.invoices.refresh import repeat_late_query
from payments.invoices.send import send_invoice
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, MoneyCase
from payments.recovery import find_work
from payments.seqr import SeqrOutcomeUnknown
from tests.factories import InvoiceFactory
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    call_count,
    event_names,
    invoice_in,
    issued_invoice,
    order_state,
    reference,
    refresh,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def test_an_invoice_whose_order_another_one_paid_is_not_asked_about(
    sandbox: SandboxProcess,
) -> None:
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


def test_a_dead_invoice_that_seqr_calls_paid_pays_the_order_and_the_open_one_is_cancelled(
    sandbox: SandboxProcess,
) -> None:
    """Our record of the first invoice is wrong; a second is being paid for."""
    first = issued_invoice()
    sandbox.pay(reference(first))
    Invoice.objects.filter(pk=first.pk).update(status=S.CANCELED)
    first.order.state = "canceled"
    first.order.save()
    second = retry_payment(
        first.order.customer, first.order.public_id, ChangeSource(SourceName.CUSTOMER)
    )
    send_invoice(second.pk)

    refresh(first)
    finish_cancel(second.pk, ChangeSource(SourceName.RECOVERY))

    assert event_names(first)[-1] == "corrected_to_match_seqr"
    assert order_state(first) == "paid"
    assert (reloaded(second).status, reloaded(second).cancel_reason) == (
        S.CANCELED,
        CancelReason.SUPERSEDED,
    )
    assert sandbox.invoice(reference(reloaded(second)))["status"] == "CANCELED"


def ended_and_then_paid(sandbox: SandboxProcess) -> Invoice:
    """SEQR has cancelled the bill, and finds a payment of it all the same."""
    invoice = issued_invoice()
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, ChangeSource(SourceName.CUSTOMER))
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "PAID"})
    return invoice


def let_ten_seconds_pass(invoice: Invoice) -> None:
    from_state = reloaded(invoice).late_query_pending_since
    assert from_state is not None
    earlier = from_state - timedelta(seconds=10)
    Invoice.objects.filter(pk=invoice.pk).update(late_query_pending_since=earlier)


def test_a_payment_of_an_ended_invoice_is_asked_about_again_after_a_lost_answer(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """The question has accepted the payment, and nobody polls an ended invoice."""
    invoice = ended_and_then_paid(sandbox)
    seqr_proxy.lose_answers = True
    with pytest.raises(SeqrOutcomeUnknown):
        refresh(invoice)
    seqr_proxy.lose_answers = False
    let_ten_seconds_pass(invoice)
    work = find_work().late_queries_to_repeat

    repeat_late_query(invoice.pk, ChangeSource(SourceName.RECOVERY))

    assert work == [invoice.pk]
    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert reloaded(invoice).late_query_pending_since is None


def test_where_another_invoice_has_paid_since_a_person_is_told_of_the_lost_answer(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = ended_and_then_paid(sandbox)
    seqr_proxy.lose_answers = True
    with pytest.raises(SeqrOutcomeUnknown):
        refresh(invoice)
    seqr_proxy.lose_answers = False
    second = retry_payment(
        invoice.order.customer, invoice.order.public_id, ChangeSource(SourceName.CUSTOMER)
    )
    send_invoice(second.pk)
    sandbox.pay(reference(reloaded(second)))
    refresh(second)
    before = call_count(sandbox, "getPaymentStatus")

    for _ in range(2):
        repeat_late_query(invoice.pk, ChangeSource(SourceName.RECOVERY))

    case = MoneyCase.objects.get(invoice=invoice)
    assert (case.kind, case.closed_at) == (CaseKind.DUPLICATE_PAYMENT, None)
    assert call_count(sandbox, "getPaymentStatus") == before


def test_a_second_payment_that_was_accepted_before_the_first_was_known_tells_a_person(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    first = ended_and_then_paid(sandbox)
    second = retry_payment(
        first.order.customer, first.order.public_id, ChangeSource(SourceName.CUSTOMER)
    )
    send_invoice(second.pk)
    sandbox.pay(reference(reloaded(second)))

    def the_first_turns_out_to_be_paid() -> None:
        seqr_proxy.before_answer = lambda: None
        refresh(first)

    seqr_proxy.before_answer = the_first_turns_out_to_be_paid

    refresh(second)

    assert reloaded(first).status == S.PAID
    assert "answer_after_order_was_paid" in event_names(second)
    case = MoneyCase.objects.get(invoice=second)
    assert (case.kind, case.closed_at) == (CaseKind.DUPLICATE_PAYMENT, None)


def test_a_lost_answer_is_awaited_no_more_once_somebody_else_has_found_the_payment(
    sandbox: SandboxProcess,
) -> None:
    invoice = ended_and_then_paid(sandbox)
    refresh(invoice)
    Invoice.objects.filter(pk=invoice.pk).update(late_query_pending_since=database_now())

    repeat_late_query(invoice.pk, ChangeSource(SourceName.RECOVERY))

    assert reloaded(invoice).status == S.PAID
    assert reloaded(invoice).late_query_pending_since is None


def test_an_answered_question_about_an_ended_invoice_is_not_asked_again(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, ChangeSource(SourceName.CUSTOMER))

    refresh(invoice)

    assert reloaded(invoice).late_query_pending_since is None


# --- Many at once --------------------------------------------------------------------------------
