"""Places and reopens orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import BigIntegerField, CharField, Q
from django.utils.translation import gettext as _

from orders.audit import ChangeSource
from orders.compiled_query import CompiledQuery, Parameter
from orders.languages import current_language
from orders.models import (
    Customer,
    CustomerSession,
    Order,
    OrderRow,
    OrderState,
    Product,
    Shop,
)
from orders.models.order import BLOCKING_STATES, PAYABLE_AGAIN
from orders.services.sessions import blocking_order
from orders.transitions import lock_order, transition_order

MAX_ROWS = 100
MAX_QUANTITY = 999
MAX_TOTAL = Decimal("99999999.99")

_CUSTOMER, _SHOP = (Parameter(name, BigIntegerField()) for name in ("customer_id", "shop_id"))
_LOCKED_CUSTOMER = CompiledQuery(
    lambda: Customer.objects.select_for_update(no_key=True).filter(pk=_CUSTOMER)
)
# The order of the same nonce, and the orders that block another one, the newest first.
_EARLIER_OR_BLOCKING = CompiledQuery(
    lambda: Order.objects.filter(
        Q(nonce=Parameter("nonce", CharField())) | Q(state__in=BLOCKING_STATES),
        customer=_CUSTOMER,
        shop=_SHOP,
    ).order_by("-id")
)


class OrderNotAccepted(Exception):
    """The requested order is not acceptable. `field` names the part, the text says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class AnotherOrderOpen(Exception):
    """The customer already has an open order at this shop: `order`."""

    def __init__(self, order: Order) -> None:
        super().__init__(f"{order} is open.")
        self.order = order


class NonceReused(Exception):
    """The nonce belongs to an order with other rows: `order`."""

    def __init__(self, order: Order) -> None:
        super().__init__(f"{order} has this nonce.")
        self.order = order


class PriceChanged(Exception):
    """The order costs `total` now, and not the total that the customer saw: `seen`."""

    def __init__(self, seen: Decimal, total: Decimal, products: Sequence[Product]) -> None:
        super().__init__(f"The total is {total} now, not {seen}.")
        self.seen = seen
        self.total = total
        self.products = products


@dataclass(frozen=True)
class RowRequest:
    """A requested row: a product, and its quantity."""

    product_id: int
    quantity: int


def place_order(
    session: CustomerSession,
    nonce: str,
    rows: Sequence[RowRequest],
    language: str,
    seen_total: Decimal | None = None,
) -> tuple[Order, bool]:
    """Create an order at the server's prices; return it and whether it is new.

    `seen_total` is the total that the customer's page showed, if it sends one. The same nonce and
    rows return the earlier order. Called inside a transaction, in which the caller also creates the
    invoice. Raises OrderNotAccepted, AnotherOrderOpen, NonceReused and PriceChanged.
    """
    customer, shop = _lock_customer(session.customer_id), session.shop
    requested = _quantities_of(rows)
    in_the_way = _EARLIER_OR_BLOCKING.fetch(customer_id=customer.pk, shop_id=shop.pk, nonce=nonce)
    earlier = next((order for order in in_the_way if order.nonce == nonce), None)
    if earlier is not None:
        if _quantities_in(earlier) != requested:
            raise NonceReused(earlier)
        return earlier, False
    if in_the_way:
        raise AnotherOrderOpen(in_the_way[0])

    lines = _priced_rows(shop, requested)
    total = sum((line.total for line in lines), Decimal(0))
    if total > MAX_TOTAL:
        raise OrderNotAccepted("rows", _("The order is too large."))
    if seen_total is not None and seen_total != total:
        raise PriceChanged(seen_total, total, [line.product for line in lines])
    order = Order.objects.create(
        shop=shop,
        customer=customer,
        nonce=nonce,
        parameters=session.parameters,
        language=language,
        total=total,
        currency=shop.currency,
    )
    for line in lines:
        line.order = order
    OrderRow.objects.bulk_create(lines)
    return order, True


def reopen_order(customer_id: int, public_id: UUID, source: ChangeSource) -> Order:
    """Reopen a cancelled, failed or expired order, so that a new invoice can be paid.

    Returns the order, locked. Called inside a transaction. The prices stay as ordered. Raises
    Order.DoesNotExist, AnotherOrderOpen, and OrderNotAccepted if the order is in another state or
    one of its products is no longer available: a new invoice is a new sale.
    """
    customer = _lock_customer(customer_id)
    order_id = Order.objects.values_list("pk", flat=True).get(
        public_id=public_id, customer=customer
    )
    order = lock_order(order_id)
    blocking = blocking_order(customer, order.shop)
    if blocking is not None and blocking != order:
        raise AnotherOrderOpen(blocking)
    if order.state not in PAYABLE_AGAIN:
        raise OrderNotAccepted("state", _("This order cannot be paid right now."))
    for index, row in enumerate(order.rows.select_related("product")):
        _require_for_sale(row.product, index)
    transition_order(order, OrderState.CREATED, source)
    return order


def _lock_customer(customer_id: int) -> Customer:
    """Return the customer, the row locked until the transaction ends."""
    [customer] = _LOCKED_CUSTOMER.fetch(customer_id=customer_id)
    return customer


def _quantities_of(rows: Sequence[RowRequest]) -> dict[int, int]:
    if not rows:
        raise OrderNotAccepted("rows", _("Choose at least one product."))
    if len(rows) > MAX_ROWS:
        raise OrderNotAccepted(
            "rows", _("An order can have at most %(n)d products.") % {"n": MAX_ROWS}
        )
    requested: dict[int, int] = {}
    for index, row in enumerate(rows):
        if not 1 <= row.quantity <= MAX_QUANTITY:
            raise OrderNotAccepted(
                f"rows[{index}].quantity",
                _("The quantity must be a whole number from 1 to %(n)d.") % {"n": MAX_QUANTITY},
            )
        if row.product_id in requested:
            raise OrderNotAccepted(
                f"rows[{index}].product", _("Each product may be in one row only.")
            )
        requested[row.product_id] = row.quantity
    return requested


def _quantities_in(order: Order) -> Mapping[int, int]:
    return dict(order.rows.values_list("product_id", "quantity"))


def _priced_rows(shop: Shop, requested: Mapping[int, int]) -> list[OrderRow]:
    products = Product.objects.filter(shop=shop).in_bulk(list(requested))
    lines = []
    for index, (product_id, quantity) in enumerate(requested.items()):
        product = products.get(product_id)
        if product is None:
            raise OrderNotAccepted(
                f"rows[{index}].product", _("This product is not for sale here.")
            )
        _require_for_sale(product, index)
        lines.append(
            OrderRow(
                product=product,
                name_sv=product.name_sv,
                name_en=product.name_en,
                sku=product.sku,
                unit=product.unit,
                quantity=quantity,
                unit_price=product.price,
                vat_rate=product.vat_rate,
                total=quantity * product.price,
            )
        )
    return lines


def _require_for_sale(product: Product, index: int) -> None:
    name = {"product": product.name_in(current_language())}
    if not product.on_sale:
        reason = _("%(product)s is no longer for sale.") % name
    elif product.sold_out:
        reason = _("%(product)s is sold out.") % name
    else:
        return
    raise OrderNotAccepted(f"rows[{index}].product", reason)
