"""Options, notes, dining and tips: shown on the menu, ordered, and shown with the order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import CustomerSession, Option, OptionGroup, Order, Product, RowKind, Shop
from payments.models import Invoice
from tests.factories import (
    OptionFactory,
    OptionGroupFactory,
    PictureFactory,
    ProductFactory,
    ShopFactory,
)
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def latte(cafe: Shop) -> Product:
    """A latte at 45.00, which needs one milk and may have two extras."""
    latte: Product = ProductFactory.create(shop=cafe, name_sv="Latte", name_en="Latte")
    return latte


@pytest.fixture
def milk(latte: Product) -> OptionGroup:
    """Milk, one of: cow's at 0.00, oat at 5.00."""
    group: OptionGroup = OptionGroupFactory.create(shop=latte.shop, products=[latte], position=1)
    OptionFactory.create(group=group, name_sv="Mjölk", name_en="Cow's milk", price=0, position=1)
    OptionFactory.create(group=group, position=2)
    return group


@pytest.fixture
def extras(latte: Product) -> OptionGroup:
    """Extras, up to two of: syrup, shot and cream."""
    group: OptionGroup = OptionGroupFactory.create(
        shop=latte.shop,
        products=[latte],
        name_sv="Tillval",
        name_en="Extras",
        minimum=0,
        maximum=2,
        position=2,
    )
    for position, name in enumerate(("Syrup", "Shot", "Cream")):
        OptionFactory.create(
            group=group, name_sv=name, name_en=name, price=Decimal("7.50"), position=position
        )
    return group


def option(name: str) -> int:
    """Return the ID of an option."""
    return Option.objects.get(name_en=name).pk


def row(product: Product, *names: str, quantity: int = 1, note: str = "") -> dict[str, Any]:
    """Return a requested row with these options."""
    ids = [option(name) for name in names]
    return {"product": product.pk, "quantity": quantity, "options": ids, "note": note}


def order(customer: JsonClient, *rows: dict[str, Any], **more: Any) -> Any:
    """Place an order; return the response."""
    return customer.send("/lyktan/orders", {"nonce": "nonce-0001", "rows": list(rows), **more})


def refusal(response: Any) -> tuple[str, str]:
    """Return the field and the sentence of a refused order."""
    assert response.status_code == 400, response.content
    assert not Order.objects.exists()
    return response.json()["field"], response.json()["message"]


# --- Menu ----------------------------------------------------------------------------------------


def test_menu_has_the_options_of_a_product_in_their_order(
    customer: JsonClient, bun: Product, milk: OptionGroup, extras: OptionGroup
) -> None:
    products = customer.send("/lyktan/session").json()["products"]

    groups = {each["name"]: each["option_groups"] for each in products}
    assert groups["Cinnamon bun"] == []
    assert [(each["name"], each["min"], each["max"]) for each in groups["Latte"]] == [
        ("Milk", 1, 1),
        ("Extras", 0, 2),
    ]
    assert groups["Latte"][0]["options"] == [
        {"id": option("Cow's milk"), "name": "Cow's milk", "price": "0.00", "sold_out": False},
        {"id": option("Oat milk"), "name": "Oat milk", "price": "5.00", "sold_out": False},
    ]


def test_group_is_shared_by_products_and_named_in_the_requested_language(
    customer: JsonClient, cafe: Shop, latte: Product, milk: OptionGroup
) -> None:
    milk.products.add(ProductFactory.create(shop=cafe, name_sv="Cortado"))

    menu = customer.send("/lyktan/session", headers={"Accept-Language": "sv"}).json()

    assert [each["option_groups"][0]["name"] for each in menu["products"]] == ["Mjölk", "Mjölk"]
    assert menu["products"][0]["option_groups"] == menu["products"][1]["option_groups"]


