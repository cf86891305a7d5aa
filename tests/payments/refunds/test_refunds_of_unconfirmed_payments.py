"""Refunds of a payment that SEQR has stopped confirming: SEQR may have returned the money."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from orders.audit import by_staff
from payments.cases.cases import close_case
from payments.models import CaseKind, Invoice, InvoiceStatus, MoneyCase, Refund, RefundStatus
from payments.recovery import find_work
from payments.refunds.refund import RefundNotAccepted, approve_refund
from payments.refunds.send import send_refund
from tests.fault_proxy import FaultProxy
from tests.payments.refunds.steps import refunded_at_seqr, requested_refund, status_of
from tests.payments.steps import call_count, invoice_in, refresh
from tests.sandbox_process import SandboxProcess
from tests.staff import page_url, shown_messages, superuser

S = RefundStatus
pytestmark = pytest.mark.django_db(transaction=True)


def unconfirm(proxy: FaultProxy, invoice: Invoice) -> MoneyCase:
    """Let SEQR answer ISSUED about a paid invoice; return the case about it."""
    proxy.rewrite = lambda answer: answer.replace(">PAID<", ">ISSUED<")
    refresh(invoice)
    proxy.clear_faults()
    return MoneyCase.objects.get(kind=CaseKind.PAYMENT_UNCONFIRMED)


def test_refund_of_an_unconfirmed_payment_waits_until_seqr_confirms_the_payment_again(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, invoice: Invoice, refund: Refund
) -> None:
    case = unconfirm(seqr_proxy, invoice)

    send_refund(refund.pk)
    waiting = (status_of(refund), call_count(sandbox, "refundPayment"))
    refresh(invoice)
    send_refund(refund.pk)

    case.refresh_from_db()
    assert waiting == (S.CREATED, 0)
    assert case.closed_at is not None
    assert (status_of(refund), refunded_at_seqr(sandbox, invoice)) == (S.REFUNDED, Decimal(40))


def test_refund_that_waits_does_not_take_the_place_of_others_in_recovery(
    seqr_proxy: FaultProxy, invoice: Invoice, refund: Refund, clerk: User, boss: User
) -> None:
    case = unconfirm(seqr_proxy, invoice)
    other = requested_refund(invoice_in(InvoiceStatus.PAID), "10.00", clerk)
    before = find_work().refunds_to_send

    close_case(case.pk, by_staff(boss), "SEQR still has the payment")

    assert before == [other.pk]
    assert find_work().refunds_to_send == [refund.pk, other.pk]


def test_refund_of_an_unconfirmed_payment_cannot_be_approved(
    settings: Settings, seqr_proxy: FaultProxy, invoice: Invoice, clerk: User, boss: User
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("10.00")
    refund = requested_refund(invoice, "20.00", clerk)
    case = unconfirm(seqr_proxy, invoice)

    with pytest.raises(RefundNotAccepted, match="SEQR no longer confirms the payment"):
        approve_refund(refund.pk, by_staff(boss))
    status_before = status_of(refund)
    close_case(case.pk, by_staff(boss), "SEQR still has the payment")

    assert status_before == S.REQUESTED
    assert approve_refund(refund.pk, by_staff(boss))


def test_refund_of_a_payment_reversed_after_it_was_unconfirmed_is_withdrawn(
    settings: Settings, seqr_proxy: FaultProxy, invoice: Invoice, clerk: User, boss: User
) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("10.00")
    refund = requested_refund(invoice, "20.00", clerk)
    unconfirm(seqr_proxy, invoice)
    Invoice.objects.filter(pk=invoice.pk).update(status="CANCELED")  # by another way than SEQR's

    approved = approve_refund(refund.pk, by_staff(boss))

    assert (approved, status_of(refund)) == (False, S.WITHDRAWN)


def test_case_of_an_unconfirmed_payment_offers_no_refund(
    seqr_proxy: FaultProxy, invoice: Invoice
) -> None:
    case = unconfirm(seqr_proxy, invoice)

    page = superuser().get(page_url(case)).content.decode()

    assert "Check with SEQR" in page
    assert "Refund …" not in page


def test_staff_read_that_a_refund_of_an_unconfirmed_payment_waits(
    seqr_proxy: FaultProxy, invoice: Invoice
) -> None:
    unconfirm(seqr_proxy, invoice)
    body = {"amount": "10.00", "reason": "cold coffee", "nonce": "a form"}

    answer = superuser().post(f"/admin/payments/invoice/{invoice.pk}/refund/", body)

    assert shown_messages(answer) == [
        "SEQR no longer confirms the payment; the refund is sent when the case about it is closed."
    ]
