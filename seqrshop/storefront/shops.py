"""Finds the shop of an address."""

from __future__ import annotations

from django.db.models import QuerySet, SlugField
from django.utils.translation import gettext as _

from orders.compiled_query import CompiledQuery, Parameter
from orders.models import CustomerSession, Shop
from seqrshop.storefront import api_errors

_SHOP_OF_SLUG = CompiledQuery(lambda: _shops().filter(slug=Parameter("slug", SlugField())))
_FIRST_SHOPS = CompiledQuery(lambda: _shops().order_by("pk")[:2])


def shop_at(slug: str | None) -> Shop:
    """Return the shop of this slug, or without one the only shop. Raises ApiError."""
    if slug is not None:
        shop = _SHOP_OF_SLUG.first(slug=slug)
        if shop is None:
            raise api_errors.not_found(_("There is no shop at this address."))
        return shop
    shops = _FIRST_SHOPS.fetch()
    if not shops:
        raise api_errors.not_found(_("There is no shop here yet."))
    if len(shops) > 1:
        raise api_errors.not_found(_("There are several shops here, and the address names none."))
    return shops[0]


def require_shop_of(session: CustomerSession, slug: str | None) -> None:
    """Raise ApiError unless the session's shop is the one of this slug, or the only shop."""
    if slug != session.shop.slug and shop_at(slug).pk != session.shop_id:
        raise api_errors.other_shop()


def _shops() -> QuerySet[Shop]:
    return Shop.objects.select_related("logo").defer("logo__content")
