"""The rows of an order."""

from django.db.models import BigIntegerField

from orders.compiled_query import CompiledQuery, Parameter
from orders.models import Order, OrderRow

_ROWS_OF_ORDER = CompiledQuery(
    lambda: OrderRow.objects.filter(order=Parameter("order_id", BigIntegerField()))
)


def rows_of(order: Order) -> list[OrderRow]:
    """Return the rows of an order, in the order in which they were chosen."""
    return _ROWS_OF_ORDER.fetch(order_id=order.pk)
