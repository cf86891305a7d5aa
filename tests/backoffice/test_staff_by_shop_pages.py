"""Person × page: every page of the admin, for a person of every shop, some, or none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from pytest_django import Settings

from orders.models import (
    AuditEvent,
    Option,
    OptionGroup,
    Order,
    Product,
    QrCode,
    Seller,
    Shop,
    Terminal,
)
from payments.loyalty import example
from payments.models import (
    AccountPlan,
    ExportSchedule,
    Invoice,
    LoyaltyCard,
    MoneyCase,
    PeriodRow,
    PollShard,
    Refund,
    TransactionPeriod,
)
from tests.backoffice.staff_by_shop import (
    CELLS_PER_TRIED,
    MSISDN,
    PERSONS,
    Person,
    World,
    browser_of,
    foreign_names,
    rows_of_cell,
    stored,
    turn_of,
)
from tests.grids import is_tried
from tests.staff import admin_url, shown_messages

pytestmark = pytest.mark.django_db

UNKNOWN_ID = 987654321
READ_ONLY = {"changelist", "change", "history"}
EXPORTS = {"export_csv", "export_xlsx"}
EDITED = {*READ_ONLY, "add", "delete"}
# The pages that a person with every permission and all shops may open.
OPEN_PAGES: dict[type[Model], set[str]] = {
    AuditEvent: {*READ_ONLY, "export"},
    Group: EDITED,
    AccountPlan: READ_ONLY,
    ExportSchedule: {*READ_ONLY, "add"},
    Invoice: {*READ_ONLY, "refund", "capture", *EXPORTS},
    LoyaltyCard: EDITED,
    MoneyCase: {*READ_ONLY, *EXPORTS},
    Option: EDITED - {"add"},
    OptionGroup: EDITED,
    Order: {*READ_ONLY, "receipt", *EXPORTS},
    PeriodRow: READ_ONLY,
    PollShard: READ_ONLY,
    Product: EDITED - {"add"},
    QrCode: {*EDITED, "svg", "png"},
    Refund: {*READ_ONLY, "resolve", "approvals", *EXPORTS},
    Seller: EDITED,
    Shop: {*EDITED, "start", "terminal", "hours", "menu", "menu_preview", "menu_export"},
    Terminal: {*EDITED, "retire"} - {"delete"},
    TransactionPeriod: {*READ_ONLY, "resolve"},
    User: {*EDITED, "password_change", "second_factor"},
}
CLOSED_PAGES: dict[type[Model], set[str]] = {
    model: EDITED - open_pages for model, open_pages in OPEN_PAGES.items()
}
PAGES_OF_NO_ROW = {"changelist", "add", "export", "approvals", *EXPORTS}
MODELS_OF_ALL_SHOPS = {
    AccountPlan,
    ExportSchedule,
    Group,
    LoyaltyCard,
    PollShard,
    Seller,
    Terminal,
    User,
}
PAGES_OF_ALL_SHOPS = {(Shop, "add"), (Shop, "delete"), (Shop, "terminal")}
SITE_PAGES = {
    "index",
    "login",
    "logout",
    "password_change",
    "password_change_done",
    "autocomplete",
    "jsi18n",
    "view_on_site",
    "app_list",
    None,  # the page of addresses that do not exist
}
# What the forms of all pages ask for.
BODY = {
    "post": "yes",
    "amount": "1.00",
    "nonce": "nonce-of-the-form",
    "reason": "it was cold",
    "was_refunded": "yes",
    "closed": "no",
    "closing_reason": "all is well",
    "password1": "a long enough password",
    "password2": "a long enough password",
}

each_person = pytest.mark.parametrize(
    "person",
    [pytest.param(each, id=name, marks=pytest.mark.slow) for name, each in PERSONS.items()],
)


@pytest.fixture(autouse=True)
def _loyalty_cards_are_used(settings: Settings) -> None:
    settings.LOYALTY_HOOK = example.PATH


def page_names(model: type[Model]) -> set[str]:
    """Return the names of a model's pages, found from the admin's own URL patterns."""
    prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
    names = {pattern.name for pattern in site.get_model_admin(model).get_urls()}
    return {str(name).removeprefix(prefix) for name in names if name is not None}


def pages(model: type[Model]) -> Iterator[str]:
    """Yield the names of a model's pages of a row."""
    yield from sorted((OPEN_PAGES[model] | CLOSED_PAGES[model]) - PAGES_OF_NO_ROW)


def expected_status(person: Person, model: type[Model], page: str) -> int:
    """Return the status of a page for a person who has the row, or needs none."""
    may_have_rows = person.has_all or (
        bool(person.shops)
        and model not in MODELS_OF_ALL_SHOPS
        and (model, page) not in PAGES_OF_ALL_SHOPS
    )
    may = (person.has_permissions or person.is_superuser) and may_have_rows
    return 200 if may and page in OPEN_PAGES[model] else 403


def request(client: Client, method: str, address: str) -> Any:
    """Send a request, without the messages of an earlier one."""
    client.cookies.pop("messages", None)
    return client.get(address) if method == "GET" else client.post(address, BODY)


def answer(response: Any, row_id: int) -> tuple[object, ...]:
    """Return what a person learns from the answer about a row that is not shown."""
    texts = [text.replace(f"“{row_id}”", "“…”") for text in shown_messages(response)]
    return response.status_code, response.headers.get("Location"), texts, response.getvalue()


def text_of(response: Any) -> str:
    """Return the page's text; that of a file, too."""
    text: str = response.getvalue().decode(errors="ignore")
    return text


def test_every_page_of_every_model_has_an_expectation() -> None:
    found = {model: page_names(model) for model in site._registry}

    assert found == {model: OPEN_PAGES[model] | CLOSED_PAGES[model] for model in OPEN_PAGES}


