"""Cancels that SEQR never confirms: back-off, a case, and a customer who is free once it is closed.

Each failure lasts for ever.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from orders.clock import database_now
from orders.models import AuditEvent, Order, SubjectType
from orders.services import blocking_order
from payments import tasks
from payments.invoices.cancel import cancel_invoice, finish_cancel
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, MoneyCase
from payments.recovery import find_work
from seqrshop.storefront.messages import state_texts
from tests.factories import InvoiceFactory
from tests.fault_proxy import FaultProxy, use_seqr_at
from tests.payments.reconciliation.steps import advance_time
from tests.payments.steps import (
    BY_CUSTOMER,
    BY_RECOVERY,
    call_count,
    event_details,
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
from tests.staff import page_url, superuser

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def pass_time_with_recovery(invoice: Invoice, minutes: int, step: int) -> None:
    """Let recovery run every `step` seconds, as long as SEQR's answers stay as they are."""
    for _ in range(minutes * 60 // step):
        advance_time(timedelta(seconds=step))
        for invoice_id in find_work().invoices_to_cancel:
            finish_cancel(invoice_id, BY_RECOVERY)


def close(case: MoneyCase) -> None:
    """Close a case in the admin, and run what that enqueues."""
    superuser().post(page_url(case), {"closing_reason": "SEQR was called"})
    if case.invoice_id is not None:
        tasks.finish_cancel(case.invoice_id)


def is_free(invoice: Invoice) -> bool:
    """Whether the customer may order again."""
    order = Order.objects.get(pk=invoice.order_id)
    return blocking_order(order.customer, order.shop) is None


@pytest.mark.parametrize("reason", [CancelReason.CUSTOMER, CancelReason.STAFF])
def test_invoice_unknown_to_seqr_is_cancelled_and_its_case_stays_open(
    sandbox: SandboxProcess, reason: CancelReason
) -> None:
    """Code 54 to the query and to the cancel."""
    invoice = invoice_in(S.ISSUED)

    cancel_invoice(invoice.pk, reason, BY_CUSTOMER)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.CANCELED, "canceled")
    assert is_free(invoice)
    assert event_details(invoice)[-1] == (
        "canceled_at_seqr",
        "SEQR does not know this invoice (54)",
    )
    case = MoneyCase.objects.get()
    assert (case.kind, case.closed_at) == (CaseKind.UNKNOWN_AT_SEQR, None)


def test_code_54_to_the_cancel_alone_does_not_end_the_invoice(sandbox: SandboxProcess) -> None:
    """SEQR answers the query with ISSUED, so the customer may still pay."""
    invoice = issued_invoice()
    sandbox.fault("cancelInvoice", "result_code", code=54)

    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)

    assert reloaded(invoice).status == S.CANCEL_PENDING


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        *(("getPaymentStatus", code) for code in (21, 29, 37, 10, 90)),
        *(("cancelInvoice", code) for code in (21, 51, 54, 91, 77)),
    ],
)
def test_cancel_refused_for_ever_opens_case_whose_closing_frees_the_customer(
    sandbox: SandboxProcess, operation: str, code: int
) -> None:
    invoice = issued_invoice()
    sandbox.fault(operation, "result_code", code=code)
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)

    pass_time_with_recovery(invoice, minutes=65, step=300)
    was_free = is_free(invoice)
    close(MoneyCase.objects.get(kind=CaseKind.CANCEL_STUCK))

    assert not was_free
    assert (reloaded(invoice).status, order_state(invoice)) == (S.CANCELED, "canceled")
    assert event_names(invoice)[-1] == "ended_by_staff"
    assert is_free(invoice)
    assert state_texts(Order.objects.get(), reloaded(invoice))[1] == (
        "The payment was cancelled. If your account was charged, SEQR refunds you."
    )


def test_failing_cancel_is_retried_with_backoff_and_recorded_hourly(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    sandbox.fault("cancelInvoice", "result_code", code=51)
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)

    pass_time_with_recovery(invoice, minutes=30, step=20)

    attempts = call_count(sandbox, "cancelInvoice")
    calls = AuditEvent.objects.filter(subject_type=SubjectType.CALL, name="cancelInvoice")
    assert 30 <= attempts <= 50  # 90 without back-off
    assert calls.count() == 1
    assert event_names(invoice).count("cancel_refused") == 1


