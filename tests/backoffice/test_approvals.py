"""The refunds that wait for approval: what a colleague sees, and what the buttons do."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from orders.audit import by_staff
from orders.clock import database_now
from payments.models import Invoice, InvoiceStatus, Refund, RefundReason, RefundStatus
from payments.refunds.refund import RefundRequest, create_refund
from seqrshop.backoffice import approvals
from seqrshop.backoffice.links import admin_url
from tests.factories import InvoiceFactory, OrderRowFactory, ShopFactory
from tests.staff import page_url, run_action, shown_messages, staff, superuser, user_of

pytestmark = pytest.mark.django_db(transaction=True)

APPROVER = ("payments.view_refund", "payments.approve_refund")


@pytest.fixture(autouse=True)
def _every_refund_needs_approval(settings: Settings) -> None:
    settings.REFUND_APPROVAL_LIMIT = Decimal("0.00")


def waiting_refund(person: User, nonce: str = "a form", **fields: Any) -> Refund:
    """Return a refund of one of two buns that were sold out, at 45.00 each."""
    invoice = InvoiceFactory.create(
        paid=True, order__total="90.00", amount="90.00", order__parameters={"TABLE": "7"}, **fields
    )
    row = OrderRowFactory.create(order=invoice.order, quantity=2)
    request = RefundRequest(Decimal("45.00"), "", nonce, RefundReason.SOLD_OUT, {row.pk: 1})
    refund, _ = create_refund(invoice.pk, request, by_staff(person))
    return refund


def decide(client: Client, decision: str, refund: Refund) -> list[str]:
    body = {"decision": decision, "refund": refund.pk}
    return shown_messages(client.post(admin_url(Refund, "approvals"), body))


def test_page_shows_items_customer_and_history_beside_the_decision(clerk: User) -> None:
    customer = InvoiceFactory.create(paid=True).order.customer
    refund = waiting_refund(clerk, order__customer=customer)

    page = superuser().get(admin_url(Refund, "approvals")).content.decode()

    for text in (
        "Sold out",
        "1 to refund",
        "2 × Cinnamon bun",
        f"+{customer.msisdn}",
        "2 paid orders in 90 days",
        "No refunds in 90 days",
        "asked for by clerk",
        "clerk, last 24 hours: 45.00",
        str(refund.invoice.order),
    ):
        assert text in page


def test_history_counts_the_paid_orders_of_the_customers_last_90_days(clerk: User) -> None:
    order = waiting_refund(clerk).invoice.order
    first = database_now() - timedelta(days=90)
    InvoiceFactory.create(paid=True)
    InvoiceFactory.create(issued=True, order__customer=order.customer)
    for hours in (-1, 1):
        created_at = first + timedelta(hours=hours)
        InvoiceFactory.create(
            paid=True, order__customer=order.customer, order__created_at=created_at
        )

    (waiting,) = superuser().get(admin_url(Refund, "approvals")).context["waiting"]

    assert waiting.history == approvals.CustomerHistory(2, 0, "")


def test_sum_of_a_persons_refunds_leaves_out_those_of_the_day_before(clerk: User) -> None:
    old, _new = waiting_refund(clerk), waiting_refund(clerk, "another form")
    Refund.objects.filter(pk=old.pk).update(created_at=database_now() - timedelta(hours=25))

    page = superuser().get(admin_url(Refund, "approvals")).content.decode()

    assert page.count("clerk, last 24 hours: 45.00") == 2


def test_page_with_more_refunds_than_it_shows_says_so(
    clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approvals, "SHOWN_REFUNDS", 2)
    shown = []
    for number in range(3):
        waiting_refund(clerk, f"form {number}")
        page = superuser().get(admin_url(Refund, "approvals")).content.decode()
        shown.append((page.count("<article"), "More refunds are waiting." in page))

    assert shown == [(1, False), (2, False), (2, True)]


def test_second_person_approves_from_the_list(clerk: User) -> None:
    refund = waiting_refund(clerk)
    client = staff(*APPROVER)

    shown = decide(client, "approve", refund)

    refund.refresh_from_db()
    assert shown == [f"Approved, being sent to SEQR: {refund}."]
    assert (refund.status, refund.approved_by) == (RefundStatus.CREATED, user_of(client))


def test_declined_refund_is_never_sent_and_says_why(clerk: User) -> None:
    refund = waiting_refund(clerk)

    shown = decide(staff(*APPROVER), "decline", refund)

    page = superuser().get(page_url(refund)).content.decode()
    refund.refresh_from_db()
    assert shown == [f"Declined, the customer gets no money: {refund}."]
    assert (refund.status, refund.withdrawal_reason) == (RefundStatus.WITHDRAWN, "declined")
    assert "declined by a colleague" in page


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("approve", "approve", "Already approved by "),
        ("approve", "decline", "Already approved by "),
        ("decline", "approve", "Withdrawn (declined by a colleague)"),
        ("decline", "decline", "Withdrawn (declined by a colleague)"),
    ],
)
def test_second_decision_about_a_refund_changes_nothing(
    clerk: User, first: str, second: str, expected: str
) -> None:
    """Two colleagues have the page open, and both press a button."""
    refund = waiting_refund(clerk)
    decide(staff(*APPROVER), first, refund)
    decided = Refund.objects.values().get()

    shown = decide(staff(*APPROVER), second, refund)

    assert shown[0].startswith(expected)
    assert Refund.objects.values().get() == decided


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_requester_decides_nothing_about_the_own_refund(decision: str) -> None:
    client = superuser()
    refund = waiting_refund(user_of(client))

    page = client.get(admin_url(Refund, "approvals")).content.decode()
    shown = decide(client, decision, refund)

    assert re.findall(r'name="decision"\s+value="(\w+)"', page) == ["withdraw"]
    assert "a colleague must decide" in page
    assert shown == [f"A refund must be approved by a second person: {refund}."]
    assert Refund.objects.get().status == RefundStatus.REQUESTED


def test_requester_withdraws_the_own_refund_from_the_list() -> None:
    client = staff("payments.view_refund", "payments.request_refund")
    refund = waiting_refund(user_of(client))

    shown = decide(client, "withdraw", refund)

    assert shown == [f"Withdrawn: {refund}."]


@pytest.mark.parametrize(
    ("permissions", "decision"),
    [
        (("payments.view_refund",), "approve"),
        (("payments.view_refund", "payments.request_refund"), "decline"),
        (APPROVER, "withdraw"),
        (APPROVER, "send"),
    ],
)
def test_decision_needs_its_permission(
    clerk: User, permissions: tuple[str, ...], decision: str
) -> None:
    refund = waiting_refund(clerk)

    answer = staff(*permissions).post(
        admin_url(Refund, "approvals"), {"decision": decision, "refund": refund.pk}
    )

    assert answer.status_code == 403
    assert Refund.objects.get().status == RefundStatus.REQUESTED


@pytest.mark.parametrize("number", ["", "x", "-1", "1.0", "²", "9" * 19, "999999999999999999"])
def test_decision_about_no_refund_says_so(clerk: User, number: str) -> None:
    refund = waiting_refund(clerk)
    body = {"decision": "approve", "refund": number}

    answer = superuser().post(admin_url(Refund, "approvals"), body)

    assert shown_messages(answer) == ["This refund does not exist."]
    refund.refresh_from_db()
    assert refund.status == RefundStatus.REQUESTED


def test_refund_of_another_shop_is_neither_shown_nor_decided(clerk: User) -> None:
    refund = waiting_refund(clerk)
    client = staff(*APPROVER, shops=[ShopFactory.create()])

    page = client.get(admin_url(Refund, "approvals")).content.decode()
    shown = [decide(client, "approve", refund), decide(client, "approve", Refund(pk=987654321))]

    assert "No refund waits for approval." in page
    assert shown[0] == ["This refund does not exist."]
    assert shown[-1][-1] == "This refund does not exist."
    assert Refund.objects.get().status == RefundStatus.REQUESTED


def test_refund_of_a_payment_reversed_meanwhile_is_withdrawn_at_the_approval(clerk: User) -> None:
    refund = waiting_refund(clerk)
    Invoice.objects.update(status=InvoiceStatus.CANCELED)

    shown = decide(staff(*APPROVER), "approve", refund)

    assert shown == [f"Withdrawn (the payment is no longer paid): {refund}."]


def test_refunds_are_declined_from_their_list(clerk: User) -> None:
    refunds = [waiting_refund(clerk, f"form {number}") for number in range(2)]

    shown = run_action(staff(*APPROVER), "decline", *refunds, confirmed="yes")

    assert shown == [f"Declined, the customer gets no money: {refunds[1]}, {refunds[0]}."]


def test_statements_of_the_page_do_not_grow_with_each_refund_by_more_than_its_sums(
    clerk: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(10):
        waiting_refund(clerk, f"form {number}")
    client = superuser()

    with django_assert_max_num_queries(40):
        client.get(admin_url(Refund, "approvals"))
