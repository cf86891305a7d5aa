"""Orders are made, made payable again, and served here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from orders.audit import ChangeSource
from orders.models import (
    Customer,
    CustomerSession,
    Order,
    OrderRow,
    OrderState,
    Product,
    Shop,
)
from orders.models.order import PAYABLE_AGAIN
from orders.services.sessions import blocking_order
from orders.transitions import lock_order, transition_order

MAX_ROWS = 100
MAX_QUANTITY = 999
MAX_TOTAL = Decimal("99999999.99")


class OrderNotAccepted(Exception):
    """The order cannot be as it was asked for. `field` names the part, the text says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class AnotherOrderOpen(Exception):
    """The customer has an order here that is not settled yet: `order`."""

    def __init__(self, order: Order) -> None:
        super().__init__(f"{order} is open.")
        self.order = order


class NonceReused(Exception):
    """This nonce made an order with other rows: `order`."""

    def __init__(self, order: Order) -> None:
        super().__init__(f"{order} was made with this nonce.")
        self.order = order


class PriceChanged(Exception):
    """The products wanted come to another total than the customer saw: `total`, not `seen`."""

    def __init__(self, seen: Decimal, total: Decimal, products: Sequence[Product]) -> None:
        super().__init__(f"It comes to {total} now, not to {seen}.")
        self.seen = seen
        self.total = total
        self.products = products


@dataclass(frozen=True)
class RowRequest:
    """A row as the customer asks for it: how many of which product."""

    product_id: int
    quantity: int


def place_order(
    session: CustomerSession,
    nonce: str,
    rows: Sequence[RowRequest],
    language: str,
    seen_total: Decimal | None = None,
) -> tuple[Order, bool]:
    """Make an order at the server's prices; return it and whether it is new.

    `seen_total` is what the customer takes it to cost, where that is told. The same nonce and rows
    again return the order made before. To be called inside a transaction, which the caller also
    makes the invoice in. Raises OrderNotAccepted, AnotherOrderOpen, NonceReused and PriceChanged.
    """
    customer = Customer.objects.select_for_update().get(pk=session.customer_id)
    shop = session.shop
    wanted = _checked(rows)
    earlier = Order.objects.filter(customer=customer, shop=shop, nonce=nonce).first()
    if earlier is not None:
        if _quantities(earlier) != wanted:
            raise NonceReused(earlier)
        return earlier, False
    if (blocking := blocking_order(customer, shop)) is not None:
        raise AnotherOrderOpen(blocking)

    lines = _priced(shop, wanted)
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


def reopen_order(customer: Customer, public_id: UUID, source: ChangeSource) -> Order:
    """Take a cancelled, failed or expired order up again, so that it can be paid by a new invoice.

    Returns the order, locked. To be called inside a transaction. Raises Order.DoesNotExist,
    AnotherOrderOpen, and OrderNotAccepted where the order is in another state or one of its
    products is not to be had any more: a new invoice is a new sale. The prices stay those that the
    customer has ordered at.
    """
    Customer.objects.select_for_update().get(pk=customer.pk)
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


@transaction.atomic
def serve_order(order_id: int, source: ChangeSource) -> bool:
    """Record that a paid order has been handed over; return whether it was not before.

    Raises TransitionError where it is not paid.
    """
    return transition_order(lock_order(order_id), OrderState.SERVED, source)


def _checked(rows: Sequence[RowRequest]) -> dict[int, int]:
    if not rows:
        raise OrderNotAccepted("rows", _("Choose at least one product."))
    if len(rows) > MAX_ROWS:
        raise OrderNotAccepted(
            "rows", _("An order can have at most %(n)d products.") % {"n": MAX_ROWS}
        )
    wanted: dict[int, int] = {}
    for index, row in enumerate(rows):
        if not 1 <= row.quantity <= MAX_QUANTITY:
            raise OrderNotAccepted(
                f"rows[{index}].quantity",
                _("The quantity must be a whole number from 1 to %(n)d.") % {"n": MAX_QUANTITY},
            )
        if row.product_id in wanted:
            raise OrderNotAccepted(
                f"rows[{index}].product", _("Each product may be in one row only.")
            )
        wanted[row.product_id] = row.quantity
    return wanted


def _quantities(order: Order) -> Mapping[int, int]:
    return dict(order.rows.values_list("product_id", "quantity"))


def _priced(shop: Shop, wanted: Mapping[int, int]) -> list[OrderRow]:
    products = Product.objects.filter(shop=shop).in_bulk(list(wanted))
    lines = []
    for index, (product_id, quantity) in enumerate(wanted.items()):
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
    name = {"product": product.name_in(get_language() or "en")}
    if not product.on_sale:
        reason = _("%(product)s is no longer for sale.") % name
    elif product.sold_out:
        reason = _("%(product)s is sold out.") % name
    else:
        return
    raise OrderNotAccepted(f"rows[{index}].product", reason)
