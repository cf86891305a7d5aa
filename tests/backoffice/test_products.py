"""Products in the admin: flipped at the counter, and given their pictures."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from orders.models import Picture, Product
from tests.factories import CategoryFactory, ProductFactory
from tests.image_files import drawn, noise, upload
from tests.staff import boss, find, list_url, page_url, run, staff, user_of

pytestmark = pytest.mark.django_db

ALT = {"picture_alt_sv": "En snurrad bulle", "picture_alt_en": "A swirled bun"}


def form(product: Product, **fields: Any) -> dict[str, Any]:
    """The fields of a product's page, as the page has filled them in."""
    names = ("position", "name_sv", "name_en", "price", "vat_rate", "unit", "sku", *ALT)
    filled = {name: getattr(product, name) for name in names}
    return {**filled, "on_sale": "on", "category": product.category_id or "", **fields}


def errors(response: Any) -> dict[str, list[str]]:
    """The form's errors, by field."""
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


# --- Sold out ------------------------------------------------------------------------------------


def test_staff_at_the_counter_flip_what_is_sold_out_and_the_log_says_who() -> None:
    bun, cake = ProductFactory.create_batch(2)
    client = staff("orders.view_product", "orders.sell_out_product")

    run(client, "sold_out_now", bun, cake)
    run(client, "sold_out_now", bun)
    sold_out = list(Product.objects.values_list("sold_out", flat=True))
    messages = run(client, "back_in_stock", bun, from_detail="yes")

    bun.refresh_from_db()
    assert (sold_out, bun.sold_out) == ([True, True], False)
    assert messages == [
        "Sold out: Kanelbulle, Kanelbulle.",
        "Nothing to change: Kanelbulle.",
        "Back in stock: Kanelbulle.",
    ]
    log = LogEntry.objects.order_by("id")
    assert [line.change_message for line in log] == ["Sold out", "Sold out", "Back in stock"]
    assert {line.user for line in log} == {user_of(client)}


def test_nothing_is_sold_out_by_staff_who_may_only_look() -> None:
    bun = ProductFactory.create()

    run(staff("orders.view_product"), "sold_out_now", bun)

    bun.refresh_from_db()
    assert not bun.sold_out
    assert not LogEntry.objects.exists()


def test_a_products_page_has_the_button_that_changes_something() -> None:
    bun = ProductFactory.create()
    client = staff("orders.view_product", "orders.sell_out_product")

    in_stock = client.get(page_url(bun)).content.decode()
    Product.objects.update(sold_out=True)
    sold_out = client.get(page_url(bun)).content.decode()

    assert 'value="sold_out_now"' in in_stock
    assert 'value="back_in_stock"' not in in_stock
    assert 'value="back_in_stock"' in sold_out


def test_products_are_found_by_name_and_number() -> None:
    bun = ProductFactory.create(sku="BAK-01")
    ProductFactory.create(name_sv="Te", name_en="Tea", sku="TE-01")
    client = boss()

    for term in ("kanel", "cinnamon", "BAK-01"):
        assert find(client, Product, q=term) == [bun]


def test_the_list_of_fifty_products_costs_no_more_queries_than_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for category in CategoryFactory.create_batch(5):
        ProductFactory.create_batch(10, shop=category.shop, category=category, shown=True)
    client = boss()

    with django_assert_max_num_queries(8):
        response = client.get(list_url(Product))

    assert response.content.decode().count('loading="lazy"') == 50


# --- Pictures ------------------------------------------------------------------------------------


def test_a_picture_is_kept_with_what_it_shows_and_can_be_taken_away() -> None:
    bun = ProductFactory.create()
    client = boss()

    client.post(page_url(bun), form(bun, picture=upload(noise((600, 400)), "JPEG"), **ALT))
    bun.refresh_from_db()
    kept = bun.picture
    page = client.get(page_url(bun)).content.decode()
    client.post(page_url(bun), form(bun, price="46.00"))
    bun.refresh_from_db()
    after_another_change = bun.picture
    client.post(page_url(bun), form(bun, **{"picture-clear": "on"}))
    bun.refresh_from_db()

    assert kept is not None
    assert kept.url in page
    assert after_another_change == kept
    assert bun.picture is None


@pytest.mark.parametrize("missing", ALT)
def test_a_picture_without_words_is_refused_beside_their_field(missing: str) -> None:
    bun = ProductFactory.create()
    body = form(bun, picture=upload(drawn((40, 40))), **(ALT | {missing: " "}))

    response = boss().post(page_url(bun), body)

    assert list(errors(response)) == [missing]
    assert "what the picture shows" in errors(response)[missing][0]
    assert not Picture.objects.exists()


def test_the_words_of_a_picture_cannot_be_taken_from_it() -> None:
    bun = ProductFactory.create(shown=True)

    response = boss().post(page_url(bun), form(bun, picture_alt_sv=""))

    assert list(errors(response)) == ["picture_alt_sv"]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (SimpleUploadedFile("a.jpg", b"no picture"), "no JPEG, PNG or WebP"),
        (upload(drawn((40, 40)), "GIF"), "no JPEG, PNG or WebP"),
        (upload(drawn((6000, 6000), 0, "1")), "more than 30 million pixels"),
        (SimpleUploadedFile("a.jpg", bytes(11 * 1024 * 1024)), "larger than 10 MB"),
        (SimpleUploadedFile("a.jpg", b""), "empty"),
    ],
)
def test_what_is_no_picture_is_told_beside_the_field_and_the_rest_stays_typed(
    file: SimpleUploadedFile, sentence: str
) -> None:
    bun = ProductFactory.create()

    response = boss().post(page_url(bun), form(bun, picture=file, name_sv="Bulle", **ALT))

    assert sentence in errors(response)["picture"][0]
    assert 'value="Bulle"' in response.content.decode()
    bun.refresh_from_db()
    assert (bun.name_sv, bun.picture) == ("Kanelbulle", None)


def test_another_services_category_is_no_choice() -> None:
    bun, foreign = ProductFactory.create(), CategoryFactory.create()

    response = boss().post(page_url(bun), form(bun, category=foreign.pk))

    assert list(errors(response)) == ["category"]


def test_a_page_that_was_open_since_the_morning_puts_nothing_back_in_stock() -> None:
    bun = ProductFactory.create(sold_out=True)

    boss().post(page_url(bun), form(bun, price="46.00"))

    bun.refresh_from_db()
    assert (str(bun.price), bun.sold_out) == ("46.00", True)
