"""The menu of a shop, and the staff's switches for products and the shop."""

from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from orders.compiled_query import CompiledQuery, Parameter
from orders.models import Option, PlannedPause, Product, Shop
from orders.services.options import MenuProduct, menu_product, offered_groups

_PRODUCTS_SHOWN = CompiledQuery(
    lambda: (
        Product.objects.filter(shop=Parameter("shop_id", BigIntegerField()), on_sale=True)
        .select_related("category", "picture", "large_picture")
        .defer("picture__content", "large_picture__content")
        .annotate(groups=offered_groups())
        .order_by(F("category__position").asc(nulls_last=True), "category", "position", "id")
    )
)


def menu_of(shop: Shop) -> list[MenuProduct]:
    """Return the products on sale, sold out or not, in the order of the menu.

    Products without a category come last. Categories and pictures are loaded with them, except the
    pictures' content.
    """
    return [menu_product(product) for product in _PRODUCTS_SHOWN.fetch(shop_id=shop.pk)]


def mark_sold_out(sold: Product | Option, *, sold_out: bool) -> bool:
    """Mark a product or an option as sold out or in stock; return whether that changed it."""
    changed = type(sold)._default_manager.filter(pk=sold.pk).exclude(sold_out=sold_out)
    return changed.update(sold_out=sold_out) > 0


def mark_paused(shop: Shop, *, paused: bool, until: datetime | None = None) -> bool:
    """Pause a shop's orders, or resume them; return whether that changed the shop.

    Without `until`, a pause lasts until somebody opens the shop. Resuming ends a planned pause of
    this moment, too.
    """
    changed = Shop.objects.filter(pk=shop.pk).exclude(paused=paused, paused_until=until)
    number = changed.update(paused=paused, paused_until=until)
    if not paused:
        number += planned_pauses_at(Now()).filter(shop=shop).update(ends_at=Now())
    return number > 0


def planned_pauses_at(moment: Any) -> QuerySet[PlannedPause]:
    """Return the planned pauses in which a moment lies, which may be an expression."""
    return PlannedPause.objects.filter(starts_at__lte=moment, ends_at__gt=moment)


def planned_until() -> Subquery:
    """Return an annotation of shops: the end of a planned pause of this moment, or None."""
    pause = planned_pauses_at(Now()).filter(shop=OuterRef("pk"))
    return Subquery(pause.values("ends_at")[:1])