def test_option_that_is_not_on_sale_is_not_listed(
    customer: JsonClient, milk: OptionGroup, extras: OptionGroup
) -> None:
    Option.objects.filter(group=extras).update(on_sale=False)
    Option.objects.filter(name_en="Oat milk").update(on_sale=False)

    [latte] = customer.send("/lyktan/session").json()["products"]

    assert [each["name"] for each in latte["option_groups"]] == ["Milk"]
    assert [each["name"] for each in latte["option_groups"][0]["options"]] == ["Cow's milk"]


def test_product_whose_needed_options_are_all_sold_out_is_sold_out(
    customer: JsonClient, latte: Product, milk: OptionGroup
) -> None:
    Option.objects.filter(group=milk).update(sold_out=True)

    [shown] = customer.send("/lyktan/session").json()["products"]
    field, message = refusal(order(customer, row(latte, "Oat milk")))

    assert shown["sold_out"]
    assert all(each["sold_out"] for each in shown["option_groups"][0]["options"])
    assert (field, message) == ("rows[0].product", "Latte is sold out.")


def test_menu_has_what_a_customer_reads_of_a_product(customer: JsonClient, cafe: Shop) -> None:
    large = PictureFactory.create(width=800, height=600)
    ProductFactory.create(
        shop=cafe,
        shown=True,
        large_picture=large,
        description_sv="Nybakad",
        description_en="Freshly baked",
        ingredients_sv="Vetemjöl, mjölk",
        ingredients_en="Wheat flour, milk",
        allergens_declared=True,
        contains=["gluten", "milk"],
        may_contain=["nuts"],
        diets=["vegetarian"],
    )

    [bun] = customer.send("/lyktan/session", headers={"Accept-Language": "sv"}).json()["products"]

    assert (bun["description"], bun["ingredients"]) == ("Nybakad", "Vetemjöl, mjölk")
    assert bun["allergens"] == {
        "declared": True,
        "contains": [
            {"key": "gluten", "name": "spannmål som innehåller gluten"},
            {"key": "milk", "name": "mjölk"},
        ],
        "may_contain": [{"key": "nuts", "name": "nötter"}],
    }
    assert bun["diet"] == [{"key": "vegetarian", "name": "vegetarisk"}]
    assert (bun["large_picture"]["width"], bun["large_picture"]["alt"]) == (800, "En snurrad bulle")


def test_product_without_declaration_says_so(customer: JsonClient, bun: Product) -> None:
    [shown] = customer.send("/lyktan/session").json()["products"]

    assert shown["allergens"] == {"declared": False, "contains": [], "may_contain": []}
    assert (shown["description"], shown["large_picture"], shown["diet"]) == ("", None, [])


def test_session_says_what_the_shop_asks(customer: JsonClient, cafe: Shop) -> None:
    silent = customer.send("/lyktan/session").json()["shop"]
    Shop.objects.update(asks_dining=True, tip_percentages=[5, 10])
    asking = customer.send("/lyktan/session").json()["shop"]

    assert (silent["dining"], silent["tip_percentages"]) == ([], [])
    assert [each["key"] for each in asking["dining"]] == ["eat_here", "take_away"]
    assert asking["tip_percentages"] == ["5", "10"]


# --- Orders with options -------------------------------------------------------------------------


def test_options_are_rows_of_the_order(
    customer: JsonClient, latte: Product, milk: OptionGroup, extras: OptionGroup
) -> None:
    response = order(
        customer,
        row(latte, "Shot", "Oat milk", quantity=2, note="no sugar"),
        row(latte, "Cow's milk"),
        total="160.00",
    )

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
    url = order(
        customer,
        row(latte, "Oat milk", "Shot", quantity=2, note="no sugar"),
        row(latte, "Cow's milk"),
        note="We sit outside",
    ).json()["url"]

    shown = customer.get(url).json()

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


