"""Which service an address means."""

from __future__ import annotations

from django.utils.translation import gettext as _

from orders.models import Shop
from seqrshop.storefront import api_errors


def shop_at(slug: str | None) -> Shop:
    """Return the shop of this slug, or without one the only shop. Raises Refusal."""
    found = Shop.objects.select_related("logo").defer("logo__content")
    if slug is not None:
        shop = found.filter(slug=slug).first()
        if shop is None:
            raise api_errors.not_found(_("There is no shop at this address."))
        return shop
    services = list(found.order_by("pk")[:2])
    if not services:
        raise api_errors.not_found(_("There is no shop here yet."))
    if len(services) > 1:
        raise api_errors.not_found(
            _("There are several shops here, so the address needs the name of one: /name/order.")
        )
    return services[0]
