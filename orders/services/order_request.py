"""What a customer asks for, before it is an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orders.models import Order
from orders.services.order_rows import lines_of, rows_of


@dataclass(frozen=True)
class RowRequest:
    """A requested row: a product with its options, their quantity, and a clean note."""

    product_id: int
    quantity: int
    option_ids: tuple[int, ...] = ()
    note: str = ""

    @property
    def contents(self) -> tuple[int, frozenset[int], str]:
        """What the kitchen makes of it: two rows of an order differ in this."""
        return self.product_id, frozenset(self.option_ids), self.note


@dataclass(frozen=True)
class OrderRequest:
    """A requested order. Amounts are in major units, notes are clean.

    `nonce` identifies the request. `dining` is empty where the shop does not ask. `seen_total` is
    the total that the customer's page showed, tip included, if it sends one.
    """

    nonce: str
    rows: Sequence[RowRequest]
    note: str = ""
    dining: str = ""
    tip: Decimal = Decimal(0)
    seen_total: Decimal | None = None

    def has_created(self, order: Order) -> bool:
        """Return whether an order has what this request asks for."""
        lines = lines_of(rows_of(order))
        ordered = {
            (
                line.row.product_id,
                frozenset(option.option_id for option in line.options),
                line.row.note,
            ): line.row.quantity
            for line in lines
            if not line.row.is_tip
        }
        tip = sum((line.total for line in lines if line.row.is_tip), Decimal(0))
        requested = {row.contents: row.quantity for row in self.rows}
        return (ordered, order.note, order.dining, tip) == (
            requested,
            self.note,
            self.dining,
            self.tip,
        )
