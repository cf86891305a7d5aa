"""Lists of more rows than are counted: their pages, their order and what they offer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.models import AuditEvent, Order, Shop
from payments.models import Invoice
from seqrshop.backoffice import large_lists, row_count
from seqrshop.backoffice.audit_event import AuditEventAdmin
from seqrshop.backoffice.large_lists import Position
from seqrshop.backoffice.order import OrderAdmin
from tests.database_roles import analyze
from tests.factories import CustomerFactory, InvoiceFactory, OrderFactory, ShopFactory
from tests.staff import list_url, listed, shown_messages, staff, superuser

pytestmark = pytest.mark.django_db

ORDERS = 47
PER_PAGE = 5
PAGES = 10


@pytest.fixture
def shops(monkeypatch: pytest.MonkeyPatch) -> list[Shop]:
    """Two shops with ORDERS orders in turn, in lists of PER_PAGE that count up to 10 rows."""
    monkeypatch.setattr(row_count, "COUNT_LIMIT", 10)
    monkeypatch.setattr(OrderAdmin, "list_per_page", PER_PAGE)
    shops = ShopFactory.create_batch(2)
    customer = CustomerFactory.create()
    Order.objects.bulk_create(
        OrderFactory.build(customer=customer, shop=shops[number % 2], state="paid")
        for number in range(ORDERS)
    )
    analyze("orders_order")
    return shops


def page(client: Client, **query: str) -> Any:
    """Return the list of orders that a page shows."""
    return client.get(list_url(Order), query).context["cl"]


def follow(client: Client, changelist: Any, link: str) -> Any:
    """Return the list to which one of a list's links leads."""
    address = getattr(changelist, f"{link}_page_url")
    return client.get(list_url(Order) + address).context["cl"]


def ids(changelist: Any) -> list[int]:
    return [row.pk for row in changelist.result_list]


@pytest.mark.parametrize("order", ["", "1", "-1", "7", "-7"])
@pytest.mark.usefixtures("shops")
def test_next_pages_show_each_row_once_in_order(order: str) -> None:
    client = superuser()
    query = {"o": order} if order else {}
    expected = list(Order.objects.order_by("id" if order == "1" else "-id"))
    if order in ("7", "-7"):  # the time of the order, which all of a batch may share
        direction = "-" if order.startswith("-") else ""
        expected = list(Order.objects.order_by(f"{direction}created_at", f"{direction}id"))

    pages = [page(client, **query)]
    while pages[-1].has_next:
        pages.append(follow(client, pages[-1], "next"))

    assert [pk for each in pages for pk in ids(each)] == [row.pk for row in expected]
    assert [each.page_num for each in pages] == list(range(1, PAGES + 1))


@pytest.mark.usefixtures("shops")
def test_previous_pages_show_the_same_rows_backwards() -> None:
    client = superuser()
    newest_first = list(Order.objects.order_by("-id").values_list("pk", flat=True))

    pages = [follow(client, page(client), "last")]
    while pages[-1].has_previous:
        pages.append(follow(client, pages[-1], "previous"))

    assert [pk for each in reversed(pages) for pk in ids(each)] == newest_first
    last_paid = follow(client, page(client, state__exact="paid"), "last")
    assert last_paid.first_page_url == "?state__exact=paid"


@pytest.mark.usefixtures("shops")
def test_page_is_opened_by_its_number() -> None:
    client = superuser()

    third = page(client, p="3")

    assert ids(third) == list(Order.objects.order_by("-id").values_list("pk", flat=True)[10:15])
    assert (third.has_previous, third.has_next) == (True, True)


@pytest.mark.parametrize("number", ["11", "999999999"])
@pytest.mark.usefixtures("shops")
def test_page_after_the_last_one_shows_the_last_rows(number: str) -> None:
    shown = page(superuser(), p=number)

    oldest = list(Order.objects.order_by("id").values_list("pk", flat=True)[:PER_PAGE])
    assert ids(shown) == oldest[::-1]
    assert not shown.has_next


@pytest.mark.parametrize("text", ["0", "-1", "x", "2after", "9" * 30, "3after99999999999999999999"])
@pytest.mark.usefixtures("shops")
def test_unreadable_position_shows_the_first_page(text: str) -> None:
    assert ids(page(superuser(), p=text)) == ids(page(superuser()))