# --- Notes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  no \t sugar\r\nplease ", "no sugar please"),
        ("a\x00b\x07c\x1b[31m\x7f", "abc[31m"),
        ("\u202eevil\u202c\u2066", "evil"),
        ("half \ud83d", "half"),
        ("👩‍🍳 🧡 👍🏽 🇸🇪", "👩‍🍳 🧡 👍🏽 🇸🇪"),
        ("<b>&amp; 'quoted'", "<b>&amp; 'quoted'"),
        ("\u2028\u00a0\u3000", ""),
        ("🥐" * 120 + "   ", "🥐" * 120),
    ],
)
def test_notes_are_cleaned(customer: JsonClient, bun: Product, typed: str, kept: str) -> None:
    response = order(customer, row(bun, note=typed), note=typed)

    placed = Order.objects.get()
    assert response.status_code == 201
    assert (placed.note, placed.rows.get().note) == (kept, kept)


@pytest.mark.parametrize("note", ["x" * 121, "x" * 2000, "🥐" * 121])
def test_note_that_is_too_long_is_named(customer: JsonClient, bun: Product, note: str) -> None:
    message = "A note can have at most 120 characters."

    assert refusal(order(customer, row(bun, note=note))) == ("rows[0].note", message)
    assert refusal(order(customer, row(bun), note=note)) == ("note", message)


@pytest.mark.parametrize("note", [1, True, [], {}])
def test_note_that_is_no_text_is_named(customer: JsonClient, bun: Product, note: Any) -> None:
    assert refusal(order(customer, row(bun, note=note)))[0] == "rows[0].note"
    assert refusal(order(customer, row(bun), note=note))[0] == "note"


# --- Dining --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dining", "rate"), [("eat_here", "12.00"), ("take_away", "6.00")])
def test_dining_decides_the_vat_and_not_the_price(
    customer: JsonClient, latte: Product, milk: OptionGroup, dining: str, rate: str
) -> None:
    Shop.objects.update(asks_dining=True)
    Product.objects.update(take_away_vat_rate=Decimal("6.00"))

    url = order(customer, row(latte, "Oat milk"), dining=dining, total="50.00").json()["url"]

    placed = Order.objects.get()
    assert placed.dining == customer.get(url).json()["dining"]["key"] == dining
    assert {each.vat_rate for each in placed.rows.all()} == {Decimal(rate)}


def test_product_without_take_away_rate_keeps_its_own(customer: JsonClient, bun: Product) -> None:
    Shop.objects.update(asks_dining=True)

    order(customer, row(bun), dining="take_away")

    assert Order.objects.get().rows.get().vat_rate == Decimal("12.00")


@pytest.mark.parametrize("dining", [None, "", "eat", "EAT_HERE", 1, True, ["eat_here"], {}])
def test_missing_or_unknown_dining_is_named(
    customer: JsonClient, bun: Product, dining: object
) -> None:
    Shop.objects.update(asks_dining=True)

    assert refusal(order(customer, row(bun), dining=dining)) == (
        "dining",
        "Choose whether to eat here or take away.",
    )


def test_dining_that_the_shop_does_not_ask_is_named(customer: JsonClient, bun: Product) -> None:
    response = order(customer, row(bun), dining="eat_here")

    assert refusal(response) == (
        "dining",
        "This shop no longer asks whether you eat here or take away.",
    )


# --- Tips ----------------------------------------------------------------------------------------


def test_tip_is_a_row_without_vat(customer: JsonClient, bun: Product) -> None:
    Shop.objects.update(tip_percentages=[5, 10])

    url = order(customer, row(bun), tip="4.50", total="49.50").json()["url"]

    tip = Order.objects.get().rows.get(kind=RowKind.TIP)
    shown = customer.get(url, headers={"Accept-Language": "sv"}).json()
    assert (tip.total, tip.vat_rate) == (Decimal("4.50"), Decimal(0))
    assert (tip.quantity, tip.product) == (1, None)
    assert Invoice.objects.get().amount == Decimal("49.50")
    assert shown["tip"] == {"name": "Dricks", "total": "4.50"}
    assert [each["name"] for each in shown["rows"]] == ["Kanelbulle"]


