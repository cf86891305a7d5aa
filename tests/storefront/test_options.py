"""Options of an order: accepted, refused, and shown with it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import CustomerSession, Option, OptionGroup, Order, Product, RowKind
from payments.models import Invoice
from tests.factories import OptionFactory, OptionGroupFactory, ShopFactory
from tests.storefront.conftest import JsonClient
from tests.storefront.order_requests import option, order, order_lattes, refusal, row
from tests.storefront.steps import invoice_of

pytestmark = pytest.mark.django_db


def test_options_are_rows_of_the_order(
    customer: JsonClient, latte: Product, milk: OptionGroup, extras: OptionGroup
) -> None:
    response = order_lattes(customer, latte, "Shot", "Oat milk", total="160.00")

    assert response.status_code == 201
    placed = Order.objects.get()
    rows = list(placed.rows.order_by("kind", "id"))
    assert [
        (each.kind, each.name_en, each.quantity, each.unit_price, each.total) for each in rows
    ] == [
        (RowKind.OPTION, "Oat milk", 2, Decimal("5.00"), Decimal("10.00")),
        (RowKind.OPTION, "Shot", 2, Decimal("7.50"), Decimal("15.00")),
        (RowKind.OPTION, "Cow's milk", 1, Decimal("0.00"), Decimal("0.00")),
        (RowKind.PRODUCT, "Latte", 2, Decimal("45.00"), Decimal("90.00")),
        (RowKind.PRODUCT, "Latte", 1, Decimal("45.00"), Decimal("45.00")),
    ]
    assert [each.parent_id for each in rows] == [rows[3].pk] * 2 + [rows[4].pk] + [None] * 2
    assert {each.vat_rate for each in rows} == {Decimal("12.00")}
    assert rows[3].note == "no sugar"
    assert placed.total == Invoice.objects.get().amount == Decimal("160.00")


def test_order_shows_options_and_notes_under_their_product(
    customer: JsonClient, latte: Product, milk: OptionGroup, extras: OptionGroup
) -> None:
    placed = order_lattes(customer, latte, "Oat milk", "Shot", note="We sit outside")

    shown = customer.get(placed.json()["url"]).json()

    first, second = shown["rows"]
    assert (first["unit_price"], first["total"], first["note"]) == ("45.00", "90.00", "no sugar")
    assert first["options"] == [
        {"id": option("Oat milk"), "name": "Oat milk", "unit_price": "5.00", "total": "10.00"},
        {"id": option("Shot"), "name": "Shot", "unit_price": "7.50", "total": "15.00"},
    ]
    assert [each["name"] for each in second["options"]] == ["Cow's milk"]
    assert (shown["note"], shown["dining"], shown["tip"]) == ("We sit outside", None, None)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "Milk: choose at least 1 option."),
        (("Oat milk", "Cow's milk"), "Milk: choose at most 1 option."),
        (("Oat milk", "Syrup", "Shot", "Cream"), "Extras: choose at most 2 options."),
        (("Oat milk", "Oat milk"), "Each option may be chosen once."),
    ],
)
@pytest.mark.usefixtures("milk", "extras")
def test_number_of_options_that_a_group_does_not_allow_is_rejected(
    customer: JsonClient,
    latte: Product,
    bun: Product,
    names: tuple[str, ...],
    message: str,
) -> None:
    response = order(customer, row(bun), row(latte, *names))

    assert refusal(response) == ("rows[1].options", message)


def test_refusal_of_options_is_in_the_requested_language(
    customer: JsonClient, latte: Product, milk: OptionGroup
) -> None:
    body = {"nonce": "nonce-0001", "rows": [row(latte)]}

    response = customer.send("/lyktan/orders", body, headers={"Accept-Language": "sv"})

    assert response.json()["message"] == "Mjölk: välj minst 1 alternativ."


def test_option_of_another_product_or_shop_is_rejected(
    customer: JsonClient, latte: Product, milk: OptionGroup, extras: OptionGroup, bun: Product
) -> None:
    elsewhere = OptionFactory.create(group__shop=ShopFactory.create(slug="baren"), name_en="Soy")
    of_other_shop = OptionGroupFactory.create(shop=elsewhere.group.shop, products=[bun], minimum=0)
    elsewhere.group = of_other_shop
    elsewhere.save()

    for response in (
        order(customer, row(bun, "Oat milk")),
        order(customer, row(bun, "Soy")),
        order(customer, {"product": bun.pk, "quantity": 1, "options": [2**63 - 1]}),
    ):
        assert refusal(response) == (
            "rows[0].options",
            "An option that you chose is no longer offered with Cinnamon bun.",
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sold_out": True}, "Oat milk is sold out."),
        ({"on_sale": False}, "An option that you chose is no longer offered with Latte."),
    ],
)
def test_option_that_has_sold_out_meanwhile_is_rejected(
    customer: JsonClient,
    latte: Product,
    extras: OptionGroup,
    change: dict[str, bool],
    message: str,
) -> None:
    milk = OptionGroupFactory.create(shop=latte.shop, products=[latte], minimum=0)
    OptionFactory.create(group=milk)
    OptionFactory.create(group=milk, name_en="Cow's milk")
    Option.objects.filter(name_en="Oat milk").update(**change)

    response = order(customer, row(latte, "Oat milk"))

    assert refusal(response) == ("rows[0].options", message)


@pytest.mark.parametrize("options", ["11", 11, {}, [True], ["11"], [0], [-1], [1.5], [2**63]])
def test_options_that_are_not_ids_are_rejected(
    customer: JsonClient, bun: Product, options: object
) -> None:
    response = order(customer, {"product": bun.pk, "quantity": 1, "options": options})

    assert refusal(response)[0] == "rows[0].options"


def test_equal_rows_are_rejected_and_different_ones_accepted(
    customer: JsonClient, latte: Product, milk: OptionGroup, extras: OptionGroup
) -> None:
    different = [
        row(latte, "Oat milk"),
        row(latte, "Cow's milk"),
        row(latte, "Oat milk", note="warm"),
        row(latte, "Oat milk", "Shot"),
    ]
    turned = row(latte, "Shot", "Oat milk")

    assert refusal(order(customer, *different, turned))[0] == "rows[4].product"
    assert order(customer, *different).status_code == 201


def test_changed_price_of_an_option_is_a_conflict(
    customer: JsonClient, latte: Product, milk: OptionGroup
) -> None:
    Option.objects.filter(name_en="Oat milk").update(price=Decimal("6.50"))

    response = order(customer, row(latte, "Oat milk"), total="50.00")

    assert response.status_code == 409
    assert response.json()["error"] == "price_changed"
    assert response.json()["total"] == {"value": "51.50", "currency": "SEK"}
    [latest] = response.json()["products"]
    assert [each["price"] for each in latest["option_groups"][0]["options"]] == ["0.00", "6.50"]
    assert not Order.objects.exists()


def test_hundred_rows_with_options_are_one_order(
    customer: JsonClient, latte: Product, milk: OptionGroup
) -> None:
    rows = [row(latte, "Oat milk", note=f"guest {number}") for number in range(101)]

    assert refusal(order(customer, *rows))[0] == "rows"
    assert order(customer, *rows[:100]).status_code == 201
    assert Order.objects.get().rows.count() == 200


def test_order_with_options_takes_one_more_statement(
    customer: JsonClient, bun: Product, latte: Product, milk: OptionGroup, extras: OptionGroup
) -> None:
    requested = row(latte, "Oat milk", "Shot")
    with CaptureQueriesContext(connection) as plain:
        order(customer, row(bun), nonce="nonce-0001")
    Order.objects.update(state="paid")
    with CaptureQueriesContext(connection) as with_options:
        response = order(customer, requested, nonce="nonce-0002")

    assert response.status_code == 201
    assert len(with_options) == len(plain) + 1


def test_blocking_order_of_the_session_shows_its_options(
    customer: JsonClient, latte: Product, milk: OptionGroup
) -> None:
    order(customer, row(latte, "Oat milk"))

    shown = customer.send("/lyktan/session").json()["order"]

    assert shown["rows"][0]["options"][0]["name"] == "Oat milk"


def test_order_of_before_options_is_shown_without(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice = invoice_of(customer_session, "issued")

    shown = customer.get(f"/orders/{invoice.order.public_id}").json()

    assert [(each["options"], each["note"]) for each in shown["rows"]] == [([], "")]
