"""An order that needs attention continues once staff close its case."""

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.audit import ChangeSource, by_staff
from orders.models import Order, SourceName
from orders.services import blocking_order
from payments.cases.cases import open_case
from payments.invoices.create import current_invoice
from payments.invoices.resolve_attention import resolve_case
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, MoneyCase
from payments.refunds.refund import request_refund
from payments.refunds.send import send_refund
from tests.factories import InvoiceFactory
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    BY_POLLER,
    invoice_in,
    issued_invoice,
    order_state,
    paid_invoice,
    reference,
    refresh,
    reloaded,
    retried_invoice,
)
from tests.sandbox_process import SandboxProcess
from tests.staff import page_url, run_action, superuser, user_of

pytestmark = pytest.mark.django_db(transaction=True)


def close(case: MoneyCase, reason: str = "agreed with the customer") -> None:
    client: Client = superuser()
    client.post(page_url(case), {"closing_reason": reason})


def invoice_paid_with_wrong_amount(sandbox: SandboxProcess) -> Invoice:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"receipt_amount": "40.00"})
    refresh(invoice)
    assert order_state(invoice) == "needs_attention"
    return reloaded(invoice)


def reversed_invoice(sandbox: SandboxProcess) -> Invoice:
    invoice = paid_invoice(sandbox)
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "CANCELED"})
    refresh(invoice)
    assert order_state(invoice) == "needs_attention"
    return reloaded(invoice)


def test_order_paid_with_wrong_amount_is_paid_once_its_case_is_closed(
    sandbox: SandboxProcess,
) -> None:
    invoice = invoice_paid_with_wrong_amount(sandbox)

    close(MoneyCase.objects.get(kind=CaseKind.AMOUNT_DIFFERS))

    assert order_state(invoice) == "paid"


@pytest.mark.parametrize(("amount", "state"), [("5.00", "partly_refunded"), ("40.00", "refunded")])
def test_order_refunded_while_its_case_is_open_has_that_state_once_the_case_is_closed(
    sandbox: SandboxProcess, amount: str, state: str
) -> None:
    invoice = invoice_paid_with_wrong_amount(sandbox)
    clerk = User.objects.create_user("clerk")
    refund, _ = request_refund(invoice.pk, Decimal(amount), "too much", by_staff(clerk), "a form")
    send_refund(refund.pk)
    state_before = order_state(invoice)

    close(MoneyCase.objects.get(kind=CaseKind.AMOUNT_DIFFERS))

    assert (state_before, order_state(invoice)) == ("needs_attention", state)


def test_partly_refunded_order_cannot_be_served_while_its_case_is_open(
    sandbox: SandboxProcess,
) -> None:
    invoice = invoice_paid_with_wrong_amount(sandbox)
    client = superuser()
    refund, _ = request_refund(
        invoice.pk, Decimal("5.00"), "too much", by_staff(user_of(client)), "a form"
    )
    send_refund(refund.pk)

    run_action(client, "mark_as_served", invoice.order)
    served_before = Order.objects.get().served_at
    close(MoneyCase.objects.get(kind=CaseKind.AMOUNT_DIFFERS))
    run_action(client, "mark_as_served", invoice.order)

    assert served_before is None
    assert Order.objects.get().served_at is not None


def test_order_that_has_failed_stays_so_when_a_case_about_it_is_closed() -> None:
    invoice = invoice_in(InvoiceStatus.FAILED)
    case = open_case(CaseKind.PARTIAL_PAYMENT, BY_POLLER, "a part was paid", invoice=invoice)
    assert case is not None

    was_open = resolve_case(case.pk, BY_POLLER, "agreed with the customer")

    assert (was_open, order_state(invoice)) == (True, "failed")


