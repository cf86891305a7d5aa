"""Products in the admin: marked as sold out at the counter, and given pictures."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile

from orders.models import Picture, Product
from tests.factories import CategoryFactory, ProductFactory
from tests.image_files import drawn, noise, upload
from tests.staff import list_url, listed, page_url, run_action, staff, superuser, user_of

pytestmark = pytest.mark.django_db

NO_PRICES = {"price_changes-TOTAL_FORMS": "0", "price_changes-INITIAL_FORMS": "0"}
ALT = {"picture_alt_sv": "En snurrad bulle", "picture_alt_en": "A swirled bun"}


def form(product: Product, **fields: Any) -> dict[str, Any]:
    """Return the form of a product's page, as the page fills it in."""
    names = ("position", "name_sv", "name_en", "price", "vat_rate", "unit", "sku", *ALT)
    filled = {name: getattr(product, name) for name in names}
    filled |= {"on_sale": "on", "category": product.category_id or ""}
    return {**filled, **NO_PRICES, **fields}


def errors(response: Any) -> dict[str, list[str]]:
    """Return the form's errors by field."""
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def test_sold_out_is_marked_and_logged_with_the_user() -> None:
    bun, cake = ProductFactory.create_batch(2)
    client = staff("orders.view_product", "orders.sell_out_product")

    run_action(client, "mark_sold_out", bun, cake, confirmed="yes")
    run_action(client, "mark_sold_out", bun)
    sold_out = list(Product.objects.values_list("sold_out", flat=True))
    messages = run_action(client, "mark_back_in_stock", bun, from_row_page="yes")

    bun.refresh_from_db()
    assert (sold_out, bun.sold_out) == ([True, True], False)
    assert messages == [
        "Marked as sold out: Cinnamon bun, Cinnamon bun.",
        "Nothing to change: Cinnamon bun.",
        "Back in stock: Cinnamon bun.",
    ]
    log = LogEntry.objects.order_by("id")
    assert [line.change_message for line in log] == [
        "Marked as sold out",
        "Marked as sold out",
        "Back in stock",
    ]
    assert {line.user for line in log} == {user_of(client)}


def test_marking_as_sold_out_needs_its_permission() -> None:
    bun = ProductFactory.create()

    run_action(staff("orders.view_product"), "mark_sold_out", bun)

    bun.refresh_from_db()
    assert not bun.sold_out
    assert not LogEntry.objects.exists()


def test_page_offers_the_action_that_changes_something() -> None:
    bun = ProductFactory.create()
    client = staff("orders.view_product", "orders.sell_out_product")

    in_stock = client.get(page_url(bun)).content.decode()
    Product.objects.update(sold_out=True)
    sold_out = client.get(page_url(bun)).content.decode()

    assert 'value="mark_sold_out"' in in_stock
    assert 'value="mark_back_in_stock"' not in in_stock
    assert 'value="mark_back_in_stock"' in sold_out


@pytest.mark.parametrize(
    ("language", "names", "others"),
    [("en", ("Cinnamon bun", "Pastries"), ("Kanelbulle", "Bakverk")),
     ("sv", ("Kanelbulle", "Bakverk"), ("Cinnamon bun", "Pastries"))],
)  # fmt: skip
def test_list_and_page_name_products_in_the_language_of_the_person(
    language: str, names: tuple[str, str], others: tuple[str, str]
) -> None:
    category = CategoryFactory.create()
    bun = ProductFactory.create(shop=category.shop, category=category)
    client = staff("orders.view_product")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language

    shown = client.get(list_url(Product)).content.decode()
    title = client.get(page_url(bun)).content.decode().partition("</h1>")[0]

    assert [name in shown for name in (*names, *others)] == [True, True, False, False]
    assert f"<h1>{names[0]}" in title
    assert others[0] not in title


def test_products_are_found_by_name_and_article_number() -> None:
    bun = ProductFactory.create(sku="BAK-01")
    ProductFactory.create(name_sv="Te", name_en="Tea", sku="TE-01")
    client = superuser()

    for term in ("kanel", "cinnamon", "BAK-01"):
        assert listed(client, Product, q=term) == [bun]


