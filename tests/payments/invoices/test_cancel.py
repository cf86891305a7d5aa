"""Cancelling: ask first, then tell SEQR, and listen to what it answers."""

import pytest

from orders.audit import ChangeSource
from orders.models import SourceName
from orders.services import AnotherOrderOpen, OrderNotAccepted
from payments.gateway import seqr
from payments.invoices.cancel import AlreadyPaid, cancel_invoice, finish_cancel
from payments.invoices.create import retry_payment
from payments.invoices.refresh import refresh_invoice
from payments.invoices.send import send_invoice
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, MoneyCase
from payments.recovery import find_work
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    call_count,
    event_names,
    invoice_in,
    issued_invoice,
    new_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
BY_CUSTOMER = ChangeSource(SourceName.CUSTOMER)
BY_SWEEP = ChangeSource(SourceName.RECOVERY)
pytestmark = pytest.mark.django_db(transaction=True)


def cancel(invoice_id: int, reason: CancelReason = CancelReason.CUSTOMER) -> InvoiceStatus:
    return InvoiceStatus(cancel_invoice(invoice_id, reason, BY_CUSTOMER).status)


@pytest.mark.parametrize(
    ("reason", "status", "event"),
    [
        (CancelReason.CUSTOMER, S.CANCELED, "cancel_confirmed"),
        (CancelReason.STAFF, S.CANCELED, "cancel_confirmed"),
        (CancelReason.LIFETIME, S.EXPIRED, "lifetime_ended"),
    ],
)
def test_an_open_invoice_is_cancelled_at_seqr(
    sandbox: SandboxProcess, reason: CancelReason, status: InvoiceStatus, event: str
) -> None:
    invoice = issued_invoice()

    ended = cancel(invoice.pk, reason)

    assert ended == status
    assert sandbox.invoice(reference(invoice))["status"] == "CANCELED"
    assert event_names(invoice)[-2:] == ["cancel_requested", event]
    calls = [c["operation"] for c in sandbox.calls() if c["operation"] != "sendInvoice"]
    assert calls.index("getPaymentStatus") < calls.index("cancelInvoice")


def test_an_invoice_not_yet_sent_is_cancelled_at_once(seqr_away: None) -> None:
    invoice = new_invoice()

    ended = cancel(invoice.pk)

    assert (ended, order_state(invoice)) == (S.CANCELED, "canceled")
    assert find_work().invoices_to_send == []


