"""Addresses of the admin's pages, and links to them."""

from __future__ import annotations

import pytest

from orders.models import Product, Shop
from seqrshop.backoffice.links import link, list_and_add_links, list_url, page_url
from tests.factories import ShopFactory


@pytest.mark.parametrize(
    ("filters", "address"),
    [
        ({}, "/admin/orders/product/"),
        ({"shop": 7, "on_sale": "yes & no"}, "/admin/orders/product/?shop=7&on_sale=yes+%26+no"),
    ],
)
def test_address_of_a_list_has_its_filters(filters: dict[str, str | int], address: str) -> None:
    assert list_url(Product, **filters) == address


@pytest.mark.django_db
def test_link_to_a_row_has_its_name_unless_another_text_is_given() -> None:
    shop = ShopFactory.create(name="Kafé & Bar")
    address = f"/admin/orders/shop/{shop.pk}/change/"

    assert page_url(shop) == address
    assert link(shop) == f'<a href="{address}">Kafé &amp; Bar</a>'
    assert link(shop, "") == f'<a href="{address}"></a>'
    assert link(shop, "<7>") == f'<a href="{address}">&lt;7&gt;</a>'
    assert link(None) == "-"


def test_links_lead_to_the_rows_of_a_parent_and_to_the_form_for_another() -> None:
    assert list_and_add_links(Shop, "2 shops", "seller", 7) == (
        '<a href="/admin/orders/shop/?seller__id__exact=7">2 shops</a> · '
        '<a href="/admin/orders/shop/add/?seller=7">Add another</a>'
    )
