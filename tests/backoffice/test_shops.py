"""Services in the admin: their addresses, products and codes, and when they stay."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from orders.models import Category, OpeningHours, OrderState, Picture, Product, QrCode, Shop
from orders.qr import save_qr_code
from tests.factories import (
    CategoryFactory,
    OrderFactory,
    PictureFactory,
    ProductFactory,
    ShopFactory,
)
from tests.image_files import drawn, upload
from tests.staff import boss, find, list_url, page_url, run, staff, told, user_of

pytestmark = pytest.mark.django_db

INLINES = ("opening_hours", "categories", "products")


def form(**fields: Any) -> dict[str, Any]:
    """The fields of a shop's form, without products."""
    return {
        "name": "Kafé Lyktan",
        "slug": "lyktan",
        "service_id": "LYKTAN",
        "currency": "SEK",
        "accent": "#7a3412",
        **{f"{rows}-TOTAL_FORMS": "0" for rows in INLINES},
        **{f"{rows}-INITIAL_FORMS": "0" for rows in INLINES},
        **fields,
    }


def row_of(product: Product, number: int = 0, **fields: Any) -> dict[str, Any]:
    """The fields of a product in that form, as the page has filled them in."""
    names = ("id", "position", "name_sv", "name_en", "price", "vat_rate", "unit", "sku")
    filled = {name: getattr(product, name) for name in names}
    filled |= {"category": product.category_id or "", "on_sale": "on"} | fields
    return {f"products-{number}-{name}": value for name, value in filled.items()}


def errors(response: Any) -> dict[str, list[str]]:
    """The form's errors, by field."""
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def test_the_page_shows_the_four_addresses_to_hand_to_seqr(settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://shop.example.se"
    shop = ShopFactory.create(slug="lyktan")

    page = boss().get(page_url(shop)).content.decode()

    for name in ("order", "success", "failure", "cancel"):
        assert f'readonly value="https://shop.example.se/lyktan/{name}"' in page


def test_a_new_service_is_made_with_its_products() -> None:
    first_product = {
        "products-TOTAL_FORMS": "1",
        "products-0-on_sale": "on",
        "products-0-position": "1",
        "products-0-name_sv": "Kanelbulle",
        "products-0-name_en": "Cinnamon bun",
        "products-0-price": "35.00",
        "products-0-vat_rate": "12",
        "products-0-unit": "st",
    }

    boss().post(reverse("admin:orders_shop_add"), form(**first_product))

    product = Product.objects.get()
    assert (product.shop.slug, product.name_sv, str(product.price)) == (
        "lyktan",
        "Kanelbulle",
        "35.00",
    )


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("slug", "orders", "one of our own addresses"),
        ("slug", "med blanksteg", "slug"),
        ("service_id", "lyktan", "capital letters"),
        ("currency", "kr", "three capital letters"),
        ("accent", "#ffcc00", "contrast of 1.5:1; 4.5:1 is needed"),
        ("accent", "red", "six digits or letters"),
    ],
)
def test_what_a_service_cannot_be_called_is_told_beside_the_field(
    field: str, value: str, sentence: str
) -> None:
    response = boss().post(reverse("admin:orders_shop_add"), form(**{field: value}))

    assert sentence in errors(response)[field][0]
    assert not Shop.objects.exists()


def test_a_service_id_too_long_for_a_printed_code_is_refused() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    save_qr_code(shop, "Table 4", "WHERE=TABLE-4", None)

    response = boss().post(page_url(shop), form(service_id="KAFE-LYKTAN-I-UPPSALA"))

    assert "Table 4" in errors(response)["service_id"][0]
    assert "50 are allowed" in errors(response)["service_id"][0]


def test_a_new_service_id_reminds_of_the_printed_codes() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    save_qr_code(shop, "Table 4", "TABLE=4", None)

    response = boss().post(page_url(shop), form(service_id="KAFE"))

    assert any("old service ID" in message for message in told(response))


def test_all_codes_of_a_service_are_made_anew_by_one_action() -> None:
    shop, other = ShopFactory.create(service_id="OLD"), ShopFactory.create()
    for table in range(3):
        save_qr_code(shop, f"Table {table}", f"TABLE={table}", None)
    elsewhere = save_qr_code(other, "Counter", "", None)
    Shop.objects.filter(pk=shop.pk).update(service_id="NEW")
    client = boss()

    messages = run(client, "regenerate_codes", shop)

    payloads = QrCode.objects.filter(shop=shop).order_by("parameters")
    assert [code.payload for code in payloads] == [
        f"HTTP://SEQR.SE/000/NEW?TABLE={table}" for table in range(3)
    ]
    assert messages == [f"Made anew: {', '.join(str(code) for code in payloads)}."]
    elsewhere.refresh_from_db()
    assert elsewhere.made_by is None