def test_every_page_of_the_site_has_an_expectation() -> None:
    patterns = site.get_urls()
    names = {pattern.name for pattern in patterns if isinstance(pattern, URLPattern)}
    models = [pattern for pattern in patterns if isinstance(pattern, URLResolver)]

    assert names == SITE_PAGES
    assert len(models) == len(site._registry)


@each_person
def test_list_shows_the_rows_of_the_persons_shops(person: Person, world: World) -> None:
    client = browser_of(person, world)

    for number, model in enumerate(OPEN_PAGES, start=turn_of(person)):
        status = expected_status(person, model, "changelist")
        for query in (
            ("", "?_facets=True") if status == 200 and is_tried(number, CELLS_PER_TRIED) else ("",)
        ):
            response = client.get(admin_url(model, "changelist") + query)

            assert (model, response.status_code) == (model, status)
            assert foreign_names(person, world, text_of(response)) == []
            if status == 200 and model is not User:
                rows = {row.pk for place, row in world.rows[model] if person.sees(place)}
                shown = {row.pk for row in response.context["cl"].result_list}
                assert (model, shown) == (model, rows)


@each_person
def test_page_of_no_row_is_open_to_those_who_may(person: Person, world: World) -> None:
    """A list is opened by the test of its rows."""
    client = browser_of(person, world)

    for model, open_pages in OPEN_PAGES.items():
        for page in (open_pages | CLOSED_PAGES[model]) & PAGES_OF_NO_ROW - {"changelist"}:
            response = client.get(admin_url(model, page))

            expected = expected_status(person, model, page)
            assert (model, page, response.status_code) == (model, page, expected)
            assert foreign_names(person, world, text_of(response)) == []


@each_person
def test_page_of_a_row_of_the_persons_shops_is_open(person: Person, world: World) -> None:
    client = browser_of(person, world)

    cells = [(model, page) for model in OPEN_PAGES for page in pages(model)]
    for number, (model, page) in enumerate(cells, start=turn_of(person)):
        if not is_tried(number, CELLS_PER_TRIED):
            continue
        own = [(place, row) for place, row in world.rows[model] if person.sees(place)]
        for place, row in rows_of_cell(number, own):
            response = client.get(admin_url(model, page, row.pk))

            expected = expected_status(person, model, page)
            got = model, page, place, response.status_code
            assert got == (model, page, place, expected)
            assert foreign_names(person, world, text_of(response)) == []


@each_person
def test_page_of_a_row_of_another_shop_answers_as_that_of_an_unknown_id(
    person: Person, world: World
) -> None:
    client = browser_of(person, world)
    before = stored()

    pages_by_model = [(model, page) for model in OPEN_PAGES for page in pages(model)]
    cells = product(pages_by_model, ("GET", "POST"))
    for number, ((model, page), method) in enumerate(cells, start=turn_of(person)):
        if not is_tried(number, CELLS_PER_TRIED):
            continue
        address = admin_url(model, page, UNKNOWN_ID)
        unknown = answer(request(client, method, address), UNKNOWN_ID)
        assert unknown[0] in (302, 403, 404)
        foreign = [(place, row) for place, row in world.rows[model] if not person.sees(place)]
        for place, row in rows_of_cell(number, foreign):
            address = admin_url(model, page, row.pk)
            got = answer(request(client, method, address), row.pk)
            assert (model, page, place, got) == (model, page, place, unknown)

    assert stored() == before


@each_person
def test_pages_of_the_site_name_no_other_shop(person: Person, world: World) -> None:
    client = browser_of(person, world)
    addresses = [
        reverse("admin:index"),
        reverse("admin:app_list", args=["orders"]),
        reverse("admin:app_list", args=["payments"]),
        reverse("admin:app_list", args=["auth"]),
    ]

    for address in addresses:
        response = client.get(address)

        assert response.status_code in (200, 404)
        assert foreign_names(person, world, text_of(response)) == []


@each_person
def test_first_page_and_search_name_no_other_shop(person: Person, world: World) -> None:
    client = browser_of(person, world)
    may_search = person.has_permissions or person.is_superuser
    order = world.row(Order, "B")
    terms = (MSISDN, MSISDN[-4:], f"#{order.number}", "table 4", order.invoices.get().ers_reference)

    first_page = client.get(reverse("staff:today"))
    results = [client.get(reverse("staff:search"), {"q": term}) for term in terms]

    assert first_page.status_code == 200
    for response in results:
        assert response.status_code in ((200, 302) if may_search else (403,))
    pages = [text_of(response) for response in (first_page, *results)]
    assert [foreign_names(person, world, page) for page in pages] == [[]] * len(pages)
    found = [response.headers.get("Location") for response in results]
    if not person.sees("B"):
        assert admin_url(Order, "change", order.pk) not in found


@each_person
def test_page_on_the_site_is_unknown_for_every_row(person: Person, world: World) -> None:
    client = browser_of(person, world)
    kind = ContentType.objects.get_for_model(Order).pk
    known = world.row(Order, "B").pk
    statuses = [
        client.get(reverse("admin:view_on_site", args=[kind, pk])).status_code
        for pk in (known, UNKNOWN_ID)
    ]

    assert statuses == [404, 404]


def test_person_who_is_no_staff_has_no_page(world: World) -> None:
    client = browser_of(PERSONS["person_of_shop_a"], world)
    User.objects.filter(username="browser").update(is_staff=False)

    for model in OPEN_PAGES:
        for page in pages(model):
            row = world.rows[model][0][1]
            response = client.get(admin_url(model, page, row.pk))

            assert response.status_code == 302
            assert response.headers["Location"].startswith(reverse("admin:login"))
