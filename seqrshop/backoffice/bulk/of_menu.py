"""The actions over products, options, shops and printed codes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.codes.content import payload
from orders.models import Option, Product, QrCode, Shop
from orders.services import planned_pauses_at
from seqrshop.backoffice.bulk.action import BulkAction, Text
from seqrshop.backoffice.menu_actions import (
    bring_back_in_stock,
    mark_code_printed,
    mark_prints_replaced,
    open_shop,
    pause_shop,
    regenerate,
    sell_out,
)

SELL_OUT_PERMISSION = "orders.sell_out_product"
SELL_OUT_OPTION_PERMISSION = "orders.sell_out_option"
PAUSE_PERMISSION = "orders.pause_shop"
CHANGE_CODE_PERMISSION = "orders.change_qrcode"


def _unless_available(sold: Product | Option, _person: Any) -> Text | None:
    return _("already sold out") if sold.sold_out else None


def _unless_sold_out(sold: Product | Option, _person: Any) -> Text | None:
    return None if sold.sold_out else _("not sold out")


def _unless_paused_for_good(shop: Shop, _person: Any) -> Text | None:
    return _("already paused") if shop.paused and shop.paused_until is None else None


def _unless_paused(shop: Shop, _person: Any) -> Text | None:
    is_paused = shop.paused or planned_pauses_at(Now()).filter(shop=shop).exists()
    return None if is_paused else _("not paused")


def _unless_unprintable(code: QrCode, _person: Any) -> Text | None:
    try:
        payload(code.shop, code.parameters)
    except ValidationError as error:
        return " ".join(error.messages).rstrip(".")
    return None


def _never(_code: QrCode, _person: Any) -> Text | None:
    return None


SELL_OUT = BulkAction(
    "sell_out",
    Product,
    SELL_OUT_PERMISSION,
    _("Mark as sold out"),
    _("Customers see at once that these products are sold out, and cannot order them."),
    sell_out,
    _unless_available,
)
BRING_BACK_IN_STOCK = BulkAction(
    "bring_back_in_stock",
    Product,
    SELL_OUT_PERMISSION,
    _("Back in stock"),
    _("Customers can order these products again at once."),
    bring_back_in_stock,
    _unless_sold_out,
)
SELL_OUT_OPTIONS = BulkAction(
    "sell_out_options",
    Option,
    SELL_OUT_OPTION_PERMISSION,
    _("Mark as sold out"),
    _("Customers see at once that these options are sold out, and cannot choose them."),
    sell_out,
    _unless_available,
)
BRING_BACK_OPTIONS = BulkAction(
    "bring_back_options",
    Option,
    SELL_OUT_OPTION_PERMISSION,
    _("Back in stock"),
    _("Customers can choose these options again at once."),
    bring_back_in_stock,
    _unless_sold_out,
)
PAUSE_SHOPS = BulkAction(
    "pause_shops",
    Shop,
    PAUSE_PERMISSION,
    _("Pause"),
    _(
        "These shops take no orders until somebody opens them. Orders that are already placed can "
        "still be paid and served."
    ),
    pause_shop,
    _unless_paused_for_good,
)
OPEN_SHOPS = BulkAction(
    "open_shops",
    Shop,
    PAUSE_PERMISSION,
    _("Open"),
    _("These shops take orders again at once, within their opening hours."),
    open_shop,
    _unless_paused,
)
REGENERATE_CODES = BulkAction(
    "regenerate_codes",
    QrCode,
    CHANGE_CODE_PERMISSION,
    _("Regenerate"),
    _(
        "The codes get their content again from the shop's service ID and their parameters. Prints "
        "of a code whose content stays the same remain valid; the others are shown as to be "
        "replaced."
    ),
    regenerate,
    _unless_unprintable,
    ("shop",),
)
MARK_CODES_PRINTED = BulkAction(
    "mark_codes_printed",
    QrCode,
    CHANGE_CODE_PERMISSION,
    _("Mark as printed"),
    _("These codes are recorded as printed, as they are now."),
    mark_code_printed,
    _never,
    ("shop",),
)
MARK_PRINTS_REPLACED = BulkAction(
    "mark_prints_replaced",
    QrCode,
    CHANGE_CODE_PERMISSION,
    _("Mark old prints as replaced"),
    _("Prints of these codes with a former content are recorded as taken down."),
    mark_prints_replaced,
    _never,
    ("shop",),
)