def test_a_payment_that_was_made_wins_over_the_cancel(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    with pytest.raises(AlreadyPaid):
        cancel(invoice.pk)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert event_names(invoice)[-1] == "cancel_refused_as_paid"
    assert call_count(sandbox, "cancelInvoice") == 0


def test_a_payment_between_asking_and_cancelling_is_found_by_the_refusal(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """Code 50: SEQR will not cancel a paid invoice, so it is asked, which keeps the payment."""
    invoice = issued_invoice()

    def the_customer_pays() -> None:
        seqr_proxy.before_answer = lambda: None
        sandbox.pay(reference(invoice))

    seqr_proxy.before_answer = the_customer_pays

    with pytest.raises(AlreadyPaid):
        cancel(invoice.pk)

    assert event_names(invoice)[-2:] == ["cancel_refused", "cancel_refused_as_paid"]


def test_a_payment_in_progress_keeps_the_cancel_pending_until_seqr_says_which(
    sandbox: SandboxProcess,
) -> None:
    """Code 51."""
    invoice = issued_invoice()
    sandbox.act(reference(invoice), "hold")
    pending = cancel(invoice.pk)
    sandbox.act(reference(invoice), "release")

    work = find_work()
    finish_cancel(invoice.pk, BY_SWEEP)

    assert pending == S.CANCEL_PENDING
    assert invoice.pk in work.invoices_to_cancel
    assert reloaded(invoice).status == S.CANCELED


def test_no_answer_keeps_the_cancel_pending_and_it_is_tried_again(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    seqr_proxy.lose_answers = True
    pending = [cancel(invoice.pk), cancel(invoice.pk)]
    seqr_proxy.lose_answers = False

    finish_cancel(invoice.pk, BY_SWEEP)

    assert pending == [S.CANCEL_PENDING] * 2
    assert order_state(invoice) == "canceled"
    assert event_names(invoice).count("cancel_deferred") == 1


def test_a_cancel_whose_own_answer_is_lost_is_pending_until_seqr_confirms_it(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()

    def lose_the_answer_to_the_cancel() -> None:
        seqr_proxy.lose_answers = seqr_proxy.calls[-1] == "cancelInvoice"

    seqr_proxy.before_answer = lose_the_answer_to_the_cancel
    before = cancel(invoice.pk)
    seqr_proxy.lose_answers = False

    finish_cancel(invoice.pk, BY_SWEEP)

    assert (before, reloaded(invoice).status) == (S.CANCEL_PENDING, S.CANCELED)


def test_what_seqr_cancelled_already_is_done(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """Code 95, after the answer to the first cancel was lost."""
    invoice = issued_invoice()

    def the_app_cancels() -> None:
        seqr_proxy.before_answer = lambda: None
        sandbox.act(reference(invoice), "cancel")

    seqr_proxy.before_answer = the_app_cancels

    ended = cancel(invoice.pk)

    assert ended == S.CANCELED
    assert sandbox.calls("cancelInvoice")[-1]["result_code"] == 95


def test_cancelling_twice_at_once_is_cancelling_once(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()

    ended = run_concurrently(4, lambda: cancel(invoice.pk))

    assert S.CANCELED in ended
    assert event_names(invoice).count("cancel_requested") == 1
    assert event_names(invoice).count("cancel_confirmed") == 1


@pytest.mark.parametrize("status", [S.CANCELED, S.FAILED, S.EXPIRED])
def test_a_dead_invoice_stays_as_it_is(seqr_away: None, status: InvoiceStatus) -> None:
    invoice = invoice_in(status)

    ended = cancel(invoice.pk)

    assert ended == status
    assert event_names(invoice) == []


def test_a_wanted_cancel_outlives_a_status_that_we_do_not_know(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    sandbox.act(reference(invoice), "hold")
    seqr_proxy.rewrite = lambda answer: answer.replace(">ISSUED<", ">PONDERING<")
    cancel(invoice.pk)
    unknown = reloaded(invoice).status
    seqr_proxy.rewrite = lambda answer: answer

    refresh_invoice(invoice.pk, BY_SWEEP)
    again = reloaded(invoice).status

    assert (unknown, again) == (S.NEEDS_ATTENTION, S.CANCEL_PENDING)


def superseded_invoice(sandbox: SandboxProcess) -> tuple[Invoice, Invoice]:
    """The customer has two bills of one order; return the one that SEQR finds paid after all, and
    the other, which is to be cancelled for it."""
    first = issued_invoice()
    cancel(first.pk)
    second = retry_payment(
        first.order.customer, first.order.public_id, ChangeSource(SourceName.CUSTOMER)
    )
    send_invoice(second.pk)
    sandbox.control("PUT", f"/invoices/{reference(first)}", {"status": "PAID"})
    refresh_invoice(first.pk, BY_SWEEP)
    return first, reloaded(second)


@pytest.mark.parametrize("action", ["cancel", "fail", "expire"])
def test_what_is_superseded_and_has_ended_at_seqr_is_dead_without_asking(
    sandbox: SandboxProcess, action: str
) -> None:
    """Codes 95, 55 and 58."""
    first, second = superseded_invoice(sandbox)
    sandbox.act(reference(second), action)
    before = sandbox.invoice(reference(second))["status_queried_at"]

    finish_cancel(second.pk, BY_SWEEP)

    assert reloaded(second).status == S.CANCELED
    assert (reloaded(first).status, order_state(first)) == (S.PAID, "paid")
    assert sandbox.invoice(reference(second))["status_queried_at"] == before


def test_a_second_payment_that_only_the_refused_cancel_tells_of_opens_a_case(
    sandbox: SandboxProcess,
) -> None:
    """Code 50. The poller had asked, which accepts it, and was killed before it wrote that."""
    _first, second = superseded_invoice(sandbox)
    sandbox.pay(reference(second))
    seqr().get_payment_status(reference(second), 0)

    for _ in range(2):
        finish_cancel(second.pk, BY_SWEEP)

    case = MoneyCase.objects.get(invoice=second)
    assert (case.kind, case.closed_at) == (CaseKind.DUPLICATE_PAYMENT, None)
    assert reloaded(second).status == S.CANCEL_PENDING


def test_a_second_payment_pays_the_order_once_the_first_was_taken_back(
    sandbox: SandboxProcess,
) -> None:
    first, second = superseded_invoice(sandbox)
    sandbox.pay(reference(second))
    seqr().get_payment_status(reference(second), 0)
    finish_cancel(second.pk, BY_SWEEP)
    case = MoneyCase.objects.get(invoice=second, kind=CaseKind.DUPLICATE_PAYMENT)

    sandbox.control("PUT", f"/invoices/{reference(first)}", {"status": "CANCELED"})
    refresh_invoice(first.pk, BY_SWEEP)
    finish_cancel(second.pk, BY_SWEEP)

    assert (reloaded(second).status, order_state(first)) == (S.PAID, "paid")
    case.refresh_from_db()
    assert case.closed_at is not None


def test_an_order_is_paid_again_by_a_new_invoice_once_the_old_one_is_dead(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    order = invoice.order
    with pytest.raises(OrderNotAccepted):
        retry_payment(order.customer, order.public_id, ChangeSource(SourceName.CUSTOMER))
    cancel(invoice.pk)

    second = retry_payment(order.customer, order.public_id, ChangeSource(SourceName.CUSTOMER))
    send_invoice(second.pk)

    assert reloaded(second).client_invoice_id == f"{order.number}-2"
    assert [i["status"] for i in sandbox.invoices()] == ["CANCELED", "ISSUED"]


def test_paying_again_five_times_at_once_makes_one_invoice() -> None:
    invoice = invoice_in(S.CANCELED)
    order = invoice.order

    def pay() -> bool:
        try:
            retry_payment(order.customer, order.public_id, ChangeSource(SourceName.CUSTOMER))
        except (OrderNotAccepted, AnotherOrderOpen):
            return False
        return True

    made = run_concurrently(5, pay)

    assert made.count(True) == 1
    assert order.invoices.count() == 2
