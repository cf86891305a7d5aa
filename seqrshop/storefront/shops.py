"""Which service an address means."""

from __future__ import annotations

from django.utils.translation import gettext as _

from orders.models import Service
from seqrshop.storefront import api_errors


def service_at(slug: str | None) -> Service:
    """Return the service of this slug, or without one the only service. Raises Refusal."""
    found = Service.objects.select_related("logo").defer("logo__content")
    if slug is not None:
        service = found.filter(slug=slug).first()
        if service is None:
            raise api_errors.not_found(_("There is no shop at this address."))
        return service
    services = list(found.order_by("pk")[:2])
    if not services:
        raise api_errors.not_found(_("There is no shop here yet."))
    if len(services) > 1:
        raise api_errors.not_found(
            _("There are several shops here, so the address needs the name of one: /name/order.")
        )
    return services[0]
