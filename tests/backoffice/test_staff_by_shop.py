"""Staff by shop: searches, filters, choices and new rows keep to the person's shops."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import ModelAdmin, RelatedFieldListFilter, site
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Model
from django.test import RequestFactory
from django.urls import reverse

from orders.models import (
    AuditEvent,
    Option,
    OptionGroup,
    Order,
    Product,
    QrCode,
    Shop,
    StaffAccess,
)
from payments.models import Invoice, PeriodRow, Refund, TransactionPeriod
from seqrshop.backoffice.scoped_admin import OwnRowsFilter, ShopScopedAdmin, ShopScopedInline
from seqrshop.backoffice.shop_scope import SHOP_SCOPES, needs_all_shops, own_rows
from seqrshop.backoffice.staff_access import StaffAccessInline
from tests.backoffice.staff_by_shop import (
    MSISDN,
    PERSONS,
    Person,
    World,
    browser_of,
    foreign_names,
)
from tests.staff import list_url, listed, page_url, staff, superuser

pytestmark = pytest.mark.django_db

A, AB = PERSONS["person_of_shop_a"], PERSONS["person_of_shops_a_and_b"]
UNKNOWN_ID = 987654321
OF_SOME_SHOPS = {name: person for name, person in PERSONS.items() if not person.has_all}
each_person_of_some_shops = pytest.mark.parametrize(
    "person", OF_SOME_SHOPS.values(), ids=OF_SOME_SHOPS
)


def test_every_page_of_the_admin_declares_the_shops_of_its_rows() -> None:
    undeclared = [
        type(model_admin).__name__
        for model, model_admin in site._registry.items()
        if not isinstance(model_admin, ShopScopedAdmin) or model not in SHOP_SCOPES
    ]

    assert undeclared == []


def test_every_inline_declares_the_shops_of_its_rows(world: World) -> None:
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("chief")
    inlines = {
        type(inline): inline.model
        for model_admin in site._registry.values()
        for row in [model_admin.model._default_manager.first()]
        for inline in model_admin.get_inline_instances(request, row)
    }

    assert len(inlines) >= 5
    assert [
        inline.__name__
        for inline, model in inlines.items()
        if inline is not StaffAccessInline
        and not (issubclass(inline, ShopScopedInline) and model in SHOP_SCOPES)
    ] == []


def test_every_filter_by_another_row_offers_the_persons_own() -> None:
    unscoped = []
    for model, model_admin in site._registry.items():
        for each in model_admin.list_filter if model in SHOP_SCOPES else ():
            if model is User:  # the filter by group; users need all shops
                continue
            path, of = each if isinstance(each, tuple) else (each, None)
            is_relation = isinstance(path, str) and _is_relation(model, path)
            if is_relation and not (of and issubclass(of, OwnRowsFilter)):
                unscoped.append((model.__name__, path))

    assert unscoped == []
    assert issubclass(OwnRowsFilter, RelatedFieldListFilter)


def test_model_without_a_declared_scope_has_no_row_for_a_person_of_some_shops(
    world: World,
) -> None:
    request = RequestFactory().get("/")
    browser_of(A, world)
    request.user = User.objects.get(username="browser")
    customers = apps.get_model("orders", "Customer").objects.all()

    assert customers.exists()
    assert not own_rows(request, customers).exists()


def _is_relation(model: type[Model], path: str) -> bool:
    return bool(get_fields_from_path(model, path)[-1].is_relation)


def search_terms(world: World) -> list[str]:
    """Return the terms that find rows of shop B."""
    order, invoice = world.row(Order, "B"), world.row(Invoice, "B")
    return [
        order.number,
        invoice.client_invoice_id,
        str(invoice.invoice_reference),
        str(invoice.ers_reference),
        "call-of-Bageriet",
        "Bageriet",
        "BAGERIET",
        "row-of-Bageriet-and-Cirkusen",
        "old-row-of-Bageriet",
    ]


SEARCHED = [model for model in site._registry if site.get_model_admin(model).search_fields]


@pytest.mark.parametrize("model", SEARCHED, ids=lambda model: model.__name__)
def test_search_finds_no_row_of_another_shop(model: type[Model], world: World) -> None:
    client, chief = browser_of(A, world), superuser()
    found = False

    for term in search_terms(world):
        response = client.get(list_url(model), {"q": term})
        if response.status_code == 403:
            assert SHOP_SCOPES[model] is needs_all_shops
            continue
        found = found or bool(listed(chief, model, q=term))
        page = response.context["cl"]
        assert (term, response.status_code, list(page.result_list)) == (term, 200, [])
        assert page.result_count == 0
        shown = response.content.decode().replace(term, "")
        assert foreign_names(A, world, shown) == []

    assert found or SHOP_SCOPES[model] is needs_all_shops


@pytest.mark.parametrize("model", [Order, Invoice, AuditEvent], ids=lambda each: each.__name__)
def test_phone_number_finds_the_customers_rows_in_the_persons_shops(
    model: type[Model], world: World
) -> None:
    rows = listed(browser_of(AB, world), model, q=f"+{MSISDN}")

    places = {place for place, row in world.rows[model] if row in rows}
    assert places == {"A", "B"}


@pytest.mark.parametrize(
    ("model", "path"),
    [(Order, "shop"), (Invoice, "order__shop"), (Product, "shop"), (QrCode, "shop")],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_filter_offers_the_persons_shops_and_another_shop_is_unknown(
    model: type[Model], path: str, world: World
) -> None:
    client = browser_of(AB, world)

    page = client.get(list_url(model), {"_facets": "True"})
    texts = [
        client.get(list_url(model), {f"{path}__id__exact": str(pk)}).content.decode()
        for pk in (world.shops["C"].pk, UNKNOWN_ID)
    ]

    offered = next(each for each in page.context["cl"].filter_specs if each.title == "shop")
    assert [pk for pk, _ in offered.lookup_choices] == [world.shops["A"].pk, world.shops["B"].pk]
    assert texts[0].replace(str(world.shops["C"].pk), "…").count("0 ") == texts[1].replace(
        str(UNKNOWN_ID), "…"
    ).count("0 ")
    assert foreign_names(AB, world, "".join(texts)) == []


def references() -> list[tuple[type[Model], Any]]:
    """Return every field by which a row refers to another."""
    return [
        (model, field)
        for app in ("orders", "payments", "auth", "admin")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if field.many_to_one or (field.many_to_many and not field.auto_created)
    ]


@each_person_of_some_shops
def test_autocomplete_offers_rows_of_the_persons_shops(person: Person, world: World) -> None:
    client = browser_of(person, world)
    offered = set()

    for model, field in references():
        query = {
            "app_label": model._meta.app_label,
            "model_name": str(model._meta.model_name),
            "field_name": field.name,
            "term": "",
        }
        response = client.get(reverse("admin:autocomplete"), query)
        assert response.status_code in (200, 403, 404)
        if response.status_code == 200:
            target = field.related_model
            own = {str(row.pk) for place, row in world.rows[target] if person.sees(place)}
            assert {each["id"] for each in response.json()["results"]} == own
            offered.add(target)

    may = person.shops and person.has_permissions
    assert offered == ({Invoice, Option, OptionGroup, Order, Product, QrCode} if may else set())


@each_person_of_some_shops
def test_forms_offer_rows_of_the_persons_shops(person: Person, world: World) -> None:
    if not person.has_permissions:
        return
    client = browser_of(person, world)
    request = client.get(reverse("admin:index")).wsgi_request

    for model, field in references():
        model_admin = site._registry.get(model)
        may = model_admin is not None and model_admin.has_view_permission(request)
        if isinstance(model_admin, ModelAdmin) and may and field.formfield() is not None:
            formfield: Any = model_admin.formfield_for_dbfield(field, request)
            offered = {row.pk for row in formfield.queryset}
            own = {row.pk for place, row in world.rows[field.related_model] if person.sees(place)}
            assert offered <= own


def test_history_of_a_period_is_exported_by_those_with_all_shops(world: World) -> None:
    period = world.row(TransactionPeriod, "A")

    pages = [
        browser.get(page_url(period)).context
        for browser in (browser_of(A, world), staff(*_VIEW_PERIODS))
    ]

    assert [len(page["history"]) for page in pages] == [1, 1]
    assert ["export_url" in page for page in pages] == [False, True]


_VIEW_PERIODS = (
    "payments.view_transactionperiod",
    "payments.view_invoice",
    "orders.view_auditevent",
)


def test_period_is_hidden_once_a_row_is_another_shops_refund(world: World) -> None:
    client = browser_of(A, world)
    period, row = world.row(TransactionPeriod, "A"), world.row(PeriodRow, "A")
    before = listed(client, TransactionPeriod)

    PeriodRow.objects.filter(pk=row.pk).update(refund=world.row(Refund, "B"), shop=world.shops["B"])

    assert before == [period]
    assert listed(client, TransactionPeriod) == []


def test_period_is_hidden_once_another_shop_uses_its_terminal(world: World) -> None:
    client = browser_of(A, world)

    Shop.objects.filter(pk=world.shops["C"].pk).update(terminal=world.shops["A"].terminal)

    assert listed(client, TransactionPeriod) == []
    assert listed(client, PeriodRow) == []


def test_refund_on_hold_names_the_case_to_those_with_all_shops(world: World) -> None:
    call_command("hold_refunds")
    refund = world.row(Refund, "A")
    held = refund.invoice.cases.model.objects.get(kind="refunds_held", closed_at=None)

    pages = [
        browser.get(page_url(refund)).content.decode()
        for browser in (browser_of(A, world), staff("payments.view_refund"))
    ]

    assert [page_url(held) in page for page in pages] == [False, True]
    assert "Refunds are on hold" in pages[0]


def test_persons_change_of_shops_counts_from_the_next_request(world: World) -> None:
    client = browser_of(A, world)
    access = StaffAccess.objects.get(user__username="browser")

    access.shops.set([world.shops["B"]])

    assert [order.shop for order in listed(client, Order)] == [world.shops["B"]]