@pytest.mark.parametrize("query", [{}, {"_facets": "True"}])
def test_large_list_is_not_counted(shops: list[Shop], query: dict[str, str]) -> None:
    client = superuser()

    with CaptureQueriesContext(connection) as queries:
        content = client.get(list_url(Order), query).content.decode()

    counts = [
        each["sql"]
        for each in queries
        if "COUNT(*)" in each["sql"] and 'FROM "orders_order"' in each["sql"]
    ]
    assert len(counts) == 1
    assert "LIMIT 11" in counts[0]
    assert not any("DISTINCT" in each["sql"] for each in queries)
    assert re.search(r"Page 1 of about \d+<", content)
    assert re.search(r"about \d+ orders", content)
    assert "Show counts" not in content


def test_list_of_a_few_rows_is_counted_and_numbered(shops: list[Shop]) -> None:
    Order.objects.filter(pk__in=Order.objects.order_by("pk")[8:].values("pk")).delete()

    shown = page(superuser(), o="3")

    assert (shown.result_count, shown.paginator.num_pages, shown.is_large) == (8, 2, False)


def test_rows_of_an_empty_list_are_not_read() -> None:
    client = superuser()

    with CaptureQueriesContext(connection) as statements:
        changelist = page(client)

    assert list(changelist.result_list) == []
    rows = [each["sql"] for each in statements if '"orders_order"."total"' in each["sql"]]
    assert rows == []


@pytest.mark.usefixtures("shops")
def test_large_list_is_not_sorted_by_a_column_without_an_index() -> None:
    client = superuser()

    response = client.get(list_url(Order), {"o": "3"})

    assert ids(response.context["cl"]) == ids(page(client))
    assert shown_messages(response) == [
        "There are too many rows to sort them by this column. Choose a filter first."
    ]
    offered = response.context["cl"].sortable_by
    assert {"order_number", "ordered", "age"} <= set(offered)
    assert not {"shop", "state", "total_with_currency"} & set(offered)


def test_filtered_list_is_sorted_by_any_column(shops: list[Shop]) -> None:
    few = ShopFactory.create()
    cheap = OrderFactory.create(shop=few, total=10)
    dear = OrderFactory.create(shop=few, total=90)

    query = {"shop__id__exact": str(few.pk), "o": "3"}

    assert listed(superuser(), Order, **query) == [cheap, dear]
    assert listed(superuser(), Order, **{**query, "o": "-3"}) == [dear, cheap]


@pytest.mark.usefixtures("shops")
def test_action_of_a_large_list_is_offered_for_its_page_only() -> None:
    response = superuser().get(list_url(Order))

    assert "across all pages" not in response.content.decode()
    assert response.context["cl"].result_count == PER_PAGE


def test_person_of_one_shop_pages_through_its_orders_alone(shops: list[Shop]) -> None:
    client = staff("orders.view_order", shops=shops[:1])
    own = list(Order.objects.filter(shop=shops[0]).order_by("-id").values_list("pk", flat=True))

    pages = [page(client)]
    while pages[-1].has_next:
        pages.append(follow(client, pages[-1], "next"))

    assert [pk for each in pages for pk in ids(each)] == own


def test_row_of_another_shop_is_no_place_to_begin_a_page(shops: list[Shop]) -> None:
    client = staff("orders.view_order", shops=shops[:1])
    foreign = Order.objects.filter(shop=shops[1]).latest("id")

    assert ids(page(client, p=f"2after{foreign.pk}")) == ids(page(client, p="2"))


def test_events_of_a_persons_shop_are_sorted_by_order(shops: list[Shop]) -> None:
    first, second = (InvoiceFactory.create(order__shop=shops[0], paid=True).order for _ in range(2))
    for order in (first, second, first):
        AuditEvent.objects.create(
            order=order,
            subject_type="order",
            subject_label=order.number,
            name="order_served",
            source="staff",
        )
    client = staff("orders.view_auditevent", shops=shops[:1])

    assert [event.order_id for event in listed(client, AuditEvent)] == [
        second.pk,
        first.pk,
        first.pk,
    ]