def test_case_of_a_stuck_cancel_is_closed_once_seqr_confirms_it(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    sandbox.fault("cancelInvoice", "result_code", code=51)
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)
    pass_time_with_recovery(invoice, minutes=12, step=60)
    case = MoneyCase.objects.get(kind=CaseKind.CANCEL_STUCK)
    assert case.summary == (
        "SEQR does not confirm the cancel: cancelInvoice: SEQR answered 51 "
        "CANNOT_CANCEL_INVOICE_IN_PROGRESS"
    )
    sandbox.clear_faults()

    finish_cancel(invoice.pk, BY_RECOVERY)

    case.refresh_from_db()
    assert reloaded(invoice).status == S.CANCELED
    assert case.closing_reason == "SEQR has confirmed the end: CANCELED"


def test_outage_opens_no_case_for_an_hour(sandbox: SandboxProcess, settings: Settings) -> None:
    invoice = issued_invoice()
    use_seqr_at(settings, "http://127.0.0.1:9")
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)

    pass_time_with_recovery(invoice, minutes=55, step=150)
    in_time = MoneyCase.objects.exists()
    pass_time_with_recovery(invoice, minutes=10, step=150)

    assert not in_time
    assert MoneyCase.objects.get().kind == CaseKind.CANCEL_STUCK


def test_closing_a_stuck_cancel_asks_seqr_once_more(sandbox: SandboxProcess) -> None:
    """The customer has paid meanwhile: the order is paid, and not ended."""
    invoice = issued_invoice()
    sandbox.fault("cancelInvoice", "result_code", code=51)
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)
    pass_time_with_recovery(invoice, minutes=12, step=60)
    sandbox.pay(reference(invoice))

    close(MoneyCase.objects.get(kind=CaseKind.CANCEL_STUCK))

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert "ended_by_staff" not in event_names(invoice)


def unknown_status(sandbox: SandboxProcess, proxy: FaultProxy) -> None:
    proxy.rewrite = lambda answer: answer.replace(">ISSUED<", ">PONDERING<")
    sandbox.fault("cancelInvoice", "result_code", code=51)


def paid_without_reference(sandbox: SandboxProcess, proxy: FaultProxy) -> None:
    sandbox.pay(sandbox.invoices()[-1]["invoice_reference"])
    proxy.rewrite = lambda answer: answer.replace("ersReference>", "ignored>")


def paid_by_a_foreign_receipt(sandbox: SandboxProcess, proxy: FaultProxy) -> None:
    number = sandbox.invoices()[-1]["invoice_reference"]
    sandbox.pay(number)
    proxy.rewrite = lambda answer: answer.replace(
        f"invoiceReference>{number}<", "invoiceReference>4711<"
    )


@pytest.mark.parametrize("cause", [unknown_status, paid_without_reference])
def test_closing_the_case_of_an_unclear_status_ends_the_invoice(
    sandbox: SandboxProcess,
    seqr_proxy: FaultProxy,
    cause: Callable[[SandboxProcess, FaultProxy], None],
) -> None:
    invoice = issued_invoice()
    cause(sandbox, seqr_proxy)
    refresh(invoice)

    close(MoneyCase.objects.get())

    assert (reloaded(invoice).status, order_state(invoice)) == (S.CANCELED, "canceled")
    assert is_free(invoice)


