"""Refunds in the admin: requested, approved, withdrawn and resolved, each with its permission."""

from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse
from pytest_django import Settings

from orders.audit import ChangeSource, by_staff
from orders.models import AuditEvent, SourceName
from payments.cases.cases import open_refund_case
from payments.models import Invoice, InvoiceStatus, MoneyCase, Refund, RefundStatus
from payments.refunds.hold import refunds_are_held
from payments.refunds.refund import request_refund, withdraw_refund
from tests.payments.steps import invoice_in
from tests.staff import (
    list_url,
    page_url,
    run_action,
    shown_messages,
    staff,
    superuser,
    user_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


def refund_url(invoice: Invoice) -> str:
    return reverse("admin:payments_invoice_refund", args=[invoice.pk])


def requested_refund(invoice: Invoice, amount: str = "10.00") -> Refund:
    clerk = User.objects.create_user("clerk")
    refund, _ = request_refund(invoice.pk, Decimal(amount), "cold", by_staff(clerk), "a form")
    return refund


def test_refund_action_shows_the_refundable_amount() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    client = superuser()

    page = client.get(page_url(invoice)).content.decode()
    form = client.post(
        list_url(Invoice), {"action": "refund", "_selected_action": [invoice.pk]}
    ).content.decode()

    assert "Refund …" in page
    assert "At most 45.00" in form
    assert f'action="{refund_url(invoice)}"' in form


def test_form_submitted_twice_is_one_refund() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    client = superuser()
    body = {"amount": "20.00", "reason": "cold coffee", "nonce": "one form"}

    answers = [client.post(refund_url(invoice), body) for _ in range(2)]

    refund = Refund.objects.get()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert (refund.amount, refund.status) == (Decimal("20.00"), RefundStatus.CREATED)
    assert refund.requested_by == user_of(client)


@pytest.mark.parametrize(
    ("amount", "reason", "error"),
    [
        ("45.01", "cold", "At most 45.00 SEK can be refunded."),
        ("-1", "cold", "greater than or equal to 0.01"),
        ("ten", "cold", "Enter a number."),
        ("10.00", " ", "Choose a reason."),
    ],
)
def test_invalid_refund_is_refused(amount: str, reason: str, error: str) -> None:
    invoice = invoice_in(InvoiceStatus.PAID)

    page = superuser().post(refund_url(invoice), {"amount": amount, "reason": reason, "nonce": "n"})

    assert error in page.content.decode()
    assert Refund.objects.count() == 0


def test_refund_needs_its_permission() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    client = staff("payments.view_invoice", "payments.cancel_invoice", "payments.view_refund")

    answer = client.post(refund_url(invoice), {"amount": "1", "reason": "x", "nonce": "n"})

    assert answer.status_code == 403
    assert "Refund …" not in client.get(page_url(invoice)).content.decode()
    assert Refund.objects.count() == 0


def test_refund_is_approved_by_a_second_person_only(settings: Settings) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("5.00")
    invoice = invoice_in(InvoiceStatus.PAID)
    first, second = superuser(), superuser()
    first.post(refund_url(invoice), {"amount": "10.00", "reason": "cold", "nonce": "n"})
    refund = Refund.objects.get()

    own = run_action(first, "approve", refund)
    others = run_action(second, "approve", refund)

    assert own[-1] == f"A refund must be approved by a second person: Refund {refund.pk}."
    assert others == [f"Approved, being sent to SEQR: Refund {refund.pk}."]
    assert Refund.objects.get().approved_by == user_of(second)


@pytest.mark.parametrize(
    ("language", "message", "field"),
    [
        (
            "en",
            "The refund needs approval by a second person: "
            "the person's refunds today exceed the daily limit.",
            "Reason for approval",
        ),
        (
            "sv",
            "Återbetalningen måste godkännas av en annan person: "
            "personens återbetalningar i dag överskrider dagsgränsen.",
            "Skäl till godkännande",
        ),
    ],
)
def test_staff_read_why_a_refund_needs_approval(
    settings: Settings, language: str, message: str, field: str
) -> None:
    settings.REFUND_DAILY_LIMIT_PER_PERSON = Decimal("5.00")
    client = superuser()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    invoice = invoice_in(InvoiceStatus.PAID)
    form = client.get(refund_url(invoice)).content.decode()

    answer = client.post(
        refund_url(invoice), {"amount": "10.00", "reason": "cold", "nonce": "a form"}
    )

    page = client.get(page_url(Refund.objects.get())).content.decode()
    assert {"en": "5.00", "sv": "5,00"}[language] in form
    assert shown_messages(answer) == [message]
    assert field in page
    assert unescape(page).count(message.partition(": ")[2].rstrip(".")) >= 1


def test_approval_of_a_refund_whose_payment_was_reversed_withdraws_it(settings: Settings) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("5.00")
    refund = requested_refund(invoice_in(InvoiceStatus.PAID))
    Invoice.objects.update(status=InvoiceStatus.CANCELED)
    client = superuser()

    messages = run_action(client, "approve", refund)

    page = client.get(page_url(refund)).content.decode()
    assert messages == [f"Withdrawn (the payment is no longer paid): Refund {refund.pk}."]
    assert "Reason for withdrawal" in page
    assert "the payment is no longer paid" in page


def test_waiting_refund_is_withdrawn_once() -> None:
    refund = requested_refund(invoice_in(InvoiceStatus.PAID))

    messages = [
        run_action(superuser(), "withdraw", refund),
        run_action(superuser(), "withdraw", refund),
    ]

    assert messages == [
        [f"Withdrawn: Refund {refund.pk}."],
        [f"Too late to withdraw: Refund {refund.pk}."],
    ]


def test_unknown_refund_is_resolved_with_a_reason() -> None:
    refund = requested_refund(invoice_in(InvoiceStatus.PAID))
    Refund.objects.update(status=RefundStatus.UNKNOWN)
    client = superuser()
    page = reverse("admin:payments_refund_resolve", args=[refund.pk])
    shown = client.get(page).content.decode()

    without = client.post(page, {"was_refunded": "yes", "reason": ""}).content.decode()
    done = client.post(
        page, {"was_refunded": "yes", "reason": "row 7 of the report", "ers_reference": "E7"}
    )

    refund.refresh_from_db()
    assert "was returned to the customer" in shown
    assert "This field is required." in without
    assert shown_messages(done) == ["The outcome is recorded."]
    assert (refund.status, refund.ers_reference) == (RefundStatus.REFUNDED, "E7")
    assert (refund.resolved_by, refund.resolution_reason) == (
        user_of(client),
        "row 7 of the report",
    )


def test_resolving_needs_its_own_permission() -> None:
    refund = requested_refund(invoice_in(InvoiceStatus.PAID))
    Refund.objects.update(status=RefundStatus.UNKNOWN)
    client = staff("payments.view_refund", "payments.request_refund")

    answer = client.post(
        reverse("admin:payments_refund_resolve", args=[refund.pk]),
        {"was_refunded": "no", "reason": "x"},
    )

    assert answer.status_code == 403
    assert Refund.objects.get().status == RefundStatus.UNKNOWN


def test_every_step_is_audited_with_its_user(settings: Settings) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("5.00")
    invoice = invoice_in(InvoiceStatus.PAID)
    requester, approver, resolver = superuser(), superuser(), superuser()
    for nonce in ("one", "two"):
        requester.post(refund_url(invoice), {"amount": "10.00", "reason": "cold", "nonce": nonce})
    refund, unwanted = Refund.objects.order_by("pk")
    run_action(approver, "approve", refund)
    run_action(approver, "withdraw", unwanted)
    Refund.objects.filter(pk=refund.pk).update(status=RefundStatus.UNKNOWN)
    open_refund_case(refund, ChangeSource(SourceName.SEND_REFUND), "no answer")
    resolver.post(
        reverse("admin:payments_refund_resolve", args=[refund.pk]),
        {"was_refunded": "no", "reason": "x"},
    )

    steps = (
        AuditEvent.objects.filter(actor__isnull=False).order_by("id").values_list("name", "actor")
    )

    a, b, c = (user_of(client).pk for client in (requester, approver, resolver))
    assert list(steps) == [
        ("refund_requested", a),
        ("refund_requested", a),
        ("refund_approved", b),
        ("refund_withdrawn", b),
        ("refund_resolved_as_not_refunded", c),
        ("case_closed", c),
    ]


def test_order_history_shows_refund_states_as_labels() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    refund = requested_refund(invoice)
    withdraw_refund(refund.pk, by_staff(User.objects.get(username="clerk")))

    page = superuser().get(page_url(invoice.order)).content.decode()

    assert "refund withdrawn" in page
    assert "<td>to be sent</td>" in page  # the value CREATED, which invoices have too
    assert "<td>withdrawn</td>" in page
    assert "WITHDRAWN" not in page


def test_refund_is_offered_as_possibly_made_during_a_hold_alone() -> None:
    refund = requested_refund(invoice_in(InvoiceStatus.PAID))
    client = superuser()

    def actions() -> list[list[str]]:
        found = []
        for status in (RefundStatus.REQUESTED, RefundStatus.CREATED):
            Refund.objects.update(status=status)
            page = client.get(page_url(refund))
            found.append([name for name, _ in page.context["row_actions"]])
        return found

    without_hold = actions()
    call_command("hold_refunds")

    assert without_hold == [["approve", "decline", "withdraw"], ["withdraw"]]
    assert actions() == [
        ["approve", "decline", "withdraw", "possibly_made"],
        ["withdraw", "possibly_made"],
    ]


def test_refund_on_hold_is_marked_as_possibly_made_and_the_case_sends_the_others() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    refund = requested_refund(invoice)
    client = superuser()
    call_command("hold_refunds")
    case = MoneyCase.objects.get()
    answer = client.post(refund_url(invoice), {"amount": "1.00", "reason": "cold", "nonce": "late"})
    case_page = client.get(page_url(case)).content.decode()
    refund_page = client.get(page_url(refund)).content.decode()

    marked = run_action(client, "possibly_made", refund, confirmed="yes")
    client.post(page_url(case), {"closing_reason": "SEQR's list has no other one"})
    marked_after_the_hold = run_action(client, "possibly_made", refund, confirmed="yes")

    assert shown_messages(answer) == [
        "Refunds are on hold; this one is sent when the hold ends.",
    ]
    assert "2 unsent refunds" in case_page
    assert "status__in=REQUESTED%2CCREATED" in case_page
    assert str(case) in refund_page
    assert marked == [f"Marked as possibly made; record the outcome: Refund {refund.pk}."]
    assert marked_after_the_hold[-1] == f"Not on hold: Refund {refund.pk}."
    assert not refunds_are_held()
    statuses = Refund.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [RefundStatus.UNKNOWN, RefundStatus.CREATED]


def test_case_of_held_refunds_is_closed_only_by_staff_who_may_record_outcomes() -> None:
    requested_refund(invoice_in(InvoiceStatus.PAID))
    call_command("hold_refunds")
    case = MoneyCase.objects.get()
    client = staff("payments.view_moneycase", "payments.close_moneycase")

    answer = client.post(page_url(case), {"closing_reason": "enough"})

    assert answer.status_code == 403
    assert refunds_are_held()


def test_approved_refund_waits_for_the_end_of_the_hold(settings: Settings) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("5.00")
    refund = requested_refund(invoice_in(InvoiceStatus.PAID))
    call_command("hold_refunds")

    messages = run_action(superuser(), "approve", refund)

    assert messages == [f"Approved, sent when the hold of refunds ends: Refund {refund.pk}."]
