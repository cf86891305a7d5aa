"""The pages of the admin that are measured, and the members of staff who open them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.admin import site
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from orders.models import AuditEvent, Order, Shop, StaffAccess, Terminal
from payments.models import (
    Invoice,
    MoneyCase,
    PeriodRow,
    Refund,
    TransactionPeriod,
)
from seqrshop.backoffice.dashboard.periods import MAX_DAYS, Grain
from seqrshop.backoffice.links import list_url, page_url
from tests.bench.scale.fill import BUSY_SHOP, IDLE_SHOP, LARGE_SHOP, SMALL_SHOP
from tests.bench.scale.job_pages import Page, navigation_pages, pages_behind, request_of

LISTS: tuple[type[Model], ...] = (
    Order,
    Invoice,
    Refund,
    MoneyCase,
    AuditEvent,
    TransactionPeriod,
    PeriodRow,
)
SINGLES: tuple[type[Model], ...] = (Shop, Terminal)
DEEP_PAGE = 5000
STAFF = {
    "all shops": None,
    "a busy shop": (BUSY_SHOP,),
    "an idle shop": (IDLE_SHOP,),
    "a small shop": (SMALL_SHOP,),
    "two shops": (LARGE_SHOP, SMALL_SHOP),
}


def browser_of(shops: tuple[str, ...] | None) -> Client:
    """Return the browser of a member of staff with every permission and these shops, or all."""
    name = f"staff-{User.objects.count()}"  # of an earlier run there are others
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    access = StaffAccess.objects.create(user=user, all_shops=shops is None)
    access.shops.set(Shop.objects.filter(slug__in=shops or ()))
    client = Client()
    client.force_login(user)
    return client


def pages_of(client: Client) -> Iterator[Page]:
    """Yield the pages of the navigation, the dashboards and the searches.

    Then each list's pages, filters, sort columns and searches, and the pages of single rows.
    """
    request = request_of(client)
    yield from navigation_pages(request, {*LISTS, *SINGLES})
    yield from pages_behind(request)
    for address in _dashboards():
        yield Page("the dashboard", address)
    for term in _searched_terms():
        yield Page(
            "the search for everything", f"{reverse('staff:search')}?{urlencode({'q': term})}"
        )
    for model in LISTS:
        name = str(model._meta.verbose_name_plural)
        if not _may_open(request, model):
            continue
        changelist = _opened(client, model)
        yield Page(f"{name}: first page", list_url(model))
        yield Page(f"{name}: page {DEEP_PAGE:,}", f"{list_url(model)}?p={DEEP_PAGE}")
        for query in _filters(changelist):
            yield Page(f"{name}: each filter", list_url(model) + query)
            deep = f"{list_url(model)}{query}&p={DEEP_PAGE}"
            yield Page(f"{name}: each filter, page {DEEP_PAGE:,}", deep)
        for column in _sortable(changelist):
            yield Page(f"{name}: each sort column", f"{list_url(model)}?o={column}")
            deep = f"{list_url(model)}?o={column}&p={DEEP_PAGE}"
            yield Page(f"{name}: each sort column, page {DEEP_PAGE:,}", deep)
        if changelist.result_list and changelist.search_fields:
            for term in _terms(changelist.result_list[0]):
                yield Page(f"{name}: search", f"{list_url(model)}?q={term}")
        for row in changelist.result_list[:1] if changelist.list_display_links else ():
            yield Page(f"{name}: a row's page", page_url(row))
    for single in SINGLES:
        name = str(single._meta.verbose_name_plural)
        if not _may_open(request, single):
            continue
        changelist = _opened(client, single)
        yield Page(f"{name}: first page", list_url(single))
        for row in changelist.result_list[:1]:
            yield Page(f"{name}: a row's page", page_url(row))


def _dashboards() -> Iterator[str]:
    """Yield the dashboard by each grain, for the usual days and for as many as it shows."""
    today = timezone.localdate()
    for grain in Grain:
        yield f"{reverse('staff:dashboard')}?by={grain.value}"
        first = today - timedelta(days=MAX_DAYS[grain] - 1)
        yield f"{reverse('staff:dashboard')}?by={grain.value}&first={first}&last={today}"


def _searched_terms() -> Iterator[str]:
    """Yield each key by which an order can be found, of a paid order in the middle of all."""
    middle = Invoice.objects.filter(pk__gte=Invoice.objects.count() // 2, status="PAID")
    invoice = middle.order_by("pk").select_related("order__customer")[0]
    msisdn = invoice.order.customer.msisdn
    yield from (invoice.order.number, f"#{invoice.order.number}", "1006", "table 4")
    yield from (msisdn, f"+{msisdn}", msisdn[-4:], "0709999999")
    for reference in (invoice.invoice_reference, invoice.ers_reference):
        assert reference is not None
        yield from (reference, reference[-8:])


def _may_open(request: HttpRequest, model: type[Model]) -> bool:
    """Return whether a list is open to the person; some are for those with all shops."""
    return site.get_model_admin(model).has_view_permission(request)


def _opened(client: Client, model: type[Model]) -> Any:
    """Return a list as this member of staff sees it."""
    return client.get(list_url(model)).context["cl"]


def _filters(changelist: Any) -> Iterator[str]:
    """Yield the query of each choice of each filter, and of the newest year, month and day."""
    for each in changelist.filter_specs:
        for choice in each.choices(changelist):
            if not choice["selected"]:
                yield choice["query_string"]
    if changelist.date_hierarchy:
        for choice in changelist.date_links["choices"]:
            if "link" in choice:
                yield choice["link"]


def _sortable(changelist: Any) -> Iterator[str]:
    for number, column in enumerate(changelist.list_display):
        is_offered = changelist.sortable_by is None or column in changelist.sortable_by
        if is_offered and column != "action_checkbox" and changelist.get_ordering_field(column):
            yield from (str(number), f"-{number}")


def _terms(row: Any) -> Iterator[str]:
    """Yield what a person may enter to find this row, and a number that nothing has."""
    for name in (
        "number",
        "client_invoice_id",
        "invoice_reference",
        "ers_reference",
        "subject_label",
    ):
        if term := getattr(row, name, None):
            yield str(term)
    if isinstance(row, Order):
        yield row.customer.msisdn
    yield "4670000000000"