@pytest.mark.parametrize(
    ("cause", "closed_kind"),
    [
        (paid_without_reference, CaseKind.PAID_WITHOUT_REFERENCE),
        (paid_by_a_foreign_receipt, CaseKind.ANSWER_MISMATCH),
        (paid_without_reference, CaseKind.CANCEL_STUCK),
    ],
)
def test_ended_invoice_that_seqr_reports_as_paid_has_a_case_and_promises_no_reversal(
    sandbox: SandboxProcess,
    seqr_proxy: FaultProxy,
    cause: Callable[[SandboxProcess, FaultProxy], None],
    closed_kind: CaseKind,
) -> None:
    """SEQR has seen our query of the payment, so it keeps the money."""
    invoice = issued_invoice()
    cause(sandbox, seqr_proxy)
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)
    if closed_kind == CaseKind.CANCEL_STUCK:
        pass_time_with_recovery(invoice, minutes=12, step=120)

    close(MoneyCase.objects.get(kind=closed_kind))

    ended = reloaded(invoice)
    assert (ended.status, ended.possibly_reversed, is_free(invoice)) == (S.CANCELED, False, True)
    case = MoneyCase.objects.get(kind=CaseKind.PAID_THOUGH_CANCELED)
    assert (case.invoice_id, case.closed_at) == (invoice.pk, None)
    assert state_texts(Order.objects.get(), ended)[1] == (
        "SEQR reports that you have paid, but we could not complete the payment. Ask our staff "
        "before you pay again."
    )
    assert "Check with SEQR" in superuser().get(page_url(case)).content.decode()
    seqr_proxy.clear_faults()
    assert (refresh(invoice), order_state(invoice)) == (S.PAID, "paid")


def test_payment_without_reference_is_remembered_when_seqr_does_not_answer_again(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    paid_without_reference(sandbox, seqr_proxy)
    refresh(invoice)
    sandbox.fault("getPaymentStatus", "result_code", code=90)

    close(MoneyCase.objects.get(kind=CaseKind.PAID_WITHOUT_REFERENCE))

    assert (reloaded(invoice).status, reloaded(invoice).possibly_reversed) == (S.CANCELED, False)
    assert MoneyCase.objects.get(closed_at=None).kind == CaseKind.PAID_THOUGH_CANCELED


def test_closing_the_case_of_an_issued_invoice_does_not_cancel_it(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """One answer was about another invoice; the customer may still pay this one."""
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace(reference(invoice), "4711")
    refresh(invoice)
    seqr_proxy.clear_faults()

    close(MoneyCase.objects.get(kind=CaseKind.ANSWER_MISMATCH))

    assert refresh(invoice) == S.PAID


def test_closing_the_case_of_a_superseded_invoice_ends_it_without_query(
    sandbox: SandboxProcess,
) -> None:
    """Its query would accept a duplicate payment."""
    paid = invoice_in(S.PAID, acknowledged_at=database_now())
    other = InvoiceFactory.create(
        order=paid.order,
        attempt=2,
        cancel_pending=True,
        cancel_reason=CancelReason.SUPERSEDED,
        cancel_requested_at=database_now() - timedelta(hours=1),
    )
    sandbox.fault("cancelInvoice", "result_code", code=51)
    finish_cancel(other.pk, BY_RECOVERY)

    close(MoneyCase.objects.get(kind=CaseKind.CANCEL_STUCK))

    assert (reloaded(other).status, order_state(paid)) == (S.CANCELED, "paid")
    assert call_count(sandbox, "getPaymentStatus") == 0


def test_payment_after_an_end_without_confirmation_pays_the_order(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    sandbox.fault("cancelInvoice", "result_code", code=51)
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)
    pass_time_with_recovery(invoice, minutes=12, step=60)
    close(MoneyCase.objects.get(kind=CaseKind.CANCEL_STUCK))
    sandbox.pay(reference(invoice))

    refresh(invoice)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    kinds = MoneyCase.objects.filter(closed_at=None).values_list("kind", flat=True)
    assert list(kinds) == [CaseKind.PAID_THOUGH_CANCELED]


def test_order_ended_by_staff_can_be_paid_again(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    sandbox.fault("cancelInvoice", "result_code", code=51)
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)
    pass_time_with_recovery(invoice, minutes=12, step=60)
    close(MoneyCase.objects.get(kind=CaseKind.CANCEL_STUCK))

    retried = retried_invoice(invoice)
    sandbox.pay(reference(retried))
    refresh(retried)

    assert order_state(invoice) == "paid"
