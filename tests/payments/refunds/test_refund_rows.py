"""Refunds of rows: their amounts are exact, and no unit is refunded twice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from orders.audit import by_staff
from orders.models import AuditEvent, Order, OrderRow
from payments.models import (
    Invoice,
    InvoiceStatus,
    Refund,
    RefundReason,
    RefundRow,
    RefundStatus,
)
from payments.refunds.refund import (
    RefundNotAccepted,
    RefundRequest,
    create_refund,
    request_refund,
    withdraw_refund,
)
from payments.refunds.row_amounts import refundable_lines
from tests.factories import InvoiceFactory, OrderRowFactory, ProductFactory
from tests.races import run_concurrently

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def coffees() -> OrderRow:
    """Two coffees at 20.00 on a paid order, beside a bun at 45.00."""
    invoice = InvoiceFactory.create(
        paid=True, order__total=Decimal("85.00"), amount=Decimal("85.00")
    )
    OrderRowFactory.create(order=invoice.order)
    coffee = ProductFactory.create(
        shop=invoice.order.shop, name_sv="Kaffe", name_en="Coffee", price=Decimal("20.00")
    )
    two: OrderRow = OrderRowFactory.create(order=invoice.order, product=coffee, quantity=2)
    return two


def invoice_of(order: Order) -> Invoice:
    return Invoice.objects.select_related("order").get(order=order)


def refund_of(
    coffees: OrderRow, quantity: int, amount: str, person: User, nonce: str = "a form"
) -> Refund:
    """Refund coffees, since they were cold."""
    request = RefundRequest(
        Decimal(amount), "", nonce, RefundReason.NOT_GOOD, {coffees.pk: quantity}
    )
    refund, _ = create_refund(invoice_of(coffees.order).pk, request, by_staff(person))
    return refund


def test_refund_remembers_its_rows_and_its_reason(coffees: OrderRow, clerk: User) -> None:
    refund = refund_of(coffees, 1, "20.00", clerk)

    [remembered] = refund.rows.all()
    detail = AuditEvent.objects.get(name="refund_requested").detail
    assert (remembered.order_row, remembered.quantity) == (coffees, 1)
    assert remembered.amount == Decimal("20.00")
    assert (refund.reason_code, refund.reason) == (RefundReason.NOT_GOOD, "")
    assert detail == "20.00 SEK: not good"
    rests = {
        line.row.name_en: line.remaining for line in refundable_lines(invoice_of(coffees.order))
    }
    assert rests == {"Cinnamon bun": 1, "Coffee": 1}


def test_unit_is_not_refunded_twice(coffees: OrderRow, clerk: User) -> None:
    refund_of(coffees, 2, "40.00", clerk)

    with pytest.raises(RefundNotAccepted, match="Of Coffee, 0 can still be refunded"):
        refund_of(coffees, 1, "20.00", clerk, "another form")

    assert Refund.objects.count() == 1


def test_unit_of_a_withdrawn_refund_is_refundable_again(coffees: OrderRow, clerk: User) -> None:
    refund = refund_of(coffees, 2, "40.00", clerk)
    withdraw_refund(refund.pk, by_staff(clerk))

    again = refund_of(coffees, 2, "40.00", clerk, "another form")

    assert again.status == RefundStatus.CREATED


@pytest.mark.parametrize("status", ["REQUESTED", "SENDING", "UNKNOWN", "REFUNDED"])
def test_unit_of_a_refund_that_may_be_made_stays_reserved(
    coffees: OrderRow, clerk: User, status: str
) -> None:
    refund_of(coffees, 2, "40.00", clerk)
    Refund.objects.update(status=status, ers_reference="E1")

    with pytest.raises(RefundNotAccepted):
        refund_of(coffees, 1, "20.00", clerk, "another form")


def test_two_persons_at_once_refund_a_unit_once(coffees: OrderRow, clerk: User, boss: User) -> None:
    persons = iter((clerk, boss))

    def refund() -> str:
        person = next(persons)
        try:
            return refund_of(coffees, 2, "40.00", person, person.username).status
        except RefundNotAccepted as error:
            return str(error)

    results = run_concurrently(2, refund)

    assert sorted(results) == ["CREATED", "Of Coffee, 0 can still be refunded."]


def test_amount_that_is_not_the_rows_sum_is_refused(coffees: OrderRow, clerk: User) -> None:
    with pytest.raises(RefundNotAccepted, match="amount of these rows has changed"):
        refund_of(coffees, 1, "19.00", clerk)

    assert RefundRow.objects.count() == 0


def test_row_of_another_order_is_refused(coffees: OrderRow, clerk: User) -> None:
    other = InvoiceFactory.create(paid=True)
    request = RefundRequest(Decimal(20), "", "f", RefundReason.NOT_GOOD, {coffees.pk: 1})

    with pytest.raises(RefundNotAccepted, match="not on this order"):
        create_refund(other.pk, request, by_staff(clerk))


def test_duplicate_payment_is_refunded_by_amount_only(coffees: OrderRow, clerk: User) -> None:
    Invoice.objects.update(status=InvoiceStatus.DUPLICATE)

    with pytest.raises(RefundNotAccepted, match="refund an amount instead"):
        refund_of(coffees, 1, "20.00", clerk)


def test_rows_exceed_what_is_left_after_a_refund_of_an_amount(
    coffees: OrderRow, clerk: User
) -> None:
    invoice = invoice_of(coffees.order)
    request_refund(invoice.pk, Decimal("60.00"), "a plate fell", by_staff(clerk), "first")

    with pytest.raises(RefundNotAccepted, match=r"At most 25\.00 SEK"):
        refund_of(coffees, 2, "40.00", clerk)

    assert refund_of(coffees, 1, "20.00", clerk, "third").amount == Decimal("20.00")


def test_other_reason_needs_words(coffees: OrderRow, clerk: User) -> None:
    request = RefundRequest(Decimal(20), " ", "f", RefundReason.OTHER, {coffees.pk: 1})

    with pytest.raises(RefundNotAccepted, match="Enter a reason"):
        create_refund(invoice_of(coffees.order).pk, request, by_staff(clerk))


def test_database_refuses_a_refund_for_another_reason_without_words(
    coffees: OrderRow, clerk: User
) -> None:
    refund_of(coffees, 1, "20.00", clerk)

    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.update(reason_code=RefundReason.OTHER)
