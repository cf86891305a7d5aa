"""An order's rows are the same, however they are read."""

from decimal import Decimal

import pytest

from orders.models import Order
from orders.services import rows_column, rows_in_column, rows_of
from tests.factories import OrderFactory, OrderRowFactory

pytestmark = pytest.mark.django_db


def test_rows_read_with_their_order_are_those_read_by_themselves() -> None:
    order = OrderFactory.create()
    for total in ("35.00", "99999999.99", "0.05"):
        OrderRowFactory.create(order=order, unit_price=Decimal(total), total=Decimal(total))
    OrderRowFactory.create()

    column = Order.objects.annotate(own_rows=rows_column("pk")).get(pk=order.pk).own_rows

    expected = [_values(row) for row in rows_of(order)]
    assert [_values(row) for row in rows_in_column(column)] == expected
    assert len(expected) >= 3


def _values(row: object) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if name != "_state"}
