"""An order that needs attention goes on once the staff have closed its case."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.audit import ChangeSource, by_staff
from orders.models import Order, OrderState, SourceName
from payments.invoices.create import current_invoice, retry_payment
from payments.invoices.resolve_attention import resolve_case
from payments.invoices.send import send_invoice
from payments.models import CancelReason, CaseKind, Invoice, MoneyCase
from payments.refunds.refund import request_refund, send_refund
from tests.factories import InvoiceFactory
from tests.payments.steps import (
    issued_invoice,
    order_state,
    paid_invoice,
    reference,
    refresh,
    reloaded,
)
from tests.sandbox_process import SandboxProcess
from tests.staff import page_url, superuser

pytestmark = pytest.mark.django_db(transaction=True)


def close(case: MoneyCase, reason: str = "settled with the customer") -> None:
    client: Client = superuser()
    client.post(page_url(case), {"closing_reason": reason})


def paid_with_another_amount(sandbox: SandboxProcess) -> Invoice:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"receipt_amount": "40.00"})
    refresh(invoice)
    assert order_state(invoice) == "needs_attention"
    return reloaded(invoice)


def paid_and_taken_back(sandbox: SandboxProcess) -> Invoice:
    invoice = paid_invoice(sandbox)
    sandbox.control("PUT", f"/invoices/{reference(invoice)}", {"status": "CANCELED"})
    refresh(invoice)
    assert order_state(invoice) == "needs_attention"
    return reloaded(invoice)


def test_an_order_that_was_paid_otherwise_is_paid_once_the_difference_is_settled(
    sandbox: SandboxProcess,
) -> None:
    invoice = paid_with_another_amount(sandbox)

    close(MoneyCase.objects.get(kind=CaseKind.AMOUNT_DIFFERS))

    assert order_state(invoice) == "paid"


def test_what_went_back_of_it_meanwhile_is_told(sandbox: SandboxProcess) -> None:
    invoice = paid_with_another_amount(sandbox)
    clerk = User.objects.create_user("clerk")
    refund, _ = request_refund(invoice.pk, Decimal("5.00"), "too much", by_staff(clerk), "a form")
    send_refund(refund.pk)
    Order.objects.filter(pk=invoice.order_id).update(state=OrderState.NEEDS_ATTENTION)

    close(MoneyCase.objects.get(kind=CaseKind.AMOUNT_DIFFERS))

    assert order_state(invoice) == "partly_refunded"


def test_an_order_whose_payment_was_taken_back_can_be_paid_again_once_that_is_settled(
    sandbox: SandboxProcess,
) -> None:
    invoice = paid_and_taken_back(sandbox)

    close(MoneyCase.objects.get(kind=CaseKind.POSSIBLY_REVERSED))

    assert order_state(invoice) == "canceled"
    order = invoice.order
    again = retry_payment(order.customer, order.public_id, ChangeSource(SourceName.CUSTOMER))
    send_invoice(again.pk)
    assert current_invoice(Order.objects.get(pk=order.pk)) == again
    sandbox.pay(reference(reloaded(again)))
    refresh(again)
    assert order_state(invoice) == "paid"


def test_as_long_as_it_has_another_such_case_it_waits(sandbox: SandboxProcess) -> None:
    invoice = paid_and_taken_back(sandbox)
    MoneyCase.objects.create(
        kind=CaseKind.AMOUNT_DIFFERS, invoice=invoice, order=invoice.order, summary="odd", key="odd"
    )
    first, second = MoneyCase.objects.filter(order=invoice.order).order_by("pk")

    close(first)
    assert order_state(invoice) == "needs_attention"
    close(second)

    assert order_state(invoice) == "canceled"


def test_as_long_as_an_invoice_of_it_is_open_seqrs_answer_decides(sandbox: SandboxProcess) -> None:
    invoice = paid_and_taken_back(sandbox)
    InvoiceFactory.create(
        order=invoice.order,
        attempt=2,
        cancel_pending=True,
        cancel_reason=CancelReason.SUPERSEDED,
    )

    close(MoneyCase.objects.get(kind=CaseKind.POSSIBLY_REVERSED))

    assert order_state(invoice) == "needs_attention"


def test_the_case_of_an_order_that_needs_none_changes_nothing_but_itself(
    sandbox: SandboxProcess,
) -> None:
    invoice = paid_invoice(sandbox)
    case = MoneyCase.objects.create(
        kind=CaseKind.PAID_THOUGH_CANCELED, invoice=invoice, order=invoice.order, summary="late"
    )

    closed = resolve_case(case.pk, ChangeSource(SourceName.STAFF), "served")
    again = resolve_case(case.pk, ChangeSource(SourceName.STAFF), "served")

    assert (closed, again, order_state(invoice)) == (True, False, "paid")
