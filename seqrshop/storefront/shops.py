"""Finds the shop of an address."""

from __future__ import annotations

from django.utils.translation import gettext as _

from orders.models import Shop
from seqrshop.storefront import api_errors


def shop_at(slug: str | None) -> Shop:
    """Return the shop of this slug, or without one the only shop. Raises ApiError."""
    all_shops = Shop.objects.select_related("logo").defer("logo__content")
    if slug is not None:
        shop = all_shops.filter(slug=slug).first()
        if shop is None:
            raise api_errors.not_found(_("There is no shop at this address."))
        return shop
    shops = list(all_shops.order_by("pk")[:2])
    if not shops:
        raise api_errors.not_found(_("There is no shop here yet."))
    if len(shops) > 1:
        raise api_errors.not_found(
            _("There are several shops here, so the address needs the name of one: /name/order.")
        )
    return shops[0]
