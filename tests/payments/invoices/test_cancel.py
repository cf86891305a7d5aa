"""cancelInvoice: query the status first, then cancel, then apply SEQR's answer."""

from datetime import timedelta

import pytest

from orders.services import AnotherOrderOpen, OrderNotAccepted
from payments.invoices.cancel import AlreadyPaid, cancel_invoice, finish_cancel, request_cancel
from payments.invoices.create import retry_payment
from payments.invoices.refresh import refresh_invoice
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, MoneyCase
from payments.recovery import find_work
from tests.fault_proxy import FaultProxy
from tests.payments.reconciliation.steps import advance_time
from tests.payments.steps import (
    BY_CUSTOMER,
    BY_RECOVERY,
    call_count,
    client_of,
    event_details,
    event_names,
    invoice_in,
    issued_invoice,
    new_invoice,
    order_state,
    paid_invoice,
    reference,
    reloaded,
    retried_invoice,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
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
def test_open_invoice_is_cancelled_at_seqr(
    sandbox: SandboxProcess, reason: CancelReason, status: InvoiceStatus, event: str
) -> None:
    invoice = issued_invoice()

    ended = cancel(invoice.pk, reason)

    assert ended == status
    assert sandbox.invoice(reference(invoice))["status"] == "CANCELED"
    assert event_details(invoice)[-2:] == [("cancel_requested", ""), (event, "")]
    calls = [call["operation"] for call in sandbox.calls()]
    assert calls.index("getPaymentStatus") < calls.index("cancelInvoice")


def test_unsent_invoice_is_cancelled_at_once(seqr_away: None) -> None:
    invoice = new_invoice()

    ended = cancel(invoice.pk)

    assert (ended, order_state(invoice)) == (S.CANCELED, "canceled")
    assert event_details(invoice) == [("canceled_before_sending", "")]
    assert find_work().invoices_to_send == []


def test_paid_invoice_is_not_cancelled(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    with pytest.raises(AlreadyPaid):
        cancel(invoice.pk)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert event_details(invoice)[-1] == ("cancel_refused_as_paid", "")
    assert call_count(sandbox, "cancelInvoice") == 0


def test_cancel_of_a_payment_that_is_known_is_refused_at_its_request(
    sandbox: SandboxProcess,
) -> None:
    invoice = paid_invoice(sandbox)

    with pytest.raises(AlreadyPaid):
        request_cancel(invoice.pk, CancelReason.STAFF, BY_CUSTOMER)

    assert reloaded(invoice).cancel_reason == ""


def test_payment_between_query_and_cancel_is_found_after_the_refusal(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """Code 50: SEQR refuses to cancel a paid invoice. The query then accepts the payment."""
    invoice = issued_invoice()
    seqr_proxy.before_next_answer(lambda: sandbox.pay(reference(invoice)))

    with pytest.raises(AlreadyPaid):
        cancel(invoice.pk)

    assert event_details(invoice)[-2:] == [
        ("cancel_refused", "cancelInvoice: SEQR answered 50 CANNOT_CANCEL_PAID_INVOICE."),
        ("cancel_refused_as_paid", ""),
    ]


def test_cancel_stays_pending_during_payment_in_progress(sandbox: SandboxProcess) -> None:
    """Code 51."""
    invoice = issued_invoice()
    sandbox.act(reference(invoice), "hold")
    pending = cancel(invoice.pk)
    sandbox.act(reference(invoice), "release")
    advance_time(timedelta(seconds=5))

    work = find_work()
    finish_cancel(invoice.pk, BY_RECOVERY)

    assert pending == S.CANCEL_PENDING
    assert invoice.pk in work.invoices_to_cancel
    assert reloaded(invoice).status == S.CANCELED


def test_cancel_stays_pending_without_an_answer_and_is_repeated(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    seqr_proxy.lose_answers = True
    pending = [cancel(invoice.pk), cancel(invoice.pk)]
    seqr_proxy.lose_answers = False

    finish_cancel(invoice.pk, BY_RECOVERY)

    assert pending == [S.CANCEL_PENDING] * 2
    assert order_state(invoice) == "canceled"
    deferred = [detail for name, detail in event_details(invoice) if name == "cancel_deferred"]
    assert deferred == ["getPaymentStatus: the connection was closed without a response."]


def test_cancel_with_lost_answer_stays_pending_until_seqr_confirms_it(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()

    def lose_answer_to_cancel() -> None:
        seqr_proxy.lose_answers = seqr_proxy.calls[-1] == "cancelInvoice"

    seqr_proxy.before_answer = lose_answer_to_cancel
    pending = cancel(invoice.pk)
    seqr_proxy.lose_answers = False

    finish_cancel(invoice.pk, BY_RECOVERY)

    assert (pending, reloaded(invoice).status) == (S.CANCEL_PENDING, S.CANCELED)


def test_invoice_already_cancelled_at_seqr_is_cancelled(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """Code 95, as after a lost answer to the first cancel."""
    invoice = issued_invoice()
    seqr_proxy.before_next_answer(lambda: sandbox.act(reference(invoice), "cancel"))

    ended = cancel(invoice.pk)

    assert ended == S.CANCELED
    assert sandbox.calls("cancelInvoice")[-1]["result_code"] == 95


def test_four_concurrent_cancels_are_one(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()

    ended = run_concurrently(4, lambda: cancel(invoice.pk))

    assert S.CANCELED in ended
    assert event_names(invoice).count("cancel_requested") == 1
    assert event_names(invoice).count("cancel_confirmed") == 1


@pytest.mark.parametrize("status", [S.CANCELED, S.FAILED, S.EXPIRED])
def test_ended_invoice_is_not_cancelled(seqr_away: None, status: InvoiceStatus) -> None:
    invoice = invoice_in(status)

    ended = cancel(invoice.pk)

    assert ended == status
    assert event_names(invoice) == []


def test_requested_cancel_survives_unknown_status(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    sandbox.act(reference(invoice), "hold")
    seqr_proxy.rewrite = lambda answer: answer.replace(">ISSUED<", ">PONDERING<")
    cancel(invoice.pk)
    during_unknown_status = reloaded(invoice).status
    seqr_proxy.clear_faults()

    refresh_invoice(invoice.pk, BY_RECOVERY)

    assert during_unknown_status == S.NEEDS_ATTENTION
    assert reloaded(invoice).status == S.CANCEL_PENDING


def paid_and_superseded_invoices(sandbox: SandboxProcess) -> tuple[Invoice, Invoice]:
    """Return an ended invoice found paid, and the second one, which it supersedes."""
    first = issued_invoice()
    cancel(first.pk)
    second = retried_invoice(first)
    sandbox.control("PUT", f"/invoices/{reference(first)}", {"status": "PAID"})
    refresh_invoice(first.pk, BY_RECOVERY)
    return first, reloaded(second)


@pytest.mark.parametrize("action", ["cancel", "fail", "expire"])
def test_superseded_invoice_that_ended_at_seqr_is_cancelled_without_query(
    sandbox: SandboxProcess, action: str
) -> None:
    """Codes 95, 55 and 58."""
    first, second = paid_and_superseded_invoices(sandbox)
    sandbox.act(reference(second), action)
    queried_at = sandbox.invoice(reference(second))["status_queried_at"]

    finish_cancel(second.pk, BY_RECOVERY)

    assert reloaded(second).status == S.CANCELED
    assert (reloaded(first).status, order_state(first)) == (S.PAID, "paid")
    assert sandbox.invoice(reference(second))["status_queried_at"] == queried_at


def test_duplicate_payment_found_by_refused_cancel_opens_case(sandbox: SandboxProcess) -> None:
    """Code 50. A poller accepted the payment and was killed before it stored the answer."""
    _first, second = paid_and_superseded_invoices(sandbox)
    sandbox.pay(reference(second))
    client_of(second.terminal).get_payment_status(reference(second), 0)

    for _ in range(2):
        finish_cancel(second.pk, BY_RECOVERY)

    case = MoneyCase.objects.get(invoice=second)
    assert (case.kind, case.closed_at) == (CaseKind.DUPLICATE_PAYMENT, None)
    assert case.summary == ("SEQR has a payment of this invoice too, and refuses to cancel it (50)")
    assert reloaded(second).status == S.CANCEL_PENDING


def test_duplicate_payment_pays_order_after_reversal_of_first(sandbox: SandboxProcess) -> None:
    first, second = paid_and_superseded_invoices(sandbox)
    sandbox.pay(reference(second))
    client_of(second.terminal).get_payment_status(reference(second), 0)
    finish_cancel(second.pk, BY_RECOVERY)
    case = MoneyCase.objects.get(invoice=second, kind=CaseKind.DUPLICATE_PAYMENT)

    sandbox.control("PUT", f"/invoices/{reference(first)}", {"status": "CANCELED"})
    refresh_invoice(first.pk, BY_RECOVERY)
    finish_cancel(second.pk, BY_RECOVERY)

    assert (reloaded(second).status, order_state(first)) == (S.PAID, "paid")
    case.refresh_from_db()
    assert case.closing_reason == "SEQR now answers PAID"


def test_payment_can_be_retried_only_after_the_first_invoice_has_ended(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    order = invoice.order
    with pytest.raises(OrderNotAccepted):
        retry_payment(order.customer_id, order.public_id, BY_CUSTOMER)
    cancel(invoice.pk)

    second = retried_invoice(invoice)

    assert second.client_invoice_id == f"{order.number}-2"
    assert [each["status"] for each in sandbox.invoices()] == ["CANCELED", "ISSUED"]


def test_five_concurrent_retries_make_one_invoice() -> None:
    invoice = invoice_in(S.CANCELED)
    order = invoice.order

    def retry() -> bool:
        try:
            retry_payment(order.customer_id, order.public_id, BY_CUSTOMER)
        except (OrderNotAccepted, AnotherOrderOpen):
            return False
        return True

    retried = run_concurrently(5, retry)

    assert retried.count(True) == 1
    assert order.invoices.count() == 2
