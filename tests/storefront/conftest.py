"""Clients of the customer API, and a product with options."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from orders.models import CustomerSession, OptionGroup, Product, Shop
from orders.services.instant_checkout import ensure_key
from tests.conftest import TOKEN
from tests.factories import OptionFactory, OptionGroupFactory, ProductFactory


class JsonClient(Client):
    """A client that posts JSON, and sends its token, if any, as X-SEQR-Token."""

    def __init__(self, token: str | None = None, **options: Any) -> None:
        headers = {"X-SEQR-Token": token} if token else {}
        super().__init__(enforce_csrf_checks=True, headers=headers, **options)

    def send(self, path: str, body: object = None, **options: Any) -> Any:
        """POST the body as JSON; return the response."""
        return self.post(path, {} if body is None else body, "application/json", **options)


@pytest.fixture
def client() -> JsonClient:
    return JsonClient()


@pytest.fixture
def customer(customer_session: CustomerSession) -> JsonClient:
    """The customer of `customer_session`, authenticated by the token header."""
    return JsonClient(TOKEN)


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


@pytest.fixture
def mug(cafe: Shop) -> Product:
    """A mug at 45.00, which is sold by Instant Checkout too."""
    mug: Product = ProductFactory.create(
        shop=cafe, name_sv="Mugg", name_en="Mug", instant_checkout=True
    )
    ensure_key(cafe)
    cafe.refresh_from_db()
    return mug
