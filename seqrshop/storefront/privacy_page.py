"""The page that says what is kept of a customer, why, and for how long."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from orders.models import Seller, Shop
from payments.privacy.kept import kept_of_customers
from seqrshop.storefront.shared_pages import revalidated
from seqrshop.storefront.shops import shop_at

MAX_SELLERS = 100


@require_safe
@gzip_page
@revalidated
def privacy_page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Show what a shop keeps, or without a slug what all shops here keep."""
    shop = None if slug is None else shop_at(slug)
    sellers = _all_sellers() if shop is None else [shop.seller]
    context = {
        "shop": shop,
        "sellers": sellers,
        "kept": kept_of_customers(),
        "customer_data_days": settings.CUSTOMER_DATA_DAYS,
    }
    return render(request, "storefront/privacy_page.html", context)


def _all_sellers() -> QuerySet[Seller]:
    """Select the sellers that have a shop."""
    return Seller.objects.filter(Exists(Shop.objects.filter(seller=OuterRef("pk"))))[:MAX_SELLERS]
