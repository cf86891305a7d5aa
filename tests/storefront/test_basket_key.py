"""The key of a stored basket: one for each customer at each shop."""

from __future__ import annotations

from pytest_django import Settings

from orders.models import CustomerSession
from seqrshop.storefront.basket_key import basket_key


def key_of(customer: int, shop: int) -> str:
    """Return the key of this customer at this shop."""
    return basket_key(CustomerSession(customer_id=customer, shop_id=shop))


def test_key_is_the_same_after_each_scan() -> None:
    assert key_of(customer=7, shop=3) == key_of(customer=7, shop=3)


def test_two_customers_and_two_shops_have_different_keys() -> None:
    keys = {key_of(customer, shop) for customer in (1, 2, 11, 12) for shop in (1, 2, 11, 12)}

    assert len(keys) == 16


def test_key_needs_the_secret_key(settings: Settings) -> None:
    ours = key_of(customer=7, shop=3)

    settings.SECRET_KEY = "another installation's"

    assert key_of(customer=7, shop=3) != ours
