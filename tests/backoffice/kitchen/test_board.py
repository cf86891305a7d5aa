"""What the kitchen board shows of a shop's orders."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from orders.models import Order, OrderState, Shop
from orders.services import advance_order, serve_order
from payments.balance import update_order_refund_state
from payments.invoices.transitions import lock_invoice
from payments.models import Invoice, InvoiceStatus, Refund, RefundReason, RefundRow, RefundStatus
from seqrshop.backoffice.kitchen import board
from tests.backoffice.kitchen.boards import (
    BY_POLLER,
    board_of,
    change,
    ids,
    open_order,
    paid_order,
    pay,
)
from tests.factories import (
    CategoryFactory,
    InvoiceFactory,
    OrderRowFactory,
    ProductFactory,
    ShopFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return ShopFactory.create()


def refund(order: Order, amount: str, units: int = 0) -> None:
    """Record a refund that SEQR has made, of so many units of the first row."""
    invoice = Invoice.objects.get(order=order)
    made = Refund.objects.create(
        invoice=invoice,
        status=RefundStatus.REFUNDED,
        amount=Decimal(amount),
        currency="SEK",
        reason_code=RefundReason.SOLD_OUT,
        nonce=f"{order.pk} {amount}",
        requested_by=User.objects.get_or_create(username="clerk")[0],
        ers_reference=f"ERS {order.pk} {amount}",
    )
    if units:
        row = order.rows.earliest("pk")
        RefundRow.objects.create(refund=made, order_row=row, quantity=units, amount=made.amount)
    with transaction.atomic():
        update_order_refund_state(lock_invoice(invoice.pk), BY_POLLER)


def test_board_has_paid_orders_alone_the_first_paid_first(shop: Shop) -> None:
    late, early = open_order(shop), open_order(shop)
    open_order(shop)
    pay(early)
    pay(late)

    assert ids(board_of(shop)["cards"]) == [early.pk, late.pk]


@pytest.mark.parametrize("minutes", [(0, 9), (9, 0)])
def test_order_with_two_payments_waits_from_the_later_one(
    shop: Shop, minutes: tuple[int, int]
) -> None:
    again, other = paid_order(shop), paid_order(shop)
    first, second = (timezone.now() + timedelta(minutes=each) for each in minutes)
    Invoice.objects.filter(order=again).update(status=InvoiceStatus.EXPIRED, paid_at=first)
    InvoiceFactory.create(order=again, attempt=2, paid=True, paid_at=second)
    between = timezone.now() + timedelta(minutes=5)
    Invoice.objects.filter(order=other).update(paid_at=between)

    assert ids(board_of(shop)["cards"]) == [other.pk, again.pk]


def test_card_says_what_goes_where(shop: Shop) -> None:
    category = CategoryFactory.create(shop=shop)
    product = ProductFactory.create(shop=shop, category=category)
    order = paid_order(shop, product)

    [card] = board_of(shop)["cards"]

    assert (card["number"], card["place"], card["progress"]) == (order.number, "Table 4", "paid")
    assert card["rows"] == [
        {
            "quantity": 1,
            "refunded": 0,
            "name": product.name_en,
            "category": category.pk,
            "options": [],
            "note": "",
        }
    ]
    [swedish] = board_of(shop, "sv")["cards"]
    assert (swedish["place"], swedish["rows"][0]["name"]) == ("Bord 4", product.name_sv)


@pytest.mark.parametrize(
    ("parameters", "place"), [({}, "Counter"), ({"TABLE": "12"}, "Table 12"), ({"R": "7"}, "7")]
)
def test_place_is_that_of_the_scanned_code(
    shop: Shop, parameters: dict[str, str], place: str
) -> None:
    paid_order(shop, parameters=parameters)

    assert board_of(shop)["cards"][0]["place"] == place


def test_board_has_the_orders_of_its_shop_alone(shop: Shop) -> None:
    paid_order(ShopFactory.create())

    assert board_of(shop)["cards"] == []


def test_served_order_moves_to_the_last_twenty_the_newest_first(shop: Shop) -> None:
    orders = [paid_order(shop) for _ in range(22)]
    for order in orders:
        serve_order(order.pk, BY_POLLER)

    shown = board_of(shop)

    assert shown["cards"] == []
    assert ids(shown["served"]) == [order.pk for order in reversed(orders[2:])]


def test_partly_refunded_order_stays_and_says_which_units_are_left(shop: Shop) -> None:
    order = open_order(shop)
    OrderRowFactory.create(order=order, product=ProductFactory.create(shop=shop), quantity=2)
    pay(order)
    advance_order(order.pk, OrderState.PREPARING, BY_POLLER)

    refund(order, "10.00", units=1)

    [card] = board_of(shop)["cards"]
    assert (card["is_partly_refunded"], card["progress"]) == (True, "preparing")
    assert card["struck_out"] is None
    assert [row["refunded"] for row in card["rows"]] == [1, 0]


def test_refunded_order_is_struck_out_with_its_reason(shop: Shop) -> None:
    order = paid_order(shop)

    refund(order, "45.00")

    [card] = board_of(shop)["cards"]
    assert card["struck_out"] == "Refunded. Do not serve. Sold out"


@pytest.mark.parametrize("step", [None, OrderState.PREPARING, OrderState.READY])
def test_reversed_order_is_struck_out(shop: Shop, step: OrderState | None) -> None:
    order = paid_order(shop)
    if step:
        advance_order(order.pk, step, BY_POLLER)

    change(Invoice.objects.get(order=order), InvoiceStatus.CANCELED)

    [card] = board_of(shop)["cards"]
    assert "Do not serve" in card["struck_out"]


def test_order_that_was_never_paid_is_not_struck_out(shop: Shop) -> None:
    change(Invoice.objects.get(order=open_order(shop)), InvoiceStatus.CANCELED)
    change(Invoice.objects.get(order=open_order(shop)), InvoiceStatus.NEEDS_ATTENTION)

    assert board_of(shop)["cards"] == []


def test_order_that_was_served_before_its_refund_is_not_struck_out(shop: Shop) -> None:
    order = paid_order(shop)
    serve_order(order.pk, BY_POLLER)

    refund(order, "45.00")

    assert board_of(shop)["cards"] == []


def test_struck_out_order_leaves_after_half_an_hour(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund(paid_order(shop), "45.00")
    monkeypatch.setattr(board, "STRUCK_OUT_AGE", timedelta(0))

    assert board_of(shop)["cards"] == []


def test_order_of_yesterday_is_not_on_the_board(shop: Shop) -> None:
    old, new = paid_order(shop), paid_order(shop)
    Order.objects.filter(pk=old.pk).update(created_at=F("created_at") - timedelta(hours=25))

    assert ids(board_of(shop)["cards"]) == [new.pk]


def test_board_that_nobody_keeps_shows_the_oldest_and_says_so(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [paid_order(shop) for _ in range(3)]
    monkeypatch.setattr(board, "MAX_CARDS", 2)

    shown = board_of(shop)

    assert (ids(shown["cards"]), shown["has_more"]) == ([each.pk for each in orders[:2]], True)


def test_number_of_queries_is_the_same_for_any_number_of_orders(
    shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        refund(paid_order(shop), "10.00", units=1)

    with django_assert_max_num_queries(7):
        board_of(shop)


def test_timed_pause_is_shown_until_it_ends(shop: Shop) -> None:
    now = timezone.now()
    shown = []
    for until in (None, now + timedelta(minutes=20), now - timedelta(seconds=1)):
        Shop.objects.filter(pk=shop.pk).update(paused=True, paused_until=until)
        read = board_of(shop)
        shown.append((read["is_paused"], read["paused_until"] is not None))

    assert shown == [(True, False), (True, True), (False, False)]
