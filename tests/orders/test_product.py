"""What a product may not be, said beside the field."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from orders.models import Category, Product
from tests.factories import CategoryFactory, ProductFactory, ShopFactory

pytestmark = pytest.mark.django_db


def errors_of(product: Product) -> dict[str, list[str]]:
    """Return the sentences about a product by its fields."""
    with pytest.raises(ValidationError) as error:
        product.clean()
    return error.value.message_dict


def test_category_of_another_shop_is_refused() -> None:
    product: Product = ProductFactory.create()
    own: Category = CategoryFactory.create(shop=product.shop)
    foreign: Category = CategoryFactory.create(shop=ShopFactory.create())

    product.category = own
    product.clean()
    product.category = foreign

    assert errors_of(product) == {"category": ["This category belongs to another shop."]}
