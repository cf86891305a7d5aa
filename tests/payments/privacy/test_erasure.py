"""Customers' personal data is erased when it is no longer needed, or at once, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from pytest_django import Settings

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import (
    AuditEvent,
    Customer,
    CustomerSession,
    EventName,
    Order,
    OrderRow,
    OrderState,
    SourceName,
)
from orders.services import create_session
from payments.cases.cases import close_case, open_case
from payments.models import CaseKind, Invoice, Receipt, Refund, RefundStatus
from payments.privacy import erasure
from payments.privacy.erasure import ErasureHeld, erase_customer, erase_old_customers
from payments.privacy.holds import HoldReason
from payments.receipts.document import content_of, stored_receipt
from payments.refunds.refund import request_refund
from tests.factories import CustomerFactory, CustomerSessionFactory, InvoiceFactory, ShopFactory
from tests.payments.privacy.steps import DAY, KEY, PHONE, is_erased, long_ago, person, served_order

pytestmark = pytest.mark.django_db

BY_TEST = ChangeSource(SourceName.POLLER)


def erase_old() -> int:
    """Erase the customers who are due now."""
    return erase_old_customers(database_now())


def test_customer_whose_latest_order_is_old_loses_phone_key_and_note() -> None:
    customer = person()
    invoice = served_order(customer)

    assert erase_old() == 1

    assert is_erased(customer)
    order = Order.objects.get(customer=customer)
    assert (order.pk, order.note, order.total) == (invoice.order_id, "", Decimal("45.00"))
    assert OrderRow.objects.get(order=order).note == "extra hot"  # it is on the receipt
    assert Receipt.objects.get(invoice=invoice).amount == Decimal("45.00")


def test_erasure_is_recorded_without_personal_data() -> None:
    customer = person()
    served_order(customer)
    erase_old()

    event = AuditEvent.objects.get(name=EventName.CUSTOMER_ERASED)

    assert (event.subject_type, event.subject_id, event.source, event.detail) == (
        "customer", customer.pk, "retention", ""
    )  # fmt: skip
    assert event.subject_label == str(customer.pk)


@pytest.mark.parametrize("days", [1, 90, 400])
def test_retention_period_is_counted_from_the_latest_order(days: int, settings: Settings) -> None:
    settings.CUSTOMER_DATA_DAYS = days
    kept, due = person(), person(subscriber_key="another")
    for customer in (kept, due):
        served_order(customer, database_now() - (days + 200) * DAY)
    served_order(kept, database_now() - days * DAY + DAY / 24)

    assert erase_old() == 1

    assert (is_erased(kept), is_erased(due)) == (False, True)


def test_customer_with_a_session_is_kept_until_it_has_expired() -> None:
    customer = person()
    served_order(customer)
    session = CustomerSessionFactory.create(customer=customer)

    assert erase_old() == 0
    session.delete()
    assert erase_old() == 1


def test_customer_who_never_ordered_is_deleted() -> None:
    customer = person()

    assert erase_old() == 1

    assert not Customer.objects.filter(pk=customer.pk).exists()


def open_order(invoice: Invoice, _clerk: User) -> Callable[[], object]:
    """Let the order need attention."""
    orders = Order.objects.filter(pk=invoice.order_id)
    orders.update(state=OrderState.NEEDS_ATTENTION)
    return lambda: orders.update(state=OrderState.SERVED)


def open_payment(invoice: Invoice, _clerk: User) -> Callable[[], object]:
    """Let SEQR owe the acknowledgment."""
    invoices = Invoice.objects.filter(pk=invoice.pk)
    invoices.update(acknowledged_at=None)
    return lambda: invoices.update(acknowledged_at=F("paid_at"))


def late_query(invoice: Invoice, _clerk: User) -> Callable[[], object]:
    """Let a query after the end of the invoice wait for its answer."""
    invoices = Invoice.objects.filter(pk=invoice.pk)
    invoices.update(late_query_pending_since=F("paid_at"))
    return lambda: invoices.update(late_query_pending_since=None)


def unknown_refund(invoice: Invoice, clerk: User) -> Callable[[], object]:
    """Request a refund whose outcome is unknown."""
    refund, _ = request_refund(invoice.pk, Decimal(5), "cold", by_staff(clerk), "nonce")
    refunds = Refund.objects.filter(pk=refund.pk)
    refunds.update(status=RefundStatus.UNKNOWN)
    return lambda: refunds.update(status=RefundStatus.REJECTED)


def open_case_of_order(invoice: Invoice, _clerk: User) -> Callable[[], object]:
    """Open a case about the payment."""
    case = open_case(CaseKind.AMOUNT_DIFFERS, BY_TEST, "another amount", invoice=invoice)
    assert case is not None
    return lambda: close_case(case.pk, BY_TEST, "it is right")


@pytest.mark.parametrize(
    ("begin", "reason"),
    [
        (open_order, HoldReason.OPEN_ORDER),
        (open_payment, HoldReason.OPEN_PAYMENT),
        (late_query, HoldReason.OPEN_PAYMENT),
        (unknown_refund, HoldReason.UNRESOLVED_REFUND),
        (open_case_of_order, HoldReason.OPEN_CASE),
    ],
)
def test_data_is_kept_until_what_is_open_has_ended(
    begin: Callable[[Invoice, User], Callable[[], object]], reason: HoldReason
) -> None:
    customer = person()
    served_order(customer)
    invoice = served_order(customer)
    end = begin(invoice, User.objects.create_user("clerk"))

    assert erase_old() == 0
    with pytest.raises(ErasureHeld) as held:
        erase_customer(customer.pk, BY_TEST)
    assert [(hold.order_number, hold.reason) for hold in held.value.holds] == [
        (invoice.order.number, reason)
    ]
    assert not is_erased(customer)

    end()
    assert erase_old() == 1


def test_order_that_the_kitchen_makes_keeps_the_data_for_a_day() -> None:
    customer = person()
    invoice = served_order(customer, database_now())
    Order.objects.filter(pk=invoice.order_id).update(state=OrderState.PAID, served_at=None)

    with pytest.raises(ErasureHeld) as held:
        erase_customer(customer.pk, BY_TEST)
    assert [hold.reason for hold in held.value.holds] == [HoldReason.UNSERVED_ORDER]

    Order.objects.update(created_at=database_now() - DAY)
    assert erase_customer(customer.pk, BY_TEST)


def test_member_of_staff_erases_a_customer_at_once_with_sessions() -> None:
    customer, clerk = person(), User.objects.create_user("clerk")
    served_order(customer, database_now())
    CustomerSessionFactory.create(customer=customer)
    CustomerSessionFactory.create()

    assert erase_customer(customer.pk, by_staff(clerk))
    assert not erase_customer(customer.pk, by_staff(clerk))

    assert is_erased(customer)
    assert CustomerSession.objects.filter(customer=customer).count() == 0
    assert CustomerSession.objects.count() == 1
    event = AuditEvent.objects.get(name=EventName.CUSTOMER_ERASED)
    assert (event.source, event.actor) == ("staff", clerk)


def test_erasing_one_customer_leaves_another_as_it_is() -> None:
    customer, other = person(), CustomerFactory.create()
    served_order(customer)
    of_other = served_order(other)

    erase_customer(customer.pk, BY_TEST)

    other.refresh_from_db()
    assert (other.erased_at, bool(other.msisdn)) == (None, True)
    assert Order.objects.get(pk=of_other.order_id).note != ""


def test_returning_person_is_a_new_customer() -> None:
    customer = person()
    served_order(customer)
    erase_customer(customer.pk, BY_TEST)

    session = create_session(
        ShopFactory.create(), "0000000001-1", msisdn=PHONE, subscriber_key=KEY, parameters={}
    )

    assert session.customer_id != customer.pk
    assert Order.objects.filter(customer=session.customer_id).count() == 0
    assert is_erased(customer)


def test_payment_of_an_erased_customer_can_be_refunded() -> None:
    customer, clerk = person(), User.objects.create_user("clerk")
    invoice = served_order(customer)
    erase_customer(customer.pk, BY_TEST)

    refund, is_new = request_refund(invoice.pk, Decimal(45), "cold", by_staff(clerk), "nonce")

    assert is_new
    assert refund.amount == Decimal(45)


def test_receipt_is_the_same_after_its_customer_was_erased() -> None:
    customer = person()
    invoice = served_order(customer)
    receipt = Receipt.objects.get(invoice=invoice)
    before = content_of(stored_receipt(receipt.pk))

    erase_customer(customer.pk, BY_TEST)

    assert content_of(stored_receipt(receipt.pk)) == before


def test_customers_beyond_one_scan_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "SCAN_SIZE", 2)
    for number in range(5):
        customer = person(subscriber_key=f"{KEY}{number}")
        served_order(customer, database_now() if number % 2 else long_ago())

    assert erase_old() == 3
    assert erase_old() == 0


def test_customer_with_an_ended_unpaid_order_is_erased() -> None:
    customer = person()
    invoice = InvoiceFactory.create(expired=True, order__customer=customer)
    Order.objects.filter(pk=invoice.order_id).update(created_at=long_ago())

    assert erase_old() == 1
