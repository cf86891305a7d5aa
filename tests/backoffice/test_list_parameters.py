"""A list of the admin understands the query parameters of its own links alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import DataError
from django.db.models import Model
from django.http import QueryDict
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orders.models import AuditEvent, Order, Product
from payments.models import Invoice, InvoiceStatus, MoneyCase, PeriodRow, Refund
from seqrshop.backoffice.list_parameters import (
    allowed_lookups,
    filters_by,
    require_readable,
)
from tests.payments.steps import invoice_in
from tests.staff import list_url, shown_messages, staff, superuser

pytestmark = pytest.mark.django_db
ADMINS: list[Any] = list(admin.site._registry.values())
INVALID = "The filter in the address is not valid, so all rows are shown."


@pytest.fixture(scope="module")
def lookups() -> dict[type[Model], list[str]]:
    """Return the allowed lookups of each list."""
    request = RequestFactory().get("/")
    return {each.model: sorted(allowed_lookups(each, request, each.linked_by)) for each in ADMINS}


@pytest.mark.parametrize("query", ["q=a%00b", "a%00b=1", "status=1&status=%00"])
def test_text_that_the_database_refuses_is_no_parameter(query: str) -> None:
    with pytest.raises(IncorrectLookupParameters):
        require_readable(QueryDict(query))

    require_readable(QueryDict(query.replace("%00", "%20")))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "There is nothing here yet."),
        ("?q=bun", "Nothing matches the search and the filter."),
    ],
)
def test_empty_list_says_whether_a_search_or_filter_may_be_why(query: str, text: str) -> None:
    page = superuser().get(list_url(Product) + query).content.decode()

    assert f"<p>{text}</p>" in page


@pytest.mark.parametrize("error", [ValueError(), OverflowError(), DataError()])
def test_error_of_a_list_without_parameters_is_an_error(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_arguments: Any) -> None:
        raise error

    monkeypatch.setattr(admin.ModelAdmin, "get_changelist_instance", fail)
    client = superuser()

    for address in (list_url(Order), f"{list_url(Order)}?e=1"):
        with pytest.raises(type(error)):
            client.get(address)
    answer = client.get(list_url(Order), {"state": "x"})
    assert (answer.status_code, answer["Location"]) == (302, f"{list_url(Order)}?e=1")


@pytest.mark.parametrize("lookup", ["startswith", "regex", "gt", "exact", ""])
def test_viewer_cannot_find_a_secret_by_the_rows_that_a_list_shows(lookup: str) -> None:
    invoice = invoice_in(InvoiceStatus.ISSUED)
    viewer = staff("payments.view_invoice")
    name = f"notify_key__{lookup}".removesuffix("__")

    answer = viewer.get(list_url(Invoice), {name: invoice.notify_key})

    assert answer.status_code == 400
    assert str(invoice.pk) not in answer.content.decode()


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (Order, "return_key__startswith"),
        (Order, "customer__msisdn__startswith"),
        (Order, "customer__subscriber_key"),
        (Invoice, "order__return_key__startswith"),
        (Refund, "invoice__notify_key__startswith"),
        (MoneyCase, "invoice__notify_key__startswith"),
        (PeriodRow, "invoice__notify_key__startswith"),
    ],
)
def test_lookup_that_no_link_has_is_refused(model: type[Model], lookup: str) -> None:
    answer = superuser().get(list_url(model), {lookup: "a"})

    assert answer.status_code == 400


def test_no_list_allows_a_lookup_of_a_field_that_it_does_not_filter_by(
    lookups: dict[type[Model], list[str]],
) -> None:
    for each in ADMINS:
        fields = {field.name for field in each.model._meta.fields}
        filtered = {lookup.split("__")[0] for lookup in lookups[each.model]}
        texts = {f"{name}__startswith" for name in fields} | (fields - filtered)
        request = RequestFactory().get("/")
        allowed = [name for name in texts if each.lookup_allowed(name, "a", request)]
        assert allowed == [], each


def test_links_of_the_admin_use_allowed_lookups(lookups: dict[type[Model], list[str]]) -> None:
    used = [
        (Invoice, "status__exact"),
        (Invoice, "shop__id__exact"),
        (Refund, "status__in"),
        (AuditEvent, "subject_id"),
        (Refund, "created_at__gte"),
        (PeriodRow, "period__id__exact"),
        (MoneyCase, "open"),
        (MoneyCase, "opened_at__year"),
        (Order, "created_at__day"),
    ]

    assert [pair for pair in used if pair[1] not in lookups[pair[0]]] == []


@pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime")
@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (Order, "created_at__year", "0"),
        (Order, "created_at__year", "9999"),
        (Order, "created_at__year", "99999999999"),
        (Order, "created_at__gte", "0001-01-01 00:00:00"),
        (Order, "state__exact", "a\0b"),
        (Product, "sold_out__exact", "maybe"),
        (Invoice, "shop__id__exact", "nine"),
        (Refund, "created_at__gte", "yesterday"),
        (MoneyCase, "opened_at__year", "0"),
        (MoneyCase, "p", "0"),
    ],
)
def test_value_that_no_row_can_have_shows_all_rows_and_a_message(
    model: type[Model], name: str, value: str
) -> None:
    client = superuser()

    answer = client.get(list_url(model), {name: value})
    if answer.status_code == 302:
        shown = client.get(answer["Location"])
        assert INVALID in shown_messages(shown)
        answer = shown

    assert answer.status_code == 200


def test_address_of_a_refused_filter_leads_to_the_list(client: Client) -> None:
    answer = superuser().get(list_url(Order), {"e": "1", "created_at__year": "0"})

    assert answer["Location"] == f"{list_url(Order)}?e=1"


NUMBERS = ["", "0", "-1", "1", "9999", "10000", "2026", "13", "9" * 20, "1e400", "NaN", "٣", "²"]
OTHERS = ["0001-01-01", "9999-12-31 23:59:59", "2026-02-30", "True", "a,b", "'", "%", "\0"]
VALUES = st.sampled_from(NUMBERS) | st.sampled_from(OTHERS) | st.text(max_size=8)
GENERAL = ["q", "o", "p", "e", "all", "_popup", "_to_field", "_facets", "_changelist_filters", "x"]


@pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime")
@hypothesis_settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_query_string_of_a_list_is_an_error_of_the_server(
    lookups: dict[type[Model], list[str]], boss_client: Client, data: st.DataObject
) -> None:
    model = data.draw(st.sampled_from([each.model for each in ADMINS]))
    names = st.sampled_from([*lookups[model], *GENERAL])
    query = data.draw(st.lists(st.tuples(names, VALUES), min_size=1, max_size=2))

    answer = boss_client.get(f"{list_url(model)}?{urlencode(query)}")

    assert answer.status_code in (200, 302, 400)


@pytest.fixture
def boss_client() -> Client:
    """Return the browser of a superuser, who sees all lists, each with rows or without."""
    invoice_in(InvoiceStatus.PAID)
    return superuser()


@pytest.mark.parametrize("model_admin", ADMINS, ids=lambda each: each.model.__name__)
def test_language_is_chosen_on_a_list_and_its_filter_kept(model_admin: Any) -> None:
    client, address = superuser(), list_url(model_admin.model)

    chosen = client.get(address, {"language": "sv", "p": "1"})
    page = client.get(chosen.headers["Location"], headers={"accept": "text/html"})

    assert chosen.headers["Location"] == f"{address}?p=1"
    assert '<html lang="sv"' in page.content.decode()


def test_language_alone_leaves_a_list_without_parameters() -> None:
    answer = superuser().get(list_url(Order), {"language": "sv"})

    assert answer.headers["Location"] == list_url(Order)


@pytest.mark.parametrize(
    ("query", "is_filtered"),
    [
        ("order=1", True),
        ("order__shop__id__exact=1", True),
        ("shop__order=1", False),
        ("orders=1", False),
    ],
)
def test_filter_of_a_field_is_known_by_the_beginning_of_its_name(
    query: str, is_filtered: bool
) -> None:
    assert filters_by(QueryDict(query), "order") == is_filtered
