"""What the first page says to those who see several shops."""

import pytest
from django.urls import reverse

from tests.factories import OptionFactory, ProductFactory, ShopFactory
from tests.staff import superuser

pytestmark = pytest.mark.django_db


def test_sold_out_products_and_options_are_named_with_their_shops() -> None:
    for name in ("Lyktan", "Hamnen"):
        shop = ShopFactory.create(name=name)
        ProductFactory.create(shop=shop, sold_out=True, name_en="Princess cake")
        OptionFactory.create(group__shop=shop, sold_out=True, name_en="Oat milk")

    context = superuser().get(reverse("admin:index")).context

    assert sorted(context["sold_out"]) == ["Princess cake (Hamnen)", "Princess cake (Lyktan)"]
    assert sorted(context["sold_out_options"]) == ["Oat milk (Hamnen)", "Oat milk (Lyktan)"]