def test_reversed_order_can_be_paid_again_once_its_case_is_closed(sandbox: SandboxProcess) -> None:
    invoice = reversed_invoice(sandbox)

    close(MoneyCase.objects.get(kind=CaseKind.POSSIBLY_REVERSED))

    assert order_state(invoice) == "canceled"
    retried = retried_invoice(invoice)
    assert current_invoice(Order.objects.get(pk=invoice.order_id)) == retried
    sandbox.pay(reference(retried))
    refresh(retried)
    assert order_state(invoice) == "paid"


def test_second_reversal_opens_another_case_whose_closing_frees_the_customer(
    sandbox: SandboxProcess,
) -> None:
    invoice = reversed_invoice(sandbox)
    close(MoneyCase.objects.get(kind=CaseKind.POSSIBLY_REVERSED))
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "PAID"})
    refresh(invoice)
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "CANCELED"})
    refresh(invoice)
    state_before = order_state(invoice)

    close(MoneyCase.objects.get(kind=CaseKind.POSSIBLY_REVERSED, closed_at=None))

    assert (state_before, order_state(invoice)) == ("needs_attention", "canceled")
    assert blocking_order(invoice.order.customer, invoice.order.shop) is None


@pytest.mark.parametrize("amount", ["40.00", None], ids=["wrong", "unknown"])
def test_second_payment_with_an_unclear_amount_opens_another_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, amount: str | None
) -> None:
    shown = f"<value>{amount}</value>" if amount else ""
    seqr_proxy.rewrite = lambda answer: re.sub(r"<value>45\.00?</value>", shown, answer)
    invoice = paid_invoice(sandbox)
    first = MoneyCase.objects.get(invoice=invoice)
    close(first)
    for status in ("CANCELED", "PAID"):
        sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": status})
        refresh(invoice)

    second = MoneyCase.objects.filter(invoice=invoice, kind=first.kind).latest("pk")
    assert (second.closed_at, second.pk > first.pk) == (None, True)


def test_order_with_another_open_case_still_needs_attention(sandbox: SandboxProcess) -> None:
    invoice = reversed_invoice(sandbox)
    MoneyCase.objects.create(
        kind=CaseKind.AMOUNT_DIFFERS,
        invoice=invoice,
        order=invoice.order,
        summary="another",
        key="another",
    )
    first, second = MoneyCase.objects.filter(order=invoice.order).order_by("pk")

    close(first)
    assert order_state(invoice) == "needs_attention"
    close(second)

    assert order_state(invoice) == "canceled"


def test_order_with_open_invoice_still_needs_attention(sandbox: SandboxProcess) -> None:
    invoice = reversed_invoice(sandbox)
    InvoiceFactory.create(
        order=invoice.order,
        attempt=2,
        cancel_pending=True,
        cancel_reason=CancelReason.SUPERSEDED,
    )

    close(MoneyCase.objects.get(kind=CaseKind.POSSIBLY_REVERSED))

    assert order_state(invoice) == "needs_attention"


def test_paid_order_continues_while_its_other_invoice_is_being_cancelled(
    sandbox: SandboxProcess,
) -> None:
    """The other invoice's end does not change the state of a paid order."""
    invoice = invoice_paid_with_wrong_amount(sandbox)
    InvoiceFactory.create(
        order=invoice.order,
        attempt=2,
        cancel_pending=True,
        cancel_reason=CancelReason.SUPERSEDED,
    )

    close(MoneyCase.objects.get(kind=CaseKind.AMOUNT_DIFFERS))

    assert order_state(invoice) == "paid"


def test_closing_case_of_paid_order_does_not_change_the_order(sandbox: SandboxProcess) -> None:
    invoice = paid_invoice(sandbox)
    case = MoneyCase.objects.create(
        kind=CaseKind.PAID_THOUGH_CANCELED, invoice=invoice, order=invoice.order, summary="late"
    )

    closed = resolve_case(case.pk, ChangeSource(SourceName.STAFF), "served")
    again = resolve_case(case.pk, ChangeSource(SourceName.STAFF), "served")

    assert (closed, again, order_state(invoice)) == (True, False, "paid")
