"""Finds the shop of an address."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet, SlugField
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.compiled_query import CompiledQuery, Parameter
from orders.models import CustomerSession, Shop
from payments.availability.availability import availability_parameters, with_availability
from seqrshop.storefront import api_errors

_SLUG = Parameter("slug", SlugField())
_SHOP_OF_SLUG = CompiledQuery(lambda: _shops().filter(slug=_SLUG))
_FIRST_SHOPS = CompiledQuery(lambda: _shops().order_by("pk")[:2])
_AVAILABILITY_OF_SLUG = CompiledQuery(lambda: _shops_with_availability().filter(slug=_SLUG))
_FIRST_AVAILABILITIES = CompiledQuery(lambda: _shops_with_availability().order_by("pk")[:2])


def shop_at(slug: str | None) -> Shop:
    """Return the shop of this slug, or without one the only shop. Raises ApiError."""
    return _shop_at(slug, _SHOP_OF_SLUG, _FIRST_SHOPS)


def shop_with_availability_at(slug: str | None) -> Shop:
    """Return what `shop_at` does, for `unavailable_message_read_with` and `menu_details`."""
    parameters = availability_parameters(timezone.now())
    return _shop_at(slug, _AVAILABILITY_OF_SLUG, _FIRST_AVAILABILITIES, **parameters)


def _shop_at(
    slug: str | None, of_slug: CompiledQuery[Shop], first: CompiledQuery[Shop], **parameters: Any
) -> Shop:
    if slug is not None:
        shop = of_slug.first(slug=slug, **parameters)
        if shop is None:
            raise api_errors.not_found(_("There is no shop at this address."))
        return shop
    shops = first.fetch(**parameters)
    if not shops:
        raise api_errors.not_found(_("There is no shop here yet."))
    if len(shops) > 1:
        raise api_errors.not_found(_("There are several shops here, and the address names none."))
    return shops[0]


def require_shop_of(session: CustomerSession, slug: str | None) -> None:
    """Raise ApiError unless the session's shop is the one of this slug, or the only shop."""
    if slug != session.shop.slug and shop_at(slug).pk != session.shop_id:
        raise api_errors.other_shop()


def _shops_with_availability() -> QuerySet[Any, Any]:
    shops = _shops().annotate(version_of_menu=F("menu_version__version"))
    return with_availability(shops)


def _shops() -> QuerySet[Shop]:
    return Shop.objects.select_related("logo").defer("logo__content")
