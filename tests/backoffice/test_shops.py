"""Shops in the admin: their addresses, codes, looks and deletion."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from orders.codes.generate import save_qr_code
from orders.models import Category, OpeningHours, OrderState, Picture, Product, QrCode, Shop
from tests.backoffice.shop_form import errors, form, row_of
from tests.factories import (
    CategoryFactory,
    OrderFactory,
    PictureFactory,
    ProductFactory,
    ShopFactory,
    TerminalFactory,
)
from tests.image_files import drawn, upload
from tests.staff import (
    list_url,
    listed,
    page_url,
    run_action,
    shown_messages,
    staff,
    superuser,
)

pytestmark = pytest.mark.django_db


def test_page_shows_the_four_addresses_to_register_with_seqr(settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://shop.example.se"
    shop = ShopFactory.create(slug="lyktan")

    page = superuser().get(page_url(shop)).content.decode()

    for name in ("order", "success", "failure", "cancel"):
        assert f"<div>https://shop.example.se/lyktan/{name}</div>" in page
    assert f'href="/admin/orders/shop/{shop.pk}/start/?check=yes"' in page


def test_shop_is_saved_with_its_products() -> None:
    shop = ShopFactory.create()
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

    superuser().post(page_url(shop), form(**first_product))

    product = Product.objects.get()
    assert (product.shop, product.name_sv, str(product.price)) == (shop, "Kanelbulle", "35.00")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("slug", "orders", "reserved for the system"),
        ("slug", "med blanksteg", "slug"),
        ("service_id", "KAFÉ", "capital letters"),
        ("default_vat_rate", "-1", "greater than or equal to 0"),
        ("currency", "kr", "three capital letters"),
        ("accent", "#ffcc00", "contrast of 1.5:1; 4.5:1 is needed"),
        ("accent", "red", "six digits or letters"),
    ],
)
def test_invalid_shop_is_refused(field: str, value: str, sentence: str) -> None:
    shop = ShopFactory.create(name="Kafé Fyren")

    response = superuser().post(page_url(shop), form(**{field: value}))

    shop.refresh_from_db()
    assert sentence in errors(response)[field][0]
    assert shop.name == "Kafé Fyren"


def test_service_id_is_stored_in_capital_letters() -> None:
    shop = ShopFactory.create()

    superuser().post(page_url(shop), form(service_id="lyktan-2"))

    shop.refresh_from_db()
    assert shop.service_id == "LYKTAN-2"


def test_page_of_a_shop_changes_neither_its_seller_nor_its_terminal() -> None:
    shop = ShopFactory.create(name="Kafé Fyren")
    other = TerminalFactory.create(principal_id="till-2")

    superuser().post(page_url(shop), form(terminal=other.pk, seller=other.seller_id))

    before = shop.terminal
    shop.refresh_from_db()
    assert (shop.name, shop.terminal) == ("Kafé Lyktan", before)


def test_list_shows_each_shops_terminal_and_is_filtered_by_it() -> None:
    shop = ShopFactory.create()
    till = TerminalFactory.create(principal_id="till-2", label="Southside")
    elsewhere = ShopFactory.create(terminal=till)
    client = superuser()

    page = client.get(list_url(Shop)).content.decode()

    assert "Till 1" in page
    assert "Southside" in page
    assert listed(client, Shop, terminal__id__exact=str(till.pk)) == [elsewhere]
    assert shop.terminal != till


def test_service_id_too_long_for_a_printed_code_is_refused() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    save_qr_code(shop, "Table 4", "WHERE=TABLE-4", None)

    response = superuser().post(page_url(shop), form(service_id="KAFE-LYKTAN-I-UPPSALA"))

    assert "Table 4" in errors(response)["service_id"][0]
    assert "50 are allowed" in errors(response)["service_id"][0]


def test_new_service_id_warns_about_the_printed_codes() -> None:
    shop = ShopFactory.create(service_id="LYKTAN")
    save_qr_code(shop, "Table 4", "TABLE=4", None)

    response = superuser().post(page_url(shop), form(service_id="KAFE"))

    assert any("old service ID" in message for message in shown_messages(response))


def test_all_codes_of_a_shop_are_regenerated_at_once() -> None:
    shop, other = ShopFactory.create(service_id="OLD"), ShopFactory.create()
    for table in range(3):
        save_qr_code(shop, f"Table {table}", f"TABLE={table}", None)
    elsewhere = save_qr_code(other, "Counter", "", None)
    Shop.objects.filter(pk=shop.pk).update(service_id="NEW")
    client = superuser()

    messages = run_action(client, "regenerate_codes", shop, confirmed="yes")

    payloads = QrCode.objects.filter(shop=shop).order_by("parameters")
    assert [code.payload for code in payloads] == [
        f"HTTP://SEQR.SE/000/NEW?TABLE={table}" for table in range(3)
    ]
    assert messages == [f"Code regenerated: {', '.join(str(code) for code in payloads)}."]
    elsewhere.refresh_from_db()
    assert elsewhere.made_by is None


def test_regenerating_codes_needs_the_permission_to_change_them() -> None:
    shop = ShopFactory.create(service_id="OLD")
    save_qr_code(shop, "Table 4", "TABLE=4", None)
    Shop.objects.filter(pk=shop.pk).update(service_id="NEW")

    run_action(staff("orders.view_shop"), "regenerate_codes", shop)

    assert QrCode.objects.get().payload == "HTTP://SEQR.SE/000/OLD?TABLE=4"


@pytest.mark.parametrize("deleted_from", ["page", "list"])
def test_shop_with_orders_is_not_deleted_and_the_page_says_why(deleted_from: str) -> None:
    shop = ShopFactory.create(name="Kafé Lyktan")
    OrderFactory.create_batch(2, shop=shop)
    client = superuser()
    url = reverse("admin:orders_shop_delete", args=[shop.pk])

    response: Any
    if deleted_from == "page":
        response = client.post(url, {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": shop.pk, "post": "yes"}
        response = client.post(list_url(Shop), chosen)

    assert Shop.objects.filter(pk=shop.pk).exists()
    assert "Kafé Lyktan: 2 orders" in client.get(url).content.decode()
    assert response.status_code in (200, 302)


def test_shop_without_orders_is_deleted() -> None:
    shop = ShopFactory.create()
    ProductFactory.create(shop=shop)

    superuser().post(reverse("admin:orders_shop_delete", args=[shop.pk]), {"post": "yes"})

    assert not Shop.objects.exists()


def test_list_counts_products_on_sale_and_open_orders() -> None:
    shop = ShopFactory.create()
    ProductFactory.create_batch(3, shop=shop)
    ProductFactory.create(shop=shop, on_sale=False)
    OrderFactory.create_batch(2, shop=shop, state=OrderState.AWAITING_PAYMENT)
    OrderFactory.create(shop=shop, state=OrderState.PAID)

    (row,) = listed(superuser(), Shop)

    assert (row.product_count, row.open_order_count) == (3, 2)


def test_script_in_a_name_is_escaped() -> None:
    shop = ShopFactory.create(name="<script>alert(1)</script>")
    CategoryFactory.create(shop=shop, name_sv="<script>alert(4)</script>")
    ProductFactory.create(shop=shop, name_sv="<script>alert(2)</script>")
    save_qr_code(shop, "<script>alert(3)</script>", "", None)
    client = superuser()

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


def test_logo_is_resized_stored_and_removed() -> None:
    shop = ShopFactory.create()
    client = superuser()

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


def test_invalid_logo_is_refused() -> None:
    shop = ShopFactory.create()
    file = SimpleUploadedFile("logo.svg", b"<svg/>", "image/svg+xml")

    response = superuser().post(page_url(shop), form(logo=file))

    assert "not a valid JPEG, PNG or WebP" in errors(response)["logo"][0]
    assert not Picture.objects.exists()


def test_long_form_does_not_undo_what_changes_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = ShopFactory.create()
    other = TerminalFactory.create(principal_id="till-2")

    def meanwhile(service_id: str) -> str:
        Shop.objects.update(terminal=other, paused=True)
        return service_id

    monkeypatch.setattr("seqrshop.backoffice.shop.in_capitals", meanwhile)
    superuser().post(page_url(shop), form(name="Kafé Fyren"))

    shop.refresh_from_db()
    assert (shop.name, shop.terminal, shop.paused) == ("Kafé Fyren", other, True)


def test_opening_hours_and_categories_are_edited_on_the_page() -> None:
    shop = ShopFactory.create()
    rows = {
        "opening_hours-TOTAL_FORMS": "1",
        "opening_hours-0-weekday": "4",
        "opening_hours-0-opens": "18:00",
        "opening_hours-0-closes": "02:00",
        "categories-TOTAL_FORMS": "1",
        "categories-0-position": "1",
        "categories-0-name_sv": "Bakat",
        "categories-0-name_en": "Pastries",
    }

    superuser().post(page_url(shop), form(**rows))

    hours = OpeningHours.objects.get()
    assert (hours.weekday, hours.opens, hours.closes) == (4, time(18), time(2))
    assert Category.objects.get().name_en == "Pastries"


def test_product_accepts_a_category_of_its_own_shop_only() -> None:
    shop = ShopFactory.create()
    own, foreign = CategoryFactory.create(shop=shop), CategoryFactory.create()
    bun = ProductFactory.create(shop=shop)
    one = {"products-TOTAL_FORMS": "1", "products-INITIAL_FORMS": "1"}
    client = superuser()

    of_none = client.post(page_url(shop), form(**one, **row_of(bun, category=foreign.pk)))
    client.post(page_url(shop), form(**one, **row_of(bun, category=own.pk)))
    bun.refresh_from_db()
    moved = bun.category
    page = client.get(page_url(shop)).content.decode()
    of_own = client.post(page_url(shop), form(**one, **row_of(bun, category=foreign.pk)))
    bun.refresh_from_db()

    assert moved == bun.category == own
    assert f'<option value="{own.pk}" selected>{own}</option>' in page
    refused = [
        f"Select a valid choice. {foreign.pk} is not one of the available choices.",
    ]
    for response in (of_none, of_own):
        row = response.context["inline_admin_formsets"][-1].forms[0]
        assert row.errors == {"category": refused}


def test_outdated_page_does_not_put_a_product_back_in_stock() -> None:
    bun = ProductFactory.create(sold_out=True)
    one = {"products-TOTAL_FORMS": "1", "products-INITIAL_FORMS": "1"}

    superuser().post(page_url(bun.shop), form(**one, **row_of(bun, price="46.00")))

    bun.refresh_from_db()
    assert (str(bun.price), bun.sold_out) == ("46.00", True)


def test_page_of_many_products_reads_them_at_once(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    shop = ShopFactory.create()
    category, picture = CategoryFactory.create(shop=shop), PictureFactory.create()
    shown = {"picture": picture, "picture_alt_sv": "x", "picture_alt_en": "x"}
    ProductFactory.create_batch(50, shop=shop, category=category, **shown)
    client = superuser()

    with django_assert_max_num_queries(20):
        page = client.get(page_url(shop)).content.decode()

    assert page.count(f'<img src="{picture.url}" width="40" height="40"') == 50
    assert page.count('type="file"') == 1  # the logo's
