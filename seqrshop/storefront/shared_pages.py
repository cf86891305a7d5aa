"""Customer pages that are the same for everyone: rendered once, then sent from memory."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from functools import lru_cache

import brotli
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control

from orders.languages import current_language
from orders.models import OrderState, Shop
from seqrshop.storefront.messages import HEADINGS

# Without "no-store", a browser keeps the page for its back and forward buttons.
revalidated = cache_control(private=True, no_cache=True)

MAX_PAGES_IN_MEMORY = 256  # of 20 KB each: a chain's pages in both languages
_REFUSED = r"(?!\s*;\s*q=0(\.0*)?\s*(,|$))"
_LINE_BREAK = re.compile(r"\s*\n\s*")
# The smallest first. A browser that refuses a coding gives it the weight 0.
_CODINGS = {name: re.compile(rf"(?<![\w-]){name}\b{_REFUSED}") for name in ("br", "gzip")}


@dataclass(frozen=True)
class _Page:
    """A page, and all that its content depends on."""

    template: str
    language: str
    shop_values: str
    unavailable_message: str | None
    leave_url: str
    store_urls: tuple[tuple[str, str], ...]
    shop: Shop = field(compare=False)


def shared_page(
    request: HttpRequest, template: str, shop: Shop, unavailable_message: str | None = None
) -> HttpResponse:
    """Return a page of this shop, compressed if the browser accepts that.

    The template is rendered without the request, so the page can hold nothing personal.
    """
    page = _Page(
        template,
        current_language(),
        repr([getattr(shop, each.attname) for each in shop._meta.concrete_fields]),
        unavailable_message,
        settings.SEQR_LEAVE_URL,
        (("android", settings.SEQR_STORE_URL_ANDROID), ("ios", settings.SEQR_STORE_URL_IOS)),
        shop,
    )
    accepted = request.headers.get("Accept-Encoding", "")
    coding = next((name for name, form in _CODINGS.items() if form.search(accepted)), None)
    response = HttpResponse(_rendered(page)[coding])
    if coding is not None:
        response["Content-Encoding"] = coding
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


@lru_cache(maxsize=MAX_PAGES_IN_MEMORY)
def _rendered(page: _Page) -> dict[str | None, bytes]:
    """Return the page in each coding; that of None is plain."""
    slug = {"slug": page.shop.slug}
    text = render_to_string(
        page.template,
        {
            "shop": page.shop,
            "unavailable_message": page.unavailable_message,
            "session_url": reverse("session", kwargs=slug),
            "orders_url": reverse("orders", kwargs=slug),
            "order_page_url": reverse("order_page", kwargs=slug),
            "my_orders_page_url": reverse("my_orders_page", kwargs=slug),
            "my_orders_url": reverse("my_orders", kwargs=slug),
            "leave_url": page.leave_url,
            "store_urls": dict(page.store_urls),
            "first_heading": HEADINGS[OrderState.CREATED],
        },
    )
    plain = _LINE_BREAK.sub("\n", text).encode()
    return {
        None: plain,
        "gzip": gzip.compress(plain, mtime=0),
        "br": brotli.compress(plain, mode=brotli.MODE_TEXT),
    }
