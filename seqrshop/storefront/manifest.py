"""The web app manifest of a shop: its name, colours and icons on a phone's home screen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from orders.colours import LIGHT_BACKGROUND
from seqrshop.storefront.shops import shop_at

ICONS = {"icon-192.png": "any", "icon-512.png": "any", "icon-maskable-512.png": "maskable"}
CACHE_HEADERS = {"Cache-Control": "public, max-age=3600"}  # a shop may change its name


@require_safe
def manifest(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Return a shop's manifest. It opens the order page, which resumes the customer's session."""
    shop = shop_at(slug)
    order_page = reverse("order_page", kwargs={"slug": shop.slug})
    icons = [
        {
            "src": static(f"storefront/{name}"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for name, purpose in ICONS.items()
        for size in [name.removesuffix(".png").rpartition("-")[2]]
    ]
    body = {
        "name": shop.name,
        "short_name": shop.name,
        "id": order_page,
        "start_url": order_page,
        "scope": "/",
        "display": "standalone",
        "theme_color": shop.accent,
        "background_color": LIGHT_BACKGROUND,
        "icons": icons,
    }
    return JsonResponse(body, content_type="application/manifest+json", headers=CACHE_HEADERS)