@pytest.mark.parametrize("query", [{}, {"subject_type__exact": "order"}])
def test_events_of_some_shops_are_paged_by_order(
    shops: list[Shop], monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    monkeypatch.setattr(AuditEventAdmin, "list_per_page", PER_PAGE)
    for order in Order.objects.order_by("pk"):
        for subject_type in ("order", "call") if order.pk % 3 else ("call",):
            AuditEvent.objects.create(
                order=order,
                subject_type=subject_type,
                subject_label="1",
                name="order_served",
                source="staff",
            )
    analyze("orders_auditevent")
    client = staff("orders.view_auditevent", shops=shops[:1])
    wanted = AuditEvent.objects.filter(order__shop=shops[0], **query).order_by("-order_id", "-id")

    changelist = client.get(list_url(AuditEvent), query).context["cl"]
    seen = ids(changelist)
    while changelist.has_next:
        changelist = client.get(list_url(AuditEvent) + changelist.next_page_url).context["cl"]
        seen += ids(changelist)

    assert seen == list(wanted.values_list("pk", flat=True))


def test_dates_are_offered_from_the_first_row_to_the_last(shops: list[Shop]) -> None:
    oldest, newest = Order.objects.earliest("id"), Order.objects.latest("id")
    Order.objects.filter(pk=oldest.pk).update(created_at="2025-11-30T12:00+01:00")
    Order.objects.filter(pk=newest.pk).update(created_at="2026-02-03T12:00+01:00")
    client = superuser()

    def choices(**query: str) -> list[str]:
        return [each["title"] for each in page(client, **query).date_links["choices"]]

    assert choices() == ["2025", "2026"]
    assert choices(created_at__year="2025") == ["November 2025", "December 2025"]
    assert choices(created_at__year="2026") == ["January 2026", "February 2026"]
    february = {"created_at__year": "2026", "created_at__month": "2"}
    assert choices(**february) == ["February 1", "February 2", "February 3"]
    assert choices(**february, created_at__day="3") == ["February 3"]
    Order.objects.filter(pk=oldest.pk).update(created_at="2026-02-01T12:00+01:00")
    assert choices() == ["February 1", "February 2", "February 3"]


@pytest.mark.parametrize("year", ["0", "9999", "10000", "x"])
@pytest.mark.usefixtures("shops")
def test_year_without_dates_leads_to_the_whole_list(year: str) -> None:
    response = superuser().get(list_url(Order), {"created_at__year": year})

    assert response.status_code == 302


def test_invoices_of_a_shop_are_read_by_an_index_of_it(shops: list[Shop]) -> None:
    InvoiceFactory.create_batch(3, order__shop=shops[0], paid=True)

    with CaptureQueriesContext(connection) as queries:
        listed(staff("payments.view_invoice", shops=shops[:1]), Invoice)

    reads = [each["sql"] for each in queries if 'FROM "payments_invoice"' in each["sql"]]
    assert reads
    assert all('"payments_invoice"."shop_id"' in sql for sql in reads)
    assert not any('"orders_order"."shop_id" IN' in sql for sql in reads)


@pytest.mark.parametrize(
    ("query", "limit"),
    [({}, "MAX_SKIPPED_ROWS"), ({"state__exact": "paid"}, "MAX_SKIPPED_ROWS_OF_SOME")],
    ids=["all rows", "a filter"],
)
def test_page_beyond_many_rows_is_refused_with_advice_and_the_filter_stays(
    shops: list[Shop], monkeypatch: pytest.MonkeyPatch, query: dict[str, str], limit: str
) -> None:
    Order.objects.filter(pk=Order.objects.latest("pk").pk).update(state="canceled")
    monkeypatch.setattr(large_lists, limit, PER_PAGE)
    client = superuser()

    allowed, refused = (client.get(list_url(Order), {**query, "p": page}) for page in "23")

    assert (allowed.context["cl"].page_num, shown_messages(allowed)) == (2, [])
    assert ids(refused.context["cl"]) == ids(page(client, **query))
    assert shown_messages(refused) == [
        "There are too many rows to open this page directly. Choose a date or another filter, or "
        "go on from the first page."
    ]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("7", Position(page=7, side="", row=0)),
        ("7after4711", Position(page=7, side="after", row=4711)),
        ("6before4612", Position(page=6, side="before", row=4612)),
        ("last", Position(page=1, side="last", row=0)),
    ],
)
def test_position_is_read_from_an_address_and_written_into_it(
    text: str, position: Position
) -> None:
    assert Position.read(text) == position
    assert str(position) == text


def test_page_after_the_last_one_of_a_list_of_a_few_rows_leads_to_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(OrderAdmin, "list_per_page", 1)
    OrderFactory.create_batch(2)

    response = superuser().get(list_url(Order), {"p": "3"})

    assert (response.status_code, response.headers["Location"]) == (302, f"{list_url(Order)}?e=1")


def test_row_that_is_no_place_to_begin_a_page_does_not_get_around_the_limit(
    shops: list[Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_lists, "MAX_SKIPPED_ROWS", PER_PAGE)

    assert ids(page(superuser(), p="3after999999")) == ids(page(superuser()))


@pytest.mark.parametrize("ordering", ["id", "-id"])
def test_few_rows_are_sorted_as_the_list_is(ordering: str) -> None:
    OrderFactory.create_batch(3)
    rows = Order.objects.order_by(ordering)

    few = large_lists._sorted_once_found(rows)

    assert list(few) == list(rows)
