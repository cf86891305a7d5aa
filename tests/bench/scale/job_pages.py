"""The pages of the navigation, and those behind them, that a member of staff may open."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.admin import site
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Customer, Shop
from seqrshop.backoffice.links import admin_url
from seqrshop.backoffice.navigation import JOBS
from seqrshop.backoffice.shop_scope import has_all_shops, own_rows

DAYS_BACK = 100  # of a closing among those of a year


@dataclass(frozen=True)
class Page:
    """An address of the admin; `group` names the pages that share a line of the table."""

    group: str
    address: str


def request_of(client: Client) -> HttpRequest:
    """Return a request of the person who is signed in, to ask what is open to them."""
    request = HttpRequest()
    request.user = User.objects.get(pk=client.session["_auth_user_id"])
    return request


def navigation_pages(request: HttpRequest, measured: Collection[type[Model]]) -> Iterator[Page]:
    """Yield the pages of the navigation, but for the lists that are measured by themselves."""
    for job in JOBS:
        for entry in job.entries:
            is_list = entry.model in measured and not entry.url_name
            if not is_list and entry.is_open_to(request, site):
                yield Page(f"{job.label}: {entry.label}", entry.address)


def pages_behind(request: HttpRequest) -> Iterator[Page]:
    """Yield pages of the person's first shop and of a day, and a customer's."""
    shop = own_rows(request, Shop.objects.order_by("pk"))[0]
    day = timezone.localdate() - timedelta(days=DAYS_BACK)
    yield Page("the closings of earlier days", f"{reverse('staff:closing')}?until={day}")
    for name in ("closing_day", "closing_pdf"):
        yield Page(f"a day: {name}", reverse(f"staff:{name}", args=[shop.slug, day]))
    yield Page("the kitchen's board", reverse("staff:kitchen_board", args=[shop.slug]))
    yield Page("a shop's opening hours", admin_url(Shop, "hours", shop.pk))
    yield Page("a shop's menu as a file", admin_url(Shop, "menu", shop.pk))
    yield Page("a shop's menu as a file: download", admin_url(Shop, "menu_export", shop.pk))
    if has_all_shops(request):
        customer = Customer.objects.filter(orders__isnull=False)[0]
        yield Page("a customer's page", reverse("staff:customer", args=[customer.pk]))
