"""Queries and updates that are compiled once: they give what the queryset would give."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import CharField, Count, DecimalField, F, QuerySet
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from orders.compiled_query import CompiledQuery, CompiledUpdate, KeyIsAnyOf, Parameter
from orders.models import Order, Product, Shop
from tests.factories import OrderFactory, OrderRowFactory, ProductFactory, ShopFactory

pytestmark = pytest.mark.django_db
SLUG = Parameter("slug", CharField())


def by_slug() -> QuerySet[Shop]:
    return Shop.objects.filter(slug=SLUG)


def test_query_is_built_once_and_takes_other_values_each_time() -> None:
    one, two = ShopFactory.create_batch(2)
    built: list[int] = []

    def build() -> QuerySet[Shop]:
        built.append(1)
        return by_slug()

    query = CompiledQuery(build)
    assert built == []

    found = [query.get(slug=shop.slug) for shop in (one, two, one)]

    assert found == [one, two, one]
    assert built == [1]


def test_model_is_as_the_queryset_reads_it() -> None:
    order = OrderFactory.create(total=Decimal("45.00"), parameters={"TABLE": "4"})
    OrderRowFactory.create_batch(2, order=order)
    queryset = Order.objects.select_related("shop", "customer").annotate(count=Count("rows"))

    (compiled,) = CompiledQuery(lambda: queryset.filter(pk=order.pk)).fetch()

    expected = queryset.get()
    assert {**vars(compiled), "_state": None} == {**vars(expected), "_state": None}
    assert (compiled._state.db, compiled._state.adding) == ("default", False)
    assert vars(compiled.shop).keys() == vars(expected.shop).keys()
    assert (compiled.shop, compiled.customer) == (expected.shop, expected.customer)
    assert vars(compiled)["count"] == 2


def test_related_models_are_read_by_the_same_statement() -> None:
    OrderFactory.create()
    query = CompiledQuery(lambda: Order.objects.select_related("shop"))

    with CaptureQueriesContext(connection) as statements:
        (order,) = query.fetch()
        assert order.shop.name

    assert len(statements) == 1


def test_first_is_none_and_get_fails_where_nothing_is_found() -> None:
    query = CompiledQuery(by_slug)

    assert query.first(slug="none") is None
    assert query.fetch(slug="none") == []
    with pytest.raises(Shop.DoesNotExist):
        query.get(slug="none")


def test_first_and_get_return_the_first_of_several() -> None:
    shops = [ShopFactory.create(name="one"), ShopFactory.create(name="two")]
    query = CompiledQuery(lambda: Shop.objects.order_by("-name"))

    assert query.first() == query.get() == shops[1]


def test_rows_of_values_are_tuples_with_the_values_of_python() -> None:
    order = OrderFactory.create(total=Decimal("45.00"), parameters={"TABLE": "4"})
    values = ("pk", "total", "parameters")
    query: CompiledQuery[Any] = CompiledQuery(lambda: Order.objects.values_list(*values))

    assert query.tuples() == [(order.pk, Decimal("45.00"), {"TABLE": "4"})]


def test_sums_have_no_models() -> None:
    OrderFactory.create_batch(2)
    query: CompiledQuery[Any] = CompiledQuery(
        lambda: Order.objects.values_list(Count("pk"), flat=True)
    )

    assert len(query.tuples()) == 2
    with pytest.raises(AssertionError, match=r"^a query of values_list\(\) has no models"):
        query.fetch()


@pytest.mark.django_db(transaction=True)
def test_lock_outside_of_a_transaction_is_refused() -> None:
    shop = ShopFactory.create()
    locked = CompiledQuery(lambda: by_slug().select_for_update(no_key=True))

    with transaction.atomic():
        assert locked.get(slug=shop.slug) == shop
    with pytest.raises(TransactionManagementError, match=r"^A row is locked inside a transaction"):
        locked.get(slug=shop.slug)
    assert CompiledQuery(by_slug).get(slug=shop.slug) == shop


def test_keys_of_a_list_are_found_by_the_primary_and_by_a_foreign_key() -> None:
    one, two, three = ProductFactory.create_batch(3)
    by_key = CompiledQuery(lambda: Product.objects.filter(KeyIsAnyOf("ids")).order_by("pk"))
    of_shop = CompiledQuery(lambda: Product.objects.filter(KeyIsAnyOf("ids", "shop_id")))

    assert by_key.fetch(ids=[three.pk, one.pk]) == [one, three]
    assert by_key.fetch(ids=[]) == []
    assert of_shop.fetch(ids=[two.shop_id, 0]) == [two]


def test_update_changes_the_rows_that_it_selects_and_tells_how_many() -> None:
    one, two, other = ProductFactory.create_batch(3, price=Decimal("45.00"))
    update = CompiledUpdate(
        lambda: Product.objects.filter(KeyIsAnyOf("ids")),
        price=F("price") + Parameter("more", DecimalField()),
    )

    assert update.execute(ids=[one.pk, two.pk, 0], more=Decimal("1.50")) == 2
    assert update.execute(ids=[two.pk], more=Decimal("-2.00")) == 1
    assert update.execute(ids=[], more=Decimal("1.00")) == 0

    prices = [Product.objects.get(pk=each.pk).price for each in (one, two, other)]
    assert prices == [Decimal("46.50"), Decimal("44.50"), Decimal("45.00")]
