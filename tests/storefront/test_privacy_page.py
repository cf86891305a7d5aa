"""The customer's page about what is kept, and its links."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from orders.models import Shop
from payments.models import Invoice
from tests.factories import (
    InvoiceFactory,
    OrderRowFactory,
    SellerFactory,
    ShopFactory,
    TerminalFactory,
)
from tests.storefront.conftest import JsonClient

pytestmark = pytest.mark.django_db


def html_of(client: JsonClient, path: str, language: str = "en") -> str:
    response = client.get(path, headers={"Accept": "text/html", "Accept-Language": language})
    assert response.status_code == 200
    html: str = response.content.decode()
    return html


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["Your data", "45 days after your latest order", "Seven years", "imy.se"]),
        ("sv", ["Dina uppgifter", "45 dagar efter din senaste beställning", "Sju år", "imy.se"]),
    ],
)
def test_page_says_what_is_kept_and_for_how_long(
    client: JsonClient, cafe: Shop, settings: Settings, language: str, texts: list[str]
) -> None:
    settings.CUSTOMER_DATA_DAYS = 45

    html = html_of(client, f"/{cafe.slug}/privacy", language)

    assert [text for text in texts if text not in html] == []


def test_page_of_a_shop_names_its_seller_alone(client: JsonClient, cafe: Shop) -> None:
    seller = SellerFactory.create(reseller_id="another", legal_name="Baren AB")
    ShopFactory.create(terminal=TerminalFactory.create(principal_id="bar", seller=seller))

    of_shop, of_all = (html_of(client, path) for path in (f"/{cafe.slug}/privacy", "/privacy"))

    assert cafe.seller.legal_name in of_shop
    assert "Baren AB" not in of_shop
    assert of_all.count("<address>") == 2


def test_customers_pages_link_to_it(client: JsonClient, cafe: Shop) -> None:
    invoice: Invoice = InvoiceFactory.create(paid=True, order__shop=cafe)
    OrderRowFactory.create(order=invoice.order)
    key = f"/return/{invoice.order.return_key}"
    pages = ["order", "success", "my-orders"]
    paths = [f"/{cafe.slug}/{page}" for page in pages] + [key, f"{key}/receipt"]

    link = f'href="/{cafe.slug}/privacy"'

    assert [path for path in paths if link not in html_of(client, path)] == []
    assert 'href="/privacy"' in html_of(client, "/") or link in html_of(client, "/")
