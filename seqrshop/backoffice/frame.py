"""The frame around every page of the back office: whose it is, and where a person may go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.contrib.admin import AdminSite
from django.db.models import Count, Max, Min
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language

from orders.colours import DEFAULT_ACCENT
from orders.models import Shop
from seqrshop.backoffice.navigation import ShownJob, shown_jobs
from seqrshop.backoffice.search_page import may_search
from seqrshop.backoffice.shop_scope import own_rows
from seqrshop.backoffice.waiting import WaitingCounts, waiting_counts

PRODUCT_NAME = "seqrshop"


@dataclass(frozen=True)
class Brand:
    """The name and the colour at the head of every page."""

    name: str
    accent: str

    @property
    def style_url(self) -> str:
        """The address of the style sheet with the colour's shades."""
        return reverse("accent", args=[self.accent.removeprefix("#")])


class Frame:
    """What the templates of the frame show. Each part is read once, where a template has it."""

    def __init__(self, request: HttpRequest, site: AdminSite) -> None:
        self._request = request
        self._site = site

    @cached_property
    def is_signed_in(self) -> bool:
        """Whether the person has signed in as staff; the sign-in page shows no navigation."""
        return self._site.has_permission(self._request)

    @cached_property
    def brand(self) -> Brand:
        """The person's shop; the seller for a person of several shops of one seller."""
        return brand_of(self._request) if self.is_signed_in else Brand(PRODUCT_NAME, DEFAULT_ACCENT)

    @property
    def may_search(self) -> bool:
        """Whether the person may open what the search box finds."""
        return may_search(self._request)

    @property
    def other_languages(self) -> list[tuple[str, str]]:
        """Code and own name of each language but the current one."""
        return [(code, name) for code, name in settings.LANGUAGES if code != get_language()]

    @cached_property
    def counts(self) -> WaitingCounts:
        """What waits for the person."""
        return waiting_counts(self._request)

    @cached_property
    def jobs(self) -> tuple[ShownJob, ...]:
        """The navigation."""
        return tuple(shown_jobs(self._request, self._site, self.counts))

    @cached_property
    def current_job(self) -> ShownJob | None:
        """The job that the page belongs to, if any."""
        return next((job for job in self.jobs if job.is_current), None)


def brand_of(request: HttpRequest) -> Brand:
    """Return the brand of a person's shops, or our own where the shops have nothing in common."""
    shops = own_rows(request, Shop.objects.all()).aggregate(
        number=Count("pk"),
        name=Min("name"),
        first_seller=Min("seller__legal_name"),
        last_seller=Max("seller__legal_name"),
        first_accent=Min("accent"),
        last_accent=Max("accent"),
    )
    name = PRODUCT_NAME
    if shops["number"] == 1:
        name = shops["name"]
    elif shops["number"] and shops["first_seller"] == shops["last_seller"]:
        name = shops["first_seller"]
    is_one_accent = shops["number"] and shops["first_accent"] == shops["last_accent"]
    return Brand(name, shops["first_accent"] if is_one_accent else DEFAULT_ACCENT)
