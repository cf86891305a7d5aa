"""A shop's catalogue as its customers see it: categories, pictures, availability, prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from orders.models import Category, CustomerSession, Order, Product, Shop
from payments.models import Invoice
from tests.factories import CategoryFactory, PictureFactory, ProductFactory
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of

# --- Menu ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "name"), [("sv", "Bakverk"), ("en", "Pastries")])
def test_products_are_ordered_by_category_with_uncategorised_last(
    customer: JsonClient, cafe: Shop, language: str, name: str
) -> None:
    drinks = CategoryFactory.create(shop=cafe, position=2, name_sv="Dryck", name_en="Drinks")
    baked = CategoryFactory.create(shop=cafe, position=1)
    CategoryFactory.create(shop=cafe, position=0, name_sv="Tom", name_en="Empty")
    loose = ProductFactory.create(shop=cafe, position=0)
    tea = ProductFactory.create(shop=cafe, category=drinks, position=1)
    cake = ProductFactory.create(shop=cafe, category=baked, position=5)
    bun = ProductFactory.create(shop=cafe, category=baked, position=4)

    menu = customer.send("/lyktan/session", headers={"Accept-Language": language}).json()

    assert [(each["id"], each["category"]) for each in menu["products"]] == [
        (bun.pk, baked.pk),
        (cake.pk, baked.pk),
        (tea.pk, drinks.pk),
        (loose.pk, None),
    ]
    assert [each["id"] for each in menu["categories"]] == [baked.pk, drinks.pk]
    assert menu["categories"][0]["name"] == name


@pytest.mark.parametrize(("language", "alt"), [("sv", "En snurrad bulle"), ("en", "A swirled bun")])
def test_picture_has_alternative_text_in_requested_language(
    customer: JsonClient, cafe: Shop, language: str, alt: str
) -> None:
    picture = PictureFactory.create()
    ProductFactory.create(shop=cafe, shown=True, picture=picture)

    menu = customer.send("/lyktan/session", headers={"Accept-Language": language}).json()

    assert menu["products"][0]["picture"] == {
        "url": f"/pictures/{picture.digest}.webp",
        "alt": alt,
        "width": 320,
        "height": 320,
    }


def test_shop_has_its_own_accent_and_logo(customer: JsonClient, cafe: Shop) -> None:
    picture = PictureFactory.create(width=256, height=64)
    Shop.objects.update(accent="#0b57d0", logo=picture)

    page = customer.get("/lyktan/order").content.decode()
    shop = customer.send("/lyktan/session").json()["shop"]

    assert '<link rel="stylesheet" href="/accents/0b57d0.css">' in page
    assert '<meta name="theme-color" content="#0b57d0">' in page
    assert f'<img src="{picture.url}"' in page
    assert (shop["accent"], shop["on_accent"]) == ("#0b57d0", "#ffffff")
    assert shop["logo"] == {"url": picture.url, "alt": "Kafé Lyktan", "width": 256, "height": 64}


def test_menu_of_200_products_needs_5_queries(
    customer: JsonClient, cafe: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    category = CategoryFactory.create(shop=cafe)
    picture = PictureFactory.create()
    Product.objects.bulk_create(
        ProductFactory.build_batch(
            200,
            shop=cafe,
            category=category,
            picture=picture,
            picture_alt_sv="x",
            picture_alt_en="x",
        )
    )

    with django_assert_max_num_queries(4):
        menu = customer.send("/lyktan/session").json()

    assert len(menu["products"]) == 200


@pytest.mark.parametrize("page", ["order", "success", "failure", "cancel"])
def test_pages_pictures_and_accents_only_select(
    client: JsonClient, cafe: Shop, page: str, django_assert_num_queries: Any
) -> None:
    picture = PictureFactory.create()

    with django_assert_num_queries(2) as queries:
        client.get(f"/lyktan/{page}")
        client.get(picture.url)
        client.get("/accents/7a3412.css")

    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)


# --- Sold out ------------------------------------------------------------------------------------


def test_sold_out_product_is_listed_as_sold_out(
    customer: JsonClient, customer_session: CustomerSession, bun: Product
) -> None:
    Product.objects.update(sold_out=True)

    (product,) = customer.send("/lyktan/session").json()["products"]

    assert (product["id"], product["sold_out"]) == (bun.pk, True)


@pytest.mark.parametrize(
    ("change", "english", "swedish"),
    [
        ({"sold_out": True}, "Cinnamon bun is sold out.", "Kanelbulle är slut."),
        (
            {"on_sale": False},
            "Cinnamon bun is no longer for sale.",
            "Kanelbulle säljs inte längre.",
        ),
    ],
)
def test_unavailable_product_is_named_and_no_order_is_created(
    customer: JsonClient,
    two_buns: dict[str, Any],
    change: dict[str, bool],
    english: str,
    swedish: str,
) -> None:
    Product.objects.update(**change)
    coffee = ProductFactory.create(shop=Shop.objects.get())
    two_buns["rows"].insert(0, {"product": coffee.pk, "quantity": 1})

    for language, sentence in (("en", english), ("sv", swedish)):
        response = customer.send("/lyktan/orders", two_buns, headers={"Accept-Language": language})

        assert response.status_code == 400
        assert response.json() == {
            "error": "invalid",
            "field": "rows[1].product",
            "message": sentence,
        }
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sold_out": True}, "Cinnamon bun is sold out."),
        ({"on_sale": False}, "Cinnamon bun is no longer for sale."),
    ],
)
def test_order_with_unavailable_product_cannot_be_retried(
    customer: JsonClient, customer_session: CustomerSession, change: dict[str, bool], sentence: str
) -> None:
    invoice = invoice_of(customer_session, "expired")
    Product.objects.update(**change)

    response = customer.send(path_of(invoice, "/pay"))

    assert response.status_code == 409
    assert response.json()["error"] == "not_payable"
    assert response.json()["message"] == sentence
    assert response.json()["order"]["state"] == "expired"
    assert Invoice.objects.count() == 1


def test_product_sold_out_after_order_stays_in_order(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    created = customer.send("/lyktan/orders", two_buns).json()
    Product.objects.update(sold_out=True)

    repeated = customer.send("/lyktan/orders", two_buns)

    assert (repeated.status_code, repeated.json()) == (200, created)


# --- Prices --------------------------------------------------------------------------------------


def test_order_at_shown_total_is_created(customer: JsonClient, two_buns: dict[str, Any]) -> None:
    assert customer.send("/lyktan/orders", {**two_buns, "total": "90.00"}).status_code == 201


@pytest.mark.parametrize("price", ["46.00", "44.50"])
def test_changed_price_is_conflict_and_no_order_is_created(
    customer: JsonClient, two_buns: dict[str, Any], bun: Product, price: str
) -> None:
    Product.objects.update(price=price)

    response = customer.send("/lyktan/orders", {**two_buns, "total": "90.00"})

    assert response.status_code == 409
    assert response.json() == {
        "error": "price_changed",
        "message": "The prices have changed: the total was SEK\xa090.00 and is now "
        f"SEK\xa0{2 * Decimal(price)}. Order again to accept it.",
        "total": {"value": str(2 * Decimal(price)), "currency": "SEK"},
        "products": [
            {
                "id": bun.pk,
                "name": "Cinnamon bun",
                "price": price,
                "unit": "st",
                "option_groups": [],
            }
        ],
    }
    assert not Order.objects.exists()
    assert not Invoice.objects.exists()


def test_order_at_new_total_may_reuse_nonce(customer: JsonClient, two_buns: dict[str, Any]) -> None:
    Product.objects.update(price="50.00")
    rejected = customer.send("/lyktan/orders", {**two_buns, "total": "90.00"})

    created = customer.send(
        "/lyktan/orders", {**two_buns, "total": rejected.json()["total"]["value"]}
    )

    assert (created.status_code, created.json()["total"]["value"]) == (201, "100.00")


def test_repeated_nonce_returns_order_despite_changed_price(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    body = {**two_buns, "total": "90.00"}
    created = customer.send("/lyktan/orders", body).json()
    Product.objects.update(price="50.00")

    repeated = customer.send("/lyktan/orders", body)

    assert (repeated.status_code, repeated.json()) == (200, created)


@pytest.mark.parametrize(
    "total",
    ["", "90", "90.0", "90,00", "-90.00", "1e2", "٩٠.٠٠", "999999999.00", 90, 90.0, True, []],
)
def test_invalid_total_is_named(
    customer: JsonClient, two_buns: dict[str, Any], total: object
) -> None:
    response = customer.send("/lyktan/orders", {**two_buns, "total": total})

    assert (response.status_code, response.json()["field"]) == (400, "total")


# --- Database constraints ------------------------------------------------------------------------


def test_products_of_deleted_category_stay_on_sale(customer: JsonClient, cafe: Shop) -> None:
    category = CategoryFactory.create(shop=cafe)
    bun = ProductFactory.create(shop=cafe, category=category)

    Category.objects.all().delete()

    (product,) = customer.send("/lyktan/session").json()["products"]
    assert (product["id"], product["category"]) == (bun.pk, None)


@pytest.mark.parametrize("missing", ["picture_alt_sv", "picture_alt_en"])
def test_picture_without_alternative_text_is_rejected_by_database(cafe: Shop, missing: str) -> None:
    with pytest.raises(IntegrityError):
        ProductFactory.create(shop=cafe, shown=True, **{missing: ""})