def test_picture_is_stored_kept_and_removed() -> None:
    bun = ProductFactory.create()
    client = superuser()

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


def test_large_picture_is_stored_with_the_picture_and_removed_with_it() -> None:
    bun = ProductFactory.create()
    client = superuser()

    client.post(page_url(bun), form(bun, picture=upload(noise((600, 400)), "JPEG"), **ALT))
    bun.refresh_from_db()
    first = bun.large_picture
    client.post(page_url(bun), form(bun, price="46.00", **ALT))
    bun.refresh_from_db()
    kept = bun.large_picture
    client.post(page_url(bun), form(bun, picture=upload(drawn((300, 300)), "PNG"), **ALT))
    bun.refresh_from_db()
    of_a_small_image = bun.large_picture

    assert first is not None
    assert (first.width, first.height) == (600, 400)
    assert kept == first
    assert (of_a_small_image, bun.picture is None) == (None, False)


@pytest.mark.parametrize("missing", ALT)
def test_picture_without_a_description_is_refused(missing: str) -> None:
    bun = ProductFactory.create()
    body = form(bun, picture=upload(drawn((40, 40))), **(ALT | {missing: " "}))

    response = superuser().post(page_url(bun), body)

    assert list(errors(response)) == [missing]
    assert "Describe the picture" in errors(response)[missing][0]
    assert not Picture.objects.exists()


def test_picture_keeps_its_description() -> None:
    bun = ProductFactory.create(shown=True)

    response = superuser().post(page_url(bun), form(bun, picture_alt_sv=""))

    assert list(errors(response)) == ["picture_alt_sv"]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (SimpleUploadedFile("a.jpg", b"no picture"), "not a valid JPEG, PNG or WebP"),
        (upload(drawn((40, 40)), "GIF"), "not a valid JPEG, PNG or WebP"),
        (upload(drawn((6000, 6000), 0, "1")), "more than 30 million pixels"),
        (SimpleUploadedFile("a.jpg", bytes(11 * 1024 * 1024)), "larger than 10 MB"),
        (SimpleUploadedFile("a.jpg", b""), "empty"),
    ],
)
def test_invalid_picture_is_refused_and_the_other_fields_stay(
    file: SimpleUploadedFile, sentence: str
) -> None:
    bun = ProductFactory.create()

    response = superuser().post(page_url(bun), form(bun, picture=file, name_sv="Bulle", **ALT))

    assert sentence in errors(response)["picture"][0]
    assert 'value="Bulle"' in response.content.decode()
    bun.refresh_from_db()
    assert (bun.name_sv, bun.picture) == ("Kanelbulle", None)


def test_category_of_another_shop_is_refused() -> None:
    bun, foreign = ProductFactory.create(), CategoryFactory.create()

    response = superuser().post(page_url(bun), form(bun, category=foreign.pk))

    assert list(errors(response)) == ["category"]


def test_outdated_page_does_not_put_a_product_back_in_stock() -> None:
    bun = ProductFactory.create(sold_out=True)

    superuser().post(page_url(bun), form(bun, price="46.00"))

    bun.refresh_from_db()
    assert (str(bun.price), bun.sold_out) == ("46.00", True)


def test_instant_checkout_is_turned_on_for_a_product_with_a_secret_for_its_shop() -> None:
    bun = ProductFactory.create()
    client = superuser()

    client.post(page_url(bun), form(bun, instant_checkout="on"))
    bun.refresh_from_db()
    key = bun.shop.instant_checkout_key
    page = client.get(page_url(bun)).content.decode()
    client.post(page_url(bun), form(bun, instant_checkout="on"))
    client.post(page_url(bun), form(bun))
    bun = Product.objects.get()

    assert len(key) == 32
    assert f"P{bun.pk}" in page
    assert not bun.instant_checkout
    assert bun.shop.instant_checkout_key == key  # SEQR has the address with it
