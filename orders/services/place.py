"""Places and reopens orders."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import BigIntegerField, CharField, Q
from django.utils.translation import gettext as _

from orders.audit import ChangeSource
from orders.compiled_insert import CompiledInsert
from orders.compiled_query import CompiledQuery, Parameter
from orders.event_lines import log_new_order_on_commit
from orders.models import Customer, CustomerSession, Order, OrderRow, OrderState, RowKind, Shop
from orders.models.order import BLOCKING_STATES, PAYABLE_AGAIN
from orders.services.options import MenuProduct
from orders.services.order_request import OrderRequest
from orders.services.priced_rows import (
    OrderNotAccepted,
    ordered_products,
    product_rows,
    reason_not_for_sale,
    require_dining,
    require_valid,
    tip_rows,
)
from orders.services.sessions import blocking_order
from orders.transitions import lock_order, transition_order

MAX_TOTAL = Decimal("99999999.99")

_INSERT_ORDER, _INSERT_ROWS = CompiledInsert(Order), CompiledInsert(OrderRow)

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


class CustomerErased(Exception):
    """The customer's data was erased, and with it the session."""


class AnotherOrderOpen(Exception):
    """The customer already has an open order at this shop: `order`."""

    def __init__(self, order: Order) -> None:
        super().__init__(f"{order} is open.")
        self.order = order


class NonceReused(Exception):
    """The nonce belongs to an order with other contents: `order`."""

    def __init__(self, order: Order) -> None:
        super().__init__(f"{order} has this nonce.")
        self.order = order


class PriceChanged(Exception):
    """The order costs `total` now, and not the total that the customer saw: `seen`."""

    def __init__(self, seen: Decimal, total: Decimal, products: Sequence[MenuProduct]) -> None:
        super().__init__(f"The total is {total} now, not {seen}.")
        self.seen = seen
        self.total = total
        self.products = products


def place_order(
    session: CustomerSession, request: OrderRequest, language: str
) -> tuple[Order, bool]:
    """Create an order at the server's prices; return it and whether it is new.

    A repeated request returns the earlier order. Called inside a transaction, in which the caller
    also creates the invoice. Raises OrderNotAccepted, AnotherOrderOpen, NonceReused, PriceChanged
    and CustomerErased.
    """
    return place_order_of(
        session.customer_id, session.shop, request, language, parameters=session.parameters
    )


def place_order_of(
    customer_id: int,
    shop: Shop,
    request: OrderRequest,
    language: str,
    *,
    parameters: dict[str, str],
) -> tuple[Order, bool]:
    """Create a customer's order at a shop, whether there is a session or not.

    The rules of `place_order` apply. `parameters` are those of the scanned code.
    """
    customer = _lock_customer(customer_id)
    require_valid(request)
    in_the_way = _EARLIER_OR_BLOCKING.fetch(
        customer_id=customer.pk, shop_id=shop.pk, nonce=request.nonce
    )
    earlier = next((order for order in in_the_way if order.nonce == request.nonce), None)
    if earlier is not None:
        if not request.has_created(earlier):
            raise NonceReused(earlier)
        return earlier, False
    if in_the_way:
        raise AnotherOrderOpen(in_the_way[0])

    rows, total = _priced(shop, request)
    order = Order(
        shop=shop,
        customer=customer,
        nonce=request.nonce,
        parameters=parameters,
        language=language,
        note=request.note,
        dining=request.dining,
        total=total,
        currency=shop.currency,
    )
    _INSERT_ORDER.execute([order])
    _save_rows(order, rows)
    log_new_order_on_commit(order)
    return order, True


def _priced(shop: Shop, request: OrderRequest) -> tuple[list[OrderRow], Decimal]:
    """Return the unsaved rows of an order, and their sum."""
    require_dining(shop, request.dining)
    items = ordered_products(shop, request)
    rows = product_rows(request, items)
    rows += tip_rows(shop, request.tip, _sum_of(rows))
    total = _sum_of(rows)
    if total > MAX_TOTAL:
        raise OrderNotAccepted("rows", _("The order is too large."))
    if request.seen_total is not None and request.seen_total != total:
        raise PriceChanged(request.seen_total, total, items)
    return rows, total


def _sum_of(rows: list[OrderRow]) -> Decimal:
    return sum((row.total for row in rows), Decimal(0))


def _save_rows(order: Order, rows: list[OrderRow]) -> None:
    """Save the rows of a new order; the options last, since they refer to their products' rows."""
    for row in rows:
        row.order = order
    _INSERT_ROWS.execute([row for row in rows if row.kind != RowKind.OPTION])
    OrderRow.objects.bulk_create(row for row in rows if row.kind == RowKind.OPTION)


def reopen_order(customer_id: int, public_id: UUID, source: ChangeSource) -> Order:
    """Reopen a cancelled, failed or expired order, so that a new invoice can be paid.

    Returns the order, locked. Called inside a transaction. The prices stay as ordered. Raises
    Order.DoesNotExist, CustomerErased, AnotherOrderOpen, and OrderNotAccepted if the order is in
    another state or one of its products or options is no longer available: a new invoice is a new
    sale.
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
    for row in order.rows.select_related("product", "option"):
        _require_for_sale(row)
    transition_order(order, OrderState.CREATED, source)
    return order


def _lock_customer(customer_id: int) -> Customer:
    """Return the customer, the row locked until the transaction ends. Raises CustomerErased."""
    customer = _LOCKED_CUSTOMER.first(customer_id=customer_id)
    if customer is None or customer.erased_at is not None:
        raise CustomerErased
    return customer


def _require_for_sale(row: OrderRow) -> None:
    """Raise OrderNotAccepted if a row's product or option is not for sale any more."""
    sold = row.option or row.product
    if sold and (reason := reason_not_for_sale(sold, sold_out=sold.sold_out)):
        raise OrderNotAccepted("state", reason)
