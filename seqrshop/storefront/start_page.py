"""The root address: which shops are here, whether they are open, and how to order."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from payments.availability.availability import shops_by_name
from payments.availability.messages import unavailable_message
from seqrshop.storefront.shared_pages import revalidated

MAX_SHOPS = 100


@require_safe
@gzip_page
@revalidated
def start_page(request: HttpRequest) -> HttpResponse:
    """Show the shops. A scan leads to their menus, since it names the customer; no link does."""
    now = timezone.now()
    shops = [
        {
            "shop": shop,
            "unavailable_message": unavailable and unavailable_message(unavailable, now),
        }
        for shop, unavailable in shops_by_name(MAX_SHOPS)
    ]
    context = {
        "shops": shops,
        "shop": shops[0]["shop"] if len(shops) == 1 else None,
        "store_urls": {
            "Android": settings.SEQR_STORE_URL_ANDROID,
            "iPhone": settings.SEQR_STORE_URL_IOS,
        },
    }
    return render(request, "storefront/start_page.html", context)
