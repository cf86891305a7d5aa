"""Refunds in the admin: who may, what is asked, and what is told."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.models import AuditEvent
from payments.cases.cases import open_refund_case
from payments.models import Invoice, InvoiceStatus, Refund, RefundStatus
from payments.refunds.refund import request_refund, withdraw_refund
from tests.payments.steps import invoice_in
from tests.staff import boss, list_url, page_url, run, staff, user_of

pytestmark = pytest.mark.django_db(transaction=True)


def form_of(invoice: Invoice) -> str:
    return reverse("admin:payments_invoice_refund", args=[invoice.pk])


def request_of(invoice: Invoice, amount: str = "10.00") -> Refund:
    clerk = User.objects.create_user("clerk")
    refund, _ = request_refund(invoice.pk, Decimal(amount), "cold", clerk, "a form")
    return refund


def test_the_button_leads_to_a_form_with_what_can_be_given_back() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    client = boss()

    page = client.get(page_url(invoice)).content.decode()
    form = client.post(
        list_url(Invoice), {"action": "give_money_back", "_selected_action": [invoice.pk]}
    ).content.decode()

    assert "Give money back" in page
    assert "At most 45.00" in form
    assert f'action="{form_of(invoice)}"' in form


def test_one_form_sent_twice_is_one_refund() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    client = boss()
    body = {"amount": "20.00", "reason": "cold coffee", "nonce": "one form"}

    answers = [client.post(form_of(invoice), body) for _ in range(2)]

    refund = Refund.objects.get()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert (refund.amount, refund.status) == (Decimal("20.00"), RefundStatus.CREATED)
    assert refund.requested_by == user_of(client)


@pytest.mark.parametrize(
    ("amount", "reason", "said"),
    [
        ("45.01", "cold", "At most 45.00 SEK can be given back."),
        ("-1", "cold", "greater than or equal to 0.01"),
        ("ten", "cold", "Enter a number."),
        ("10.00", " ", "This field is required."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(amount: str, reason: str, said: str) -> None:
    invoice = invoice_in(InvoiceStatus.PAID)

    page = boss().post(form_of(invoice), {"amount": amount, "reason": reason, "nonce": "n"})

    assert said in page.content.decode()
    assert Refund.objects.count() == 0


def test_without_the_permission_nobody_gives_money_back() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    client = staff("payments.view_invoice", "payments.cancel_invoice", "payments.view_refund")

    answer = client.post(form_of(invoice), {"amount": "1", "reason": "x", "nonce": "n"})

    assert answer.status_code == 403
    assert "Give money back" not in client.get(page_url(invoice)).content.decode()
    assert Refund.objects.count() == 0


def test_a_second_person_approves_and_the_first_cannot(settings: Settings) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("5.00")
    invoice = invoice_in(InvoiceStatus.PAID)
    first, second = boss(), boss()
    first.post(form_of(invoice), {"amount": "10.00", "reason": "cold", "nonce": "n"})
    refund = Refund.objects.get()

    own = run(first, "approve", refund)
    others = run(second, "approve", refund)

    assert own[-1] == f"A second person approves a refund of this size: Refund {refund.pk}."
    assert others == [f"Approved, and on its way to SEQR: Refund {refund.pk}."]
    assert Refund.objects.get().approved_by == user_of(second)


def test_what_waits_is_withdrawn() -> None:
    refund = request_of(invoice_in(InvoiceStatus.PAID))

    told = [run(boss(), "withdraw", refund), run(boss(), "withdraw", refund)]

    assert told == [
        [f"Withdrawn: Refund {refund.pk}."],
        [f"Too late to withdraw: Refund {refund.pk}."],
    ]


def test_an_unknown_refund_is_settled_with_how_it_was_found_out() -> None:
    refund = request_of(invoice_in(InvoiceStatus.PAID))
    Refund.objects.update(status=RefundStatus.UNKNOWN)
    client = boss()
    page = reverse("admin:payments_refund_settle", args=[refund.pk])
    shown = client.get(page).content.decode()

    without = client.post(page, {"went_back": "yes", "reason": ""}).content.decode()
    client.post(page, {"went_back": "yes", "reason": "row 7 of the report", "ers_reference": "E7"})

    refund.refresh_from_db()
    assert "went back to the customer" in shown
    assert "This field is required." in without
    assert (refund.status, refund.ers_reference) == (RefundStatus.REFUNDED, "E7")
    assert (refund.settled_by, refund.settled_reason) == (user_of(client), "row 7 of the report")


def test_who_may_give_money_back_may_not_settle() -> None:
    refund = request_of(invoice_in(InvoiceStatus.PAID))
    Refund.objects.update(status=RefundStatus.UNKNOWN)
    client = staff("payments.view_refund", "payments.request_refund")

    answer = client.post(
        reverse("admin:payments_refund_settle", args=[refund.pk]),
        {"went_back": "no", "reason": "x"},
    )

    assert answer.status_code == 403
    assert Refund.objects.get().status == RefundStatus.UNKNOWN


def test_every_step_of_the_staff_stays_with_who_took_it(settings: Settings) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("5.00")
    invoice = invoice_in(InvoiceStatus.PAID)
    asker, approver, settler = boss(), boss(), boss()
    for nonce in ("one", "two"):
        asker.post(form_of(invoice), {"amount": "10.00", "reason": "cold", "nonce": nonce})
    refund, unwanted = Refund.objects.order_by("pk")
    run(approver, "approve", refund)
    run(approver, "withdraw", unwanted)
    Refund.objects.filter(pk=refund.pk).update(status=RefundStatus.UNKNOWN)
    open_refund_case(refund, ChangeSource("send_refund"), "no answer")
    settler.post(
        reverse("admin:payments_refund_settle", args=[refund.pk]),
        {"went_back": "no", "reason": "x"},
    )

    told = (
        AuditEvent.objects.filter(actor__isnull=False).order_by("id").values_list("name", "actor")
    )

    a, b, c = (user_of(client).pk for client in (asker, approver, settler))
    assert list(told) == [
        ("refund_asked_for", a),
        ("refund_asked_for", a),
        ("refund_approved", b),
        ("refund_withdrawn", b),
        ("refund_settled_as_not_done", c),
        ("case_closed", c),
    ]


def test_the_orders_history_tells_the_refund_in_words() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    refund = request_of(invoice)
    withdraw_refund(refund.pk, User.objects.get(username="clerk"))

    page = boss().get(page_url(invoice.order)).content.decode()

    assert "refund withdrawn" in page
    assert "<td>withdrawn</td>" in page
    assert "WITHDRAWN" not in page
