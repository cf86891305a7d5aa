"""The case's page has the buttons to do what its advice tells."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from orders.audit import ChangeSource
from payments.cases.cases import close_case, open_case, open_refund_case, open_stuck_case
from payments.models import CaseKind, Invoice, InvoiceStatus, MoneyCase, RefundStatus
from payments.refunds.refund import request_refund
from payments.refunds.transitions import lock_refund, transition_refund
from tests.payments.steps import fresh, invoice_in, issued_invoice, reference
from tests.sandbox_process import SandboxProcess
from tests.staff import boss, list_url, page_url, run, staff

S = InvoiceStatus
BY_TEST = ChangeSource("test")
pytestmark = pytest.mark.django_db(transaction=True)


def case_about(invoice: Invoice, kind: CaseKind = CaseKind.UNKNOWN_STATUS) -> MoneyCase:
    case = open_case(kind, BY_TEST, "something is wrong", invoice=invoice)
    assert case is not None
    return case


def unknown_refund_case() -> MoneyCase:
    invoice = invoice_in(S.PAID)
    clerk = User.objects.create_user("clerk")
    refund, _ = request_refund(invoice.pk, Decimal(10), "cold", clerk, "a form")
    with transaction.atomic():
        for to in (RefundStatus.SENDING, RefundStatus.UNKNOWN):
            transition_refund(lock_refund(refund.pk), to, BY_TEST)
        open_refund_case(lock_refund(refund.pk), BY_TEST, "no answer came")
    return MoneyCase.objects.get()


def buttons_of(case: MoneyCase) -> list[str]:
    response = boss().get(page_url(case))
    return [name for name, _ in response.context["detail_actions"]]


def test_the_buttons_are_those_that_help() -> None:
    waiting = case_about(invoice_in(S.ISSUED))
    paid = case_about(invoice_in(S.PAID), CaseKind.PAID_THOUGH_CANCELED)

    assert buttons_of(waiting) == ["ask_seqr"]
    assert buttons_of(paid) == ["ask_seqr", "give_money_back"]


def test_an_unknown_refund_is_settled_from_its_case() -> None:
    case = unknown_refund_case()

    buttons = buttons_of(case)
    response = boss().post(
        list_url(MoneyCase), {"action": "resolve_unknown_refund", "_selected_action": [case.pk]}
    )

    assert buttons == ["resolve_unknown_refund"]
    assert response["Location"] == reverse("admin:payments_refund_settle", args=[case.refund_id])


def test_money_of_a_stuck_refund_is_not_given_back_beside_it() -> None:
    clerk = User.objects.create_user("clerk")
    refund, _ = request_refund(invoice_in(S.PAID).pk, Decimal(10), "cold", clerk, "a form")
    with transaction.atomic():
        open_stuck_case(lock_refund(refund.pk), BY_TEST, "SEQR is busy")

    buttons = buttons_of(MoneyCase.objects.get())

    assert buttons == []


def test_a_closed_case_has_no_buttons() -> None:
    case = case_about(invoice_in(S.ISSUED))
    close_case(case.pk, BY_TEST, "it was nothing")

    assert buttons_of(case) == []


def test_a_second_payment_is_not_asked_about_since_asking_would_accept_it() -> None:
    paid = invoice_in(S.PAID)
    second = invoice_in(S.CANCELED)
    Invoice.objects.filter(pk=second.pk).update(order=paid.order, attempt=2)

    assert buttons_of(case_about(fresh(second), CaseKind.SECOND_PAYMENT)) == []


def test_seqr_is_asked_from_the_case(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    case = case_about(invoice)
    sandbox.pay(reference(invoice))

    said = run(staff("payments.view_moneycase", "payments.check_invoice"), "ask_seqr", case)

    assert said == [f"Now: paid: {invoice.client_invoice_id}."]
    assert fresh(invoice).status == S.PAID


def test_money_is_given_back_from_the_case() -> None:
    case = case_about(invoice_in(S.PAID), CaseKind.PAID_THOUGH_CANCELED)

    page = boss().post(
        list_url(MoneyCase), {"action": "give_money_back", "_selected_action": [case.pk]}
    )

    assert "At most 45.00" in page.content.decode()


def test_two_cases_at_a_time_are_not_refunded() -> None:
    cases = [case_about(invoice_in(S.PAID), CaseKind.PAID_THOUGH_CANCELED) for _ in range(2)]

    said = run(boss(), "give_money_back", *cases)

    assert said == ["Choose one case at a time."]


def test_each_button_needs_the_permission_of_what_it_does() -> None:
    case = case_about(invoice_in(S.PAID), CaseKind.PAID_THOUGH_CANCELED)
    client = staff("payments.view_moneycase")

    page = client.get(page_url(case))
    answer = client.post(
        list_url(MoneyCase), {"action": "give_money_back", "_selected_action": [case.pk]}
    )

    assert page.context["detail_actions"] == []
    assert "At most" not in answer.content.decode()
