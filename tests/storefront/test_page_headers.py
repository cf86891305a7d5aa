"""How the customer's pages are kept, compressed and protected: each of them, in a table."""

from __future__ import annotations

import gzip
from typing import NamedTuple

import pytest
from django.test import Client

from orders.models import Shop
from tests.factories import InvoiceFactory, OrderRowFactory, ShopFactory

pytestmark = pytest.mark.django_db
NOWHERE = "max-age=0, no-cache, no-store, must-revalidate, private"
ASKED_EACH_TIME = "private, no-cache"


class Kept(NamedTuple):
    """How a page is kept, whether it sets the CSRF cookie, and whether it is compressed."""

    cache_control: str
    sets_cookie: bool
    is_compressed: bool


PAGES = {
    "/": Kept(ASKED_EACH_TIME, sets_cookie=False, is_compressed=True),
    "/lyktan/order": Kept(ASKED_EACH_TIME, sets_cookie=True, is_compressed=True),
    "/lyktan/success": Kept(ASKED_EACH_TIME, sets_cookie=True, is_compressed=True),
    "/lyktan/failure": Kept(ASKED_EACH_TIME, sets_cookie=True, is_compressed=True),
    "/lyktan/cancel": Kept(ASKED_EACH_TIME, sets_cookie=True, is_compressed=True),
    "/lyktan/my-orders": Kept(ASKED_EACH_TIME, sets_cookie=True, is_compressed=True),
    "/lyktan/privacy": Kept(ASKED_EACH_TIME, sets_cookie=False, is_compressed=True),
    "/return/KEY": Kept(NOWHERE, sets_cookie=False, is_compressed=True),
    "/return/KEY/receipt": Kept(NOWHERE, sets_cookie=False, is_compressed=False),
    "/return/KEY/receipt.pdf": Kept(NOWHERE, sets_cookie=False, is_compressed=False),
}


@pytest.fixture
def shop() -> Shop:
    """A shop with a paid order, whose return key is KEY."""
    made: Shop = ShopFactory.create(slug="lyktan")
    invoice = InvoiceFactory.create(order__shop=made, order__return_key="KEY", paid=True)
    OrderRowFactory.create(order=invoice.order)
    return made


@pytest.mark.parametrize("address", PAGES)
def test_page_is_kept_compressed_and_protected_as_listed(shop: Shop, address: str) -> None:
    answer = Client().get(address, headers={"Accept-Encoding": "gzip"})

    is_compressed = answer.headers.get("Content-Encoding") == "gzip"
    assert answer.status_code == 200
    assert (
        Kept(answer.headers["Cache-Control"], "csrftoken" in answer.cookies, is_compressed)
        == PAGES[address]
    )
    if is_compressed:
        assert b"</html>" in gzip.decompress(answer.content)
        assert b"</html>" in Client().get(address).content
