"""A shop's menu as a file: downloaded, uploaded, previewed, applied, and copied between shops."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from orders.models import MenuImport, Product, Shop
from seqrshop.backoffice.copy_hours import COPY_HOURS_PERMISSIONS
from tests.factories import ProductFactory, ShopFactory
from tests.staff import admin_url, page_url, shown_messages, staff, superuser, user_of

pytestmark = pytest.mark.django_db

CHANGES = "sku;name_sv;name_en;price\nBUN;Kanelbulle;Cinnamon bun;49,50\n;Te;Tea;30\n"
OWNER = ("orders.view_shop", "orders.view_product", "orders.add_product", "orders.change_product")


@pytest.fixture
def shop() -> Shop:
    """A shop with a bun."""
    bun = ProductFactory.create(sku="BUN", shop__slug="lyktan")
    return bun.shop


def upload(client: Client, shop: Shop, content: str | bytes = CHANGES, **fields: Any) -> Any:
    """Upload a file; return the page that answers, after a redirect."""
    raw = content if isinstance(content, bytes) else content.encode()
    body = {"file": SimpleUploadedFile("menu.csv", raw), **fields}
    return client.post(admin_url(Shop, "menu", shop.pk), body, follow=True)


def decide(client: Client, shop: Shop, **fields: str) -> list[str]:
    """Post to the preview; return the messages shown."""
    response = client.post(admin_url(Shop, "menu_preview", shop.pk), fields, follow=True)
    return [str(message) for message in response.context["messages"]]


def test_upload_shows_what_each_row_does_and_changes_nothing(shop: Shop) -> None:
    ProductFactory.create(shop=shop, sku="CAKE", price="60.00")

    page = upload(superuser(), shop).content.decode()

    assert "1 product of the shop is not in it, and stays as it is." in page
    assert "1 product changes" in page
    assert "1 new product" in page
    assert "<del>45.00</del>" in page
    assert "<ins>49.50</ins>" in page
    assert Product.objects.get(sku="BUN").price == Decimal("45.00")


def test_preview_is_applied_and_each_product_has_it_in_its_history(shop: Shop) -> None:
    client = superuser()
    digest = upload(client, shop).context["digest"]

    shown = decide(client, shop, digest=digest)

    bun, tea = Product.objects.order_by("pk")
    assert shown == ["2 products were saved."]
    assert (bun.price, tea.name_en, tea.shop) == (Decimal("49.50"), "Tea", shop)
    log = {line.object_id: line for line in LogEntry.objects.all()}
    assert {line.user for line in log.values()} == {user_of(client)}
    assert log[str(bun.pk)].get_change_message() == (
        "Changed price including VAT for menu import “menu.csv: 45.00 → 49.50”."
    )
    assert log[str(tea.pk)].get_change_message() == "Added menu import “menu.csv”."
    page = client.get(admin_url(Shop, "menu_preview", shop.pk)).content.decode()
    assert "There is nothing to check here" in page


def test_preview_that_no_longer_holds_is_shown_again(shop: Shop) -> None:
    client = superuser()
    digest = upload(client, shop).context["digest"]
    Product.objects.update(price=Decimal("47.00"))

    shown = decide(client, shop, digest=digest)
    page = client.get(admin_url(Shop, "menu_preview", shop.pk)).content.decode()

    assert shown == ["The menu has changed since this page was opened. Check what the rows do now."]
    assert "<del>47.00</del>" in page
    assert Product.objects.get().price == Decimal("47.00")
    assert not LogEntry.objects.exists()


def test_second_post_of_an_applied_preview_changes_nothing(shop: Shop) -> None:
    client = superuser()
    digest = upload(client, shop).context["digest"]

    decide(client, shop, digest=digest)
    decide(client, shop, digest=digest)

    assert Product.objects.count() == 2
    assert LogEntry.objects.count() == 2


def test_import_is_dropped_without_a_change(shop: Shop) -> None:
    client = superuser()
    upload(client, shop)

    assert decide(client, shop, drop="yes") == ["Nothing was changed."]
    assert not MenuImport.objects.exists()
    assert Product.objects.get().price == Decimal("45.00")


def test_file_with_errors_has_no_button_to_apply_it(shop: Shop) -> None:
    client = superuser()

    response = upload(
        client, shop, "sku;name_sv;name_en;price\nTE;Te;Tea;30\nBUN;;;gratis\nMUG;;;30\n"
    )
    page = response.content.decode()
    shown = decide(client, shop, digest=response.context["digest"])

    assert [row.action for row in response.context["rows"]] == ["error", "error", "new"]
    assert "2 rows cannot be applied" in page
    assert "Apply all of it" not in page
    assert "<strong>Price including VAT:</strong> Enter an amount" in page
    assert len(shown) == 1
    assert Product.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (bytes(10 * 1024 * 1024), "The file has more than 2 MB."),
        (b"name_sv;price\nSm\x9arg\x8cs;45\n", "encoding is not recognised"),
        (b"", "The submitted file is empty."),
    ],
)
def test_file_that_cannot_be_read_is_refused_beside_its_field(
    shop: Shop, content: bytes, sentence: str
) -> None:
    response = upload(superuser(), shop, content)

    assert response.status_code == 200
    assert sentence in response.context["upload_form"].errors["file"][0]
    assert not MenuImport.objects.exists()


@pytest.mark.parametrize("prices_from", ["2020-01-01T00:00", "soon"])
def test_prices_from_a_time_that_cannot_be_are_refused(shop: Shop, prices_from: str) -> None:
    response = upload(superuser(), shop, prices_from=prices_from)

    assert "prices_from" in response.context["upload_form"].errors
    assert not MenuImport.objects.exists()


def test_menu_is_downloaded_by_those_who_see_it(shop: Shop) -> None:
    client = staff("orders.view_shop", "orders.view_product")

    csv = client.get(admin_url(Shop, "menu_export", shop.pk))
    excel = client.get(admin_url(Shop, "menu_export", shop.pk), {"format": "xlsx"})
    page = client.get(admin_url(Shop, "menu", shop.pk))

    assert csv.headers["Content-Disposition"].startswith('attachment; filename="lyktan-menu-')
    assert "Kanelbulle" in csv.content.decode("utf-8-sig")
    assert excel.content.startswith(b"PK")
    assert (page.status_code, "Check the file" in page.content.decode()) == (200, False)
    assert client.get(admin_url(Shop, "menu_preview", shop.pk)).status_code == 403
    assert upload(client, shop).status_code == 403


def test_menu_is_copied_from_an_own_shop_alone(shop: Shop) -> None:
    target, foreign, euro = ShopFactory.create_batch(3)
    Shop.objects.filter(pk=euro.pk).update(currency="EUR")
    client = staff(*OWNER, shops=[shop, target, euro])
    address = admin_url(Shop, "menu", target.pk)

    refused = [client.post(address, {"copy_from": pk}) for pk in (foreign.pk, euro.pk, target.pk)]
    preview = client.post(address, {"copy_from": shop.pk}, follow=True)
    decide(client, target, digest=preview.context["digest"])

    assert [bool(each.context["copy_form"].errors) for each in refused] == [True] * 3
    assert "1 new product" in preview.content.decode()
    assert Product.objects.get(shop=target).sku == "BUN"


def test_import_of_one_person_is_not_that_of_another(shop: Shop) -> None:
    upload(superuser(), shop)

    page = superuser().get(admin_url(Shop, "menu_preview", shop.pk))

    assert page.context["upload"] is None


def test_hours_are_copied_to_the_chosen_shops_from_their_page(shop: Shop) -> None:
    target, other = ShopFactory.create_batch(2)
    shop.opening_hours.create(weekday=1, opens="08:00", closes="17:00")
    client = staff("orders.view_shop", *COPY_HOURS_PERMISSIONS, shops=[shop, target])
    address = admin_url(Shop, "hours", shop.pk)

    refused = client.post(address, {"shops": [other.pk], "parts": ["weekly"]})
    done = client.post(address, {"shops": [target.pk], "parts": ["weekly"]})

    assert list(refused.context["form"].errors) == ["shops"]
    assert done.headers["Location"] == page_url(shop)
    assert shown_messages(done) == [f"Copied to: {target}."]
    assert target.opening_hours.get().weekday == 1
    assert not other.opening_hours.exists()
    assert LogEntry.objects.get().change_message == f"Opening hours copied from {shop}"


@pytest.mark.parametrize("may", [True, False])
def test_page_of_a_shop_links_to_the_copy_of_its_hours_for_those_who_may(
    shop: Shop, may: bool
) -> None:
    permissions = COPY_HOURS_PERMISSIONS if may else ()
    client = staff("orders.view_shop", *permissions, shops=[shop])

    page = client.get(page_url(shop)).content.decode()

    assert (admin_url(Shop, "hours", shop.pk) in page) == may
