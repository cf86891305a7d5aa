"""The tables of orders and of their rows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from orders.models import Order, OrderRow, RowKind
from orders.services import in_sequence
from payments.exports.cells import Row, local
from payments.exports.table import Table

TABLE_PARAMETER = "TABLE"  # of a QR code, names its table


def _order_lines(orders: Sequence[Order]) -> Iterator[Row]:
    tips = dict(
        OrderRow.objects.filter(order__in=orders, kind=RowKind.TIP).values_list("order", "total")
    )
    for order in orders:
        yield (
            order.number,
            order.shop.name,
            str(order.parameters.get(TABLE_PARAMETER, "")),
            order.state,
            order.dining,
            local(order.created_at),
            local(order.preparing_at),
            local(order.ready_at),
            local(order.served_at),
            order.total,
            tips.get(order.pk, 0),
            order.currency,
        )


def _row_lines(orders: Sequence[Order]) -> Iterator[Row]:
    rows_of: dict[int, list[OrderRow]] = defaultdict(list)
    for row in OrderRow.objects.filter(order__in=orders):
        rows_of[row.order_id].append(row)
    for order in orders:
        for row in in_sequence(rows_of[order.pk]):
            yield (
                row.pk,
                order.number,
                order.shop.name,
                local(order.created_at),
                order.state,
                row.kind,
                row.parent_id,
                row.sku,
                row.name_sv,
                row.name_en,
                row.quantity,
                row.unit,
                row.unit_price,
                row.vat_rate,
                row.total,
                order.currency,
            )


ORDERS = Table(
    "orders",
    Order,
    (
        "order",
        "shop",
        "table",
        "state",
        "dining",
        "ordered_at",
        "preparing_at",
        "ready_at",
        "served_at",
        "total",
        "tip",
        "currency",
    ),
    ("shop",),
    _order_lines,
)
ROWS = Table(
    "rows",
    Order,
    (
        "row",
        "order",
        "shop",
        "ordered_at",
        "state",
        "kind",
        "parent_row",
        "sku",
        "name_sv",
        "name_en",
        "quantity",
        "unit",
        "unit_price",
        "vat_rate",
        "total",
        "currency",
    ),
    ("shop",),
    _row_lines,
)
