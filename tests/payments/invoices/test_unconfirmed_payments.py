"""Paid invoices about which SEQR answers anything but PAID: a case, and no acknowledgment."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from orders.clock import database_now
from payments import tasks
from payments.cases.cases import close_case
from payments.invoices.apply_unchanged import apply_unchanged_batch
from payments.invoices.refresh import query_and_apply
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.models import CaseKind, Invoice, InvoiceStatus, MoneyCase
from payments.polling.shards import invoices_to_poll
from payments.recovery import find_work
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    BY_POLLER,
    event_names,
    invoice_in,
    issued_invoice,
    order_state,
    reference,
    refresh,
    reloaded,
)
from tests.sandbox_process import SandboxProcess
from tests.staff import page_url, superuser

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def unacknowledged_invoice(sandbox: SandboxProcess) -> Invoice:
    """Return a paid invoice whose payment has not been acknowledged yet."""
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    query_and_apply(invoice, BY_POLLER)
    assert reloaded(invoice).acknowledged_at is None
    return reloaded(invoice)


def open_cases(invoice: Invoice) -> list[str]:
    cases = MoneyCase.objects.filter(invoice=invoice, closed_at=None)
    return list(cases.values_list("kind", flat=True))


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda answer: answer.replace(">PAID<", ">ISSUED<"),
        lambda answer: answer.replace(">PAID<", ">RESERVED<"),
        lambda answer: answer.replace(">PAID<", ">PARTIALLY_PAID<"),
        lambda answer: answer.replace(">PAID<", ">PONDERING<"),
        lambda answer: answer.replace("ersReference>", "ignored>"),
        lambda answer: answer.replace(">0<", ">54<"),
    ],
    ids=["issued", "reserved", "partially paid", "unknown", "without reference", "code 54"],
)
def test_answer_other_than_paid_does_not_acknowledge_and_opens_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, rewrite: Callable[[str], str]
) -> None:
    invoice = unacknowledged_invoice(sandbox)
    seqr_proxy.rewrite = rewrite

    for _ in range(3):
        refresh(invoice)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert reloaded(invoice).acknowledged_at is None
    assert open_cases(invoice) == [CaseKind.PAYMENT_UNCONFIRMED]
    assert event_names(invoice).count("unexpected_status") == 1
    assert invoices_to_poll().filter(pk=invoice.pk).exists()


def test_payment_confirmed_again_is_acknowledged_and_its_case_closed(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = unacknowledged_invoice(sandbox)
    seqr_proxy.rewrite = lambda answer: answer.replace(">PAID<", ">ISSUED<")
    refresh(invoice)
    seqr_proxy.clear_faults()

    refresh(invoice)

    assert reloaded(invoice).acknowledged_at is not None
    assert open_cases(invoice) == []


def test_acknowledged_payment_is_polled_again_after_an_answer_other_than_paid(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = unacknowledged_invoice(sandbox)
    second_poller_knows = reloaded(invoice)
    query_and_apply(invoice, BY_POLLER)
    assert reloaded(invoice).acknowledged_at is not None
    seqr_proxy.rewrite = lambda answer: answer.replace(">PAID<", ">PONDERING<")

    query_and_apply(second_poller_knows, BY_POLLER)

    assert open_cases(invoice) == [CaseKind.PAYMENT_UNCONFIRMED]
    assert invoices_to_poll().filter(pk=invoice.pk).exists()
    seqr_proxy.clear_faults()
    refresh(invoice)
    assert reloaded(invoice).acknowledged_at is not None
    assert open_cases(invoice) == []


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda answer: answer.replace(">PAID<", ">ISSUED<"),
        lambda answer: answer.replace(">0<", ">54<"),
    ],
    ids=["issued", "code 54"],
)
def test_payment_unconfirmed_again_after_its_case_closed_by_itself_opens_another(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, rewrite: Callable[[str], str]
) -> None:
    invoice = unacknowledged_invoice(sandbox)
    seqr_proxy.rewrite = rewrite
    refresh(invoice)
    seqr_proxy.clear_faults()
    refresh(invoice)
    assert open_cases(invoice) == []
    seqr_proxy.rewrite = rewrite

    refresh(invoice)

    assert open_cases(invoice) == [CaseKind.PAYMENT_UNCONFIRMED]


def test_unconfirmed_payment_whose_case_a_person_closed_opens_no_other(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """SEQR is queried every second, and goes on answering so."""
    invoice = unacknowledged_invoice(sandbox)
    seqr_proxy.rewrite = lambda answer: answer.replace(">PAID<", ">ISSUED<")
    refresh(invoice)
    case = MoneyCase.objects.get()
    superuser().post(page_url(case), {"closing_reason": "SEQR has refunded it"})

    refresh(invoice)
    Invoice.objects.update(paid_at=database_now() - timedelta(minutes=11))

    assert open_cases(invoice) == []
    assert find_work().unconfirmed_payments == []


@pytest.mark.parametrize(
    ("status", "is_acknowledged"), [(S.PAID, True), (S.CANCELED, False), (S.CANCELED, True)]
)
def test_invoice_that_has_changed_meanwhile_opens_no_case(
    status: InvoiceStatus, is_acknowledged: bool
) -> None:
    acknowledged_at = database_now() if is_acknowledged else None
    invoice = invoice_in(status, paid_at=database_now(), acknowledged_at=acknowledged_at)

    tasks.open_unconfirmed_case(invoice.pk)

    assert open_cases(invoice) == []


def test_payment_without_answer_after_its_case_closed_by_itself_opens_another() -> None:
    invoice = invoice_in(S.PAID, paid_at=database_now() - timedelta(minutes=11))
    tasks.open_unconfirmed_case(invoice.pk)
    close_case(MoneyCase.objects.get().pk, BY_POLLER, "SEQR confirms the payment again")

    found = find_work().unconfirmed_payments
    tasks.open_unconfirmed_case(invoice.pk)

    assert found == [invoice.pk]
    assert open_cases(invoice) == [CaseKind.PAYMENT_UNCONFIRMED]


def test_batch_leaves_acknowledgment_that_closes_a_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = unacknowledged_invoice(sandbox)
    seqr_proxy.rewrite = lambda answer: answer.replace(">PAID<", ">ISSUED<")
    refresh(invoice)
    invoice = reloaded(invoice)
    query = StatusQuery(
        invoice.pk,
        invoice.terminal_id,
        reference(invoice),
        invoice.invoice_version,
        S.PAID,
        invoice.order_id,
    )
    result = StatusResult(invoice.invoice_version, S.PAID, invoice.ers_reference)

    updated = apply_unchanged_batch([(query, result)], BY_POLLER)

    assert updated == set()
    assert open_cases(invoice) == [CaseKind.PAYMENT_UNCONFIRMED]


@pytest.mark.parametrize("status", [S.CANCELED, S.FAILED, S.EXPIRED])
def test_end_after_paid_is_a_reversal(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, status: InvoiceStatus
) -> None:
    invoice = unacknowledged_invoice(sandbox)
    seqr_proxy.rewrite = lambda answer: answer.replace(">PAID<", f">{status}<")

    refresh(invoice)

    assert (reloaded(invoice).status, order_state(invoice)) == (status, "needs_attention")
    assert open_cases(invoice) == [CaseKind.POSSIBLY_REVERSED]


def test_payment_after_a_reversal_is_acknowledged_anew(sandbox: SandboxProcess) -> None:
    invoice = unacknowledged_invoice(sandbox)
    query_and_apply(invoice, BY_POLLER)
    acknowledged_at = reloaded(invoice).acknowledged_at
    for status in (S.CANCELED, S.PAID):
        sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": status})
        query_and_apply(reloaded(invoice), BY_POLLER)
    paid = reloaded(invoice)
    is_polled = invoices_to_poll().filter(pk=invoice.pk).exists()

    query_and_apply(paid, BY_POLLER)

    assert acknowledged_at is not None
    assert (paid.status, paid.acknowledged_at, is_polled) == (S.PAID, None, True)
    acknowledged_again_at = reloaded(invoice).acknowledged_at
    assert acknowledged_again_at is not None
    assert acknowledged_again_at > acknowledged_at


def test_payment_without_a_further_answer_opens_one_case_and_is_polled_for_a_day() -> None:
    paid_at = database_now() - timedelta(minutes=11)
    invoice = invoice_in(S.PAID, paid_at=paid_at, receipt_accepted_at=paid_at)
    recent = invoice_in(S.PAID, receipt_accepted_at=paid_at)

    found = find_work().unconfirmed_payments
    for _ in range(2):
        tasks.open_unconfirmed_case(invoice.pk)

    assert found == [invoice.pk]
    assert find_work().unconfirmed_payments == []
    assert open_cases(invoice) == [CaseKind.PAYMENT_UNCONFIRMED]
    assert invoices_to_poll().count() == 2
    Invoice.objects.update(paid_at=database_now() - timedelta(hours=25))
    Invoice.objects.filter(pk=recent.pk).update(paid_at=database_now())
    assert [each.pk for each in invoices_to_poll()] == [recent.pk]
