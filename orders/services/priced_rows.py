"""Turns a requested order into the rows of one, at the shop's own prices."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import BigIntegerField
from django.utils.translation import gettext as _

from orders.compiled_query import CompiledQuery, KeyIsAnyOf, Parameter
from orders.languages import current_language
from orders.models import Dining, Option, OrderRow, Product, RowKind, Shop
from orders.services.options import (
    MenuProduct,
    OfferedOption,
    OptionsNotAccepted,
    choose,
    menu_product,
    offered_groups,
)
from orders.services.order_request import OrderRequest, RowRequest
from orders.templatetags.money import money

MAX_ROWS = 100
MAX_QUANTITY = 999

_PRODUCTS_OF_SHOP = CompiledQuery(
    lambda: Product.objects.filter(
        KeyIsAnyOf("product_ids"), shop=Parameter("shop_id", BigIntegerField())
    ).annotate(groups=offered_groups())
)


class OrderNotAccepted(Exception):
    """The requested order is not acceptable. `field` names the part, the text says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def require_valid(request: OrderRequest) -> None:
    """Raise OrderNotAccepted for rows that are too many, equal, or of an impossible quantity."""
    if not request.rows:
        raise OrderNotAccepted("rows", _("Choose at least one product."))
    if len(request.rows) > MAX_ROWS:
        raise OrderNotAccepted(
            "rows", _("An order can have at most %(n)d products.") % {"n": MAX_ROWS}
        )
    contents = set()
    for index, row in enumerate(request.rows):
        if not 1 <= row.quantity <= MAX_QUANTITY:
            raise OrderNotAccepted(
                f"rows[{index}].quantity",
                _("The quantity must be a whole number from 1 to %(n)d.") % {"n": MAX_QUANTITY},
            )
        if row.contents in contents:
            raise OrderNotAccepted(
                f"rows[{index}].product",
                _("Two rows are the same. Give their quantity in one row."),
            )
        contents.add(row.contents)


def require_dining(shop: Shop, dining: str) -> None:
    """Raise OrderNotAccepted unless the customer has answered what the shop asks."""
    if shop.asks_dining and dining not in Dining.values:
        raise OrderNotAccepted("dining", _("Choose whether to eat here or take away."))
    if dining and not shop.asks_dining:
        raise OrderNotAccepted(
            "dining", _("This shop no longer asks whether you eat here or take away.")
        )


def ordered_products(shop: Shop, request: OrderRequest) -> list[MenuProduct]:
    """Return the product of each requested row. Raises OrderNotAccepted if one is not for sale."""
    ids = list({row.product_id for row in request.rows})
    products = _PRODUCTS_OF_SHOP.fetch(shop_id=shop.pk, product_ids=ids)
    items = {product.pk: menu_product(product) for product in products}
    ordered = []
    for index, row in enumerate(request.rows):
        item = items.get(row.product_id)
        if item is None:
            raise OrderNotAccepted(
                f"rows[{index}].product", _("This product is not for sale here.")
            )
        if reason := reason_not_for_sale(item.product, sold_out=item.is_sold_out):
            raise OrderNotAccepted(f"rows[{index}].product", reason)
        ordered.append(item)
    return ordered


def reason_not_for_sale(sold: Product | Option, *, sold_out: bool) -> str | None:
    """Return why a product or an option cannot be ordered, or None if it can."""
    name = {"product": sold.name_in(current_language())}
    if not sold.on_sale:
        return _("%(product)s is no longer for sale.") % name
    if sold_out:
        return _("%(product)s is sold out.") % name
    return None


def product_rows(request: OrderRequest, items: list[MenuProduct]) -> list[OrderRow]:
    """Return the unsaved rows of the requested products, each followed by those of its options.

    `items` are the products of the requested rows. Raises OrderNotAccepted for options that a
    product does not offer.
    """
    rows = []
    for index, (row, item) in enumerate(zip(request.rows, items, strict=True)):
        try:
            options = choose(item, row.option_ids)
        except OptionsNotAccepted as error:
            raise OrderNotAccepted(f"rows[{index}].options", error.reason) from None
        of_product = _product_row(row, item.product, request.dining)
        rows += [of_product, *(_option_row(of_product, option) for option in options)]
    return rows


def _product_row(row: RowRequest, product: Product, dining: str) -> OrderRow:
    return OrderRow(
        product=product,
        name_sv=product.name_sv,
        name_en=product.name_en,
        sku=product.sku,
        unit=product.unit,
        quantity=row.quantity,
        unit_price=product.price,
        vat_rate=product.vat_rate_for(dining),
        total=row.quantity * product.price,
        note=row.note,
    )


def _option_row(of_product: OrderRow, option: OfferedOption) -> OrderRow:
    return OrderRow(
        kind=RowKind.OPTION,
        parent=of_product,
        product=of_product.product,
        option_id=option.id,
        name_sv=option.name_sv,
        name_en=option.name_en,
        unit=of_product.unit,
        quantity=of_product.quantity,
        unit_price=option.price,
        vat_rate=of_product.vat_rate,
        total=of_product.quantity * option.price,
    )


def tip_rows(shop: Shop, tip: Decimal, goods: Decimal) -> list[OrderRow]:
    """Return the unsaved row of a tip; none without a tip. `goods` is what the products cost.

    Raises OrderNotAccepted if the shop takes no tip, or not such a one.
    """
    if not tip:
        return []
    if not shop.tip_percentages:
        raise OrderNotAccepted("tip", _("This shop does not take tips."))
    if not 0 < tip <= goods:
        raise OrderNotAccepted(
            "tip",
            _("The tip can be at most %(most)s.") % {"most": money(goods, shop.currency)},
        )
    row = OrderRow(
        kind=RowKind.TIP,
        name_sv="Dricks",
        name_en="Tip",
        unit="st",
        quantity=1,
        unit_price=tip,
        vat_rate=Decimal(0),
        total=tip,
    )
    return [row]