@pytest.mark.parametrize("tip", [None, "0.00"])
def test_no_tip_is_no_row(customer: JsonClient, bun: Product, tip: str | None) -> None:
    order(customer, row(bun), tip=tip, total="45.00")

    assert Order.objects.get().rows.count() == 1


@pytest.mark.parametrize(
    "tip", ["-5.00", "5", 5, 5.0, "5,00", "1e2", "NaN", "", True, [], "999999999.00"]
)
def test_tip_that_is_no_amount_is_named(customer: JsonClient, bun: Product, tip: object) -> None:
    Shop.objects.update(tip_percentages=[5])

    assert refusal(order(customer, row(bun), tip=tip))[0] == "tip"


def test_tip_above_the_goods_is_named(customer: JsonClient, bun: Product) -> None:
    Shop.objects.update(tip_percentages=[5])

    field, message = refusal(order(customer, row(bun), tip="45.01"))

    assert field == "tip"
    assert "45.00" in message
    assert order(customer, row(bun), tip="45.00").status_code == 201


def test_tip_where_the_shop_takes_none_is_named(customer: JsonClient, bun: Product) -> None:
    assert refusal(order(customer, row(bun), tip="4.50")) == (
        "tip",
        "This shop does not take tips.",
    )


# --- A repeated request, and another attempt to pay ----------------------------------------------


def test_repeated_nonce_with_the_same_contents_returns_the_order(
    customer: JsonClient, latte: Product, milk: OptionGroup, extras: OptionGroup
) -> None:
    Shop.objects.update(asks_dining=True, tip_percentages=[5])
    contents = {"note": "outside", "dining": "take_away", "tip": "4.50"}
    first = order(customer, row(latte, "Oat milk", "Shot", note="warm"), **contents)
    Shop.objects.update(asks_dining=False, tip_percentages=[])
    Option.objects.update(sold_out=True)

    second = order(customer, row(latte, "Shot", "Oat milk", note=" warm\n"), **contents)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


@pytest.mark.parametrize(
    "change",
    [
        {"note": "inside"},
        {"dining": "eat_here"},
        {"tip": "4.51"},
        {"tip": None},
        {"rows": ("Oat milk", 1, "warm")},
        {"rows": ("Oat milk", 2, "hot")},
        {"rows": ("Cow's milk", 2, "warm")},
    ],
    ids=str,
)
def test_repeated_nonce_with_other_contents_is_a_conflict(
    customer: JsonClient, latte: Product, milk: OptionGroup, change: dict[str, Any]
) -> None:
    Shop.objects.update(asks_dining=True, tip_percentages=[5])
    contents: dict[str, Any] = {"note": "outside", "dining": "take_away", "tip": "4.50"}
    order(customer, row(latte, "Oat milk", quantity=2, note="warm"), **contents)
    name, quantity, note = change.pop("rows", ("Oat milk", 2, "warm"))

    again = order(customer, row(latte, name, quantity=quantity, note=note), **(contents | change))

    assert (again.status_code, again.json()["error"]) == (409, "nonce_reused")


def test_order_whose_option_has_sold_out_cannot_be_paid_again(
    customer: JsonClient,
    customer_session: CustomerSession,
    latte: Product,
    milk: OptionGroup,
) -> None:
    Shop.objects.update(tip_percentages=[5])
    url = order(customer, row(latte, "Oat milk"), tip="4.50").json()["url"]
    Order.objects.update(state="canceled")
    Invoice.objects.update(status="CANCELED", cancel_reason="customer")
    Option.objects.filter(name_en="Oat milk").update(sold_out=True)

    refused = customer.send(f"{url}/pay")
    Option.objects.filter(name_en="Oat milk").update(sold_out=False)
    accepted = customer.send(f"{url}/pay")

    assert (refused.status_code, refused.json()["message"]) == (409, "Oat milk is sold out.")
    assert accepted.status_code == 200
    assert Invoice.objects.latest("id").amount == Decimal("54.50")


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