def test_codes_are_made_anew_only_by_staff_who_may_change_them() -> None:
    shop = ShopFactory.create(service_id="OLD")
    save_qr_code(shop, "Table 4", "TABLE=4", None)
    Shop.objects.filter(pk=shop.pk).update(service_id="NEW")

    run(staff("orders.view_shop"), "regenerate_codes", shop)

    assert QrCode.objects.get().payload == "HTTP://SEQR.SE/000/OLD?TABLE=4"


@pytest.mark.parametrize("way", ["page", "list"])
def test_a_service_with_orders_is_not_deleted_and_the_page_says_why(way: str) -> None:
    shop = ShopFactory.create(name="Kafé Lyktan")
    OrderFactory.create_batch(2, shop=shop)
    client = boss()
    url = reverse("admin:orders_shop_delete", args=[shop.pk])

    response: Any
    if way == "page":
        response = client.post(url, {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": shop.pk, "post": "yes"}
        response = client.post(list_url(Shop), chosen)

    assert Shop.objects.filter(pk=shop.pk).exists()
    assert "Kafé Lyktan: 2 orders" in client.get(url).content.decode()
    assert response.status_code in (200, 302)


def test_a_service_without_orders_can_be_deleted() -> None:
    shop = ShopFactory.create()
    ProductFactory.create(shop=shop)

    boss().post(reverse("admin:orders_shop_delete", args=[shop.pk]), {"post": "yes"})

    assert not Shop.objects.exists()


def test_the_list_counts_products_on_sale_and_open_orders() -> None:
    shop = ShopFactory.create()
    ProductFactory.create_batch(3, shop=shop)
    ProductFactory.create(shop=shop, on_sale=False)
    OrderFactory.create_batch(2, shop=shop, state=OrderState.AWAITING_PAYMENT)
    OrderFactory.create(shop=shop, state=OrderState.PAID)

    (row,) = find(boss(), Shop)

    assert (row.number_of_products, row.number_of_open_orders) == (3, 2)


def test_the_list_of_twenty_services_costs_no_more_queries_than_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for shop in ShopFactory.create_batch(20):
        ProductFactory.create_batch(2, shop=shop)
        OrderFactory.create(shop=shop)
    client = boss()

    with django_assert_max_num_queries(6):
        response = client.get(list_url(Shop))

    assert len(response.context["cl"].result_list) == 20


def test_a_name_with_a_script_in_it_is_shown_as_text() -> None:
    shop = ShopFactory.create(name="<script>alert(1)</script>")
    CategoryFactory.create(shop=shop, name_sv="<script>alert(4)</script>")
    ProductFactory.create(shop=shop, name_sv="<script>alert(2)</script>")
    save_qr_code(shop, "<script>alert(3)</script>", "", None)
    client = boss()

    pages = [
        client.get(url).content.decode()
        for url in (
            page_url(shop),
            list_url(Shop),
            list_url(QrCode),
            page_url(QrCode.objects.get()),
        )
    ]

    assert all("<script>alert" not in page for page in pages)
    assert all("&lt;script&gt;alert" in page for page in pages)


# --- The look ------------------------------------------------------------------------------------


def test_a_logo_is_kept_small_shown_and_taken_away() -> None:
    shop = ShopFactory.create()
    client = boss()

    client.post(page_url(shop), form(logo=upload(drawn((1024, 512)))))
    shop.refresh_from_db()
    page = client.get(page_url(shop)).content.decode()
    kept = shop.logo
    client.post(page_url(shop), form(accent="#0b57d0"))
    shop.refresh_from_db()
    after_another_change = shop.logo
    client.post(page_url(shop), form(**{"logo-clear": "on"}))
    shop.refresh_from_db()

    assert kept is not None
    assert (kept.width, kept.height) == (256, 128)
    assert kept.url in page
    assert after_another_change == kept
    assert shop.logo is None


def test_what_cannot_be_a_logo_is_told_beside_the_field() -> None:
    shop = ShopFactory.create()
    file = SimpleUploadedFile("logo.svg", b"<svg/>", "image/svg+xml")

    response = boss().post(page_url(shop), form(logo=file))

    assert "no JPEG, PNG or WebP" in errors(response)["logo"][0]
    assert not Picture.objects.exists()


# --- Paused and open -----------------------------------------------------------------------------


def test_a_service_is_paused_and_opened_by_those_who_may_and_the_log_says_who() -> None:
    shop = ShopFactory.create(name="Kafé Lyktan")
    client = staff("orders.view_shop", "orders.pause_shop")

    run(client, "pause", shop)
    run(client, "pause", shop)
    shop.refresh_from_db()
    was_paused = shop.paused
    messages = run(client, "open", shop, from_detail="yes")
    shop.refresh_from_db()

    assert (was_paused, shop.paused) == (True, False)
    assert messages == [
        "Paused: Kafé Lyktan.",
        "Nothing to change: Kafé Lyktan.",
        "Opened: Kafé Lyktan.",
    ]
    log = LogEntry.objects.order_by("id")
    assert [(line.change_message, line.user) for line in log] == [
        ("Paused", user_of(client)),
        ("Opened", user_of(client)),
    ]


def test_a_service_is_not_paused_by_staff_who_may_only_change_it() -> None:
    shop = ShopFactory.create()

    run(staff("orders.view_shop", "orders.change_shop"), "pause", shop)

    shop.refresh_from_db()
    assert not shop.paused
    assert not LogEntry.objects.exists()


def test_a_page_that_was_open_since_before_the_pause_does_not_undo_it() -> None:
    shop = ShopFactory.create(paused=True)

    boss().post(page_url(shop), form(name="Kafé Fyren"))

    shop.refresh_from_db()
    assert (shop.name, shop.paused) == ("Kafé Fyren", True)


def test_the_page_offers_what_can_be_done_and_says_what_customers_read() -> None:
    shop = ShopFactory.create()
    client = boss()

    open_page = client.get(page_url(shop)).content.decode()
    Shop.objects.update(paused=True, pause_note_en="Back at 14:00.")
    paused_page = client.get(page_url(shop)).content.decode()

    assert 'name="action" value="pause"' in open_page
    assert "Orders are taken." in open_page
    assert 'name="action" value="open"' in paused_page
    assert "We are not taking orders right now. Back at 14:00." in paused_page


def test_hours_and_categories_are_typed_on_the_page() -> None:
    shop = ShopFactory.create()
    rows = {
        "opening_hours-TOTAL_FORMS": "1",
        "opening_hours-0-weekday": "4",
        "opening_hours-0-opens": "18:00",
        "opening_hours-0-closes": "02:00",
        "categories-TOTAL_FORMS": "1",
        "categories-0-position": "1",
        "categories-0-name_sv": "Bakat",
        "categories-0-name_en": "Baked",
    }

    boss().post(page_url(shop), form(**rows))

    hours = OpeningHours.objects.get()
    assert (hours.weekday, hours.opens, hours.closes) == (4, time(18), time(2))
    assert Category.objects.get().name_en == "Baked"


# --- Its products --------------------------------------------------------------------------------


def test_a_product_moves_to_a_category_of_its_own_service_only() -> None:
    shop = ShopFactory.create()
    own, foreign = CategoryFactory.create(shop=shop), CategoryFactory.create()
    bun = ProductFactory.create(shop=shop)
    one = {"products-TOTAL_FORMS": "1", "products-INITIAL_FORMS": "1"}
    client = boss()

    client.post(page_url(shop), form(**one, **row_of(bun, category=own.pk)))
    bun.refresh_from_db()
    moved = bun.category
    page = client.get(page_url(shop)).content.decode()
    response = client.post(page_url(shop), form(**one, **row_of(bun, category=foreign.pk)))
    bun.refresh_from_db()

    assert moved == bun.category == own
    assert f'<option value="{own.pk}" selected>Bakat</option>' in page
    assert response.context["inline_admin_formsets"][2].forms[0].errors["category"]


def test_a_page_that_was_open_since_the_morning_puts_nothing_back_in_stock() -> None:
    bun = ProductFactory.create(sold_out=True)
    one = {"products-TOTAL_FORMS": "1", "products-INITIAL_FORMS": "1"}

    boss().post(page_url(bun.shop), form(**one, **row_of(bun, price="46.00")))

    bun.refresh_from_db()
    assert (str(bun.price), bun.sold_out) == ("46.00", True)


def test_the_page_of_many_products_reads_them_at_once(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    shop = ShopFactory.create()
    category, picture = CategoryFactory.create(shop=shop), PictureFactory.create()
    shown = {"picture": picture, "picture_alt_sv": "x", "picture_alt_en": "x"}
    ProductFactory.create_batch(50, shop=shop, category=category, **shown)
    client = boss()

    with django_assert_max_num_queries(20):
        page = client.get(page_url(shop)).content.decode()

    assert page.count(f'<img src="{picture.url}" width="40" height="40"') == 50
    assert page.count('type="file"') == 1  # the logo's
