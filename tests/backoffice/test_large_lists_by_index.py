"""Lists of very many rows, of which indexes find those of some days and of some shops."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.models import Order, Shop
from orders.query_plans import planned_by_index
from seqrshop.backoffice import large_lists, row_count, rows_of_shops
from seqrshop.backoffice.id_ranges import IdRange, first_of_shops, ids_of_times
from seqrshop.backoffice.order import OrderAdmin
from seqrshop.backoffice.row_count import RowCount
from tests.database_roles import analyze
from tests.factories import CustomerFactory, OrderFactory, ShopFactory
from tests.staff import list_url, staff, superuser

pytestmark = pytest.mark.django_db

DAYS = 9
ORDERS_PER_DAY = 4
PER_PAGE = 3
FIRST_DAY = datetime(2026, 3, 1, tzinfo=ZoneInfo("Europe/Stockholm"))
SEVENTH_DAY = {"created_at__year": "2026", "created_at__month": "3", "created_at__day": "7"}
MARCH = {"created_at__year": "2026", "created_at__month": "3"}


@pytest.fixture
def shops(monkeypatch: pytest.MonkeyPatch) -> list[Shop]:
    """Two shops with orders in turn, in lists of three that count up to three.

    A shop that has closed has every third order of the first days. The second order of a day was
    placed before the first one, by a longer transaction; those of each third day have equal times.
    """
    monkeypatch.setattr(row_count, "COUNT_LIMIT", 3)
    monkeypatch.setattr(rows_of_shops, "MAX_BATCH_SIZE", 4)
    monkeypatch.setattr(OrderAdmin, "list_per_page", PER_PAGE)
    shops = ShopFactory.create_batch(3)
    customer = CustomerFactory.create()
    for number in range(DAYS * ORDERS_PER_DAY):
        day, of_day = divmod(number, ORDERS_PER_DAY)
        hours = 9 if day % 3 == 2 else (14, 9, 15, 16)[of_day]
        is_closed_shops = day < 3 and number % 3 == 0
        order = OrderFactory.create(
            customer=customer,
            shop=shops[2 if is_closed_shops else number % 2],
            state="canceled" if number % 5 == 0 else "paid",
        )
        moment = FIRST_DAY + timedelta(days=day, hours=hours)
        Order.objects.filter(pk=order.pk).update(created_at=moment)
    analyze("orders_order")
    return shops


def changelist(client: Client, address: str = "", **query: str) -> Any:
    return client.get(list_url(Order) + address, query or None).context["cl"]


def ids_of_pages(client: Client, **query: str) -> list[int]:
    """Return the IDs on the first page and on all that follow."""
    shown = [changelist(client, **query)]
    while shown[-1].has_next:
        shown.append(changelist(client, shown[-1].next_page_url))
    return [row.pk for each in shown for row in each.result_list]


def wanted(*ordering: str, **lookups: Any) -> list[int]:
    orders = Order.objects.filter(**lookups).order_by(*(ordering or ["-pk"]))
    return list(orders.values_list("pk", flat=True))


@pytest.mark.usefixtures("shops")
def test_ids_of_a_time_are_those_of_all_its_rows_and_of_a_day_around() -> None:
    times = dict(Order.objects.values_list("pk", "created_at"))
    margin = timedelta(days=1)

    for half_day in range(-4, 2 * DAYS + 4):
        moment = FIRST_DAY + half_day * margin / 2
        later, earlier = (
            ids_of_times(Order, "created_at", *times_chosen)
            for times_chosen in ((moment, None), (None, moment))
        )

        since = {pk for pk in times if later.above < pk < later.below}
        assert {pk for pk, time in times.items() if time >= moment} <= since
        assert not {pk for pk in since if times[pk] < moment - 2 * margin}
        until = {pk for pk in times if earlier.above < pk < earlier.below}
        assert {pk for pk, time in times.items() if time < moment} <= until
        assert not {pk for pk in until if times[pk] >= moment + 2 * margin}


def test_ids_of_a_time_in_an_empty_table_have_no_bounds() -> None:
    ids = ids_of_times(Order, "created_at", FIRST_DAY, FIRST_DAY)

    assert not Order.objects.filter(ids.condition).exists()


@pytest.mark.parametrize("query", [MARCH, SEVENTH_DAY, {}, {"state__exact": "paid"}])
def test_person_of_some_shops_pages_through_their_chosen_orders_alone(
    shops: list[Shop], query: dict[str, str]
) -> None:
    begin = FIRST_DAY + timedelta(days=6)
    lookups: dict[str, Any] = {"shop__in": shops[1:]}
    if query is SEVENTH_DAY:
        monday = {"created_at__gte": begin, "created_at__lt": begin + timedelta(days=1)}
        lookups = {"shop__in": shops[:2], **monday}
    lookups |= query if "state__exact" in query else {}
    client = staff("orders.view_order", shops=list(lookups["shop__in"]))

    assert changelist(client, **query).is_large
    assert ids_of_pages(client, **query) == wanted(**lookups)
    last = changelist(client, **query, p="last").result_list
    assert [row.pk for row in last] == wanted(**lookups)[-PER_PAGE:]


@pytest.mark.parametrize("most_rows", [1_000, 4], ids=["few read", "all read"])
def test_orders_of_a_closed_shop_are_found_by_its_filter(
    shops: list[Shop], monkeypatch: pytest.MonkeyPatch, most_rows: int
) -> None:
    monkeypatch.setattr(rows_of_shops, "MAX_ROWS", most_rows)

    for order, fields in (("1", ["pk"]), ("-1", ["-pk"]), ("-7", ["-created_at", "-pk"])):
        found = ids_of_pages(superuser(), shop__id__exact=str(shops[2].pk), o=order)

        assert found == wanted(*fields, shop=shops[2])


def test_orders_of_a_closed_shop_are_read_by_the_index_of_their_times(shops: list[Shop]) -> None:
    with CaptureQueriesContext(connection) as queries:
        changelist(superuser(), shop__id__exact=str(shops[2].pk), o="-7")

    [rows] = [each["sql"] for each in queries if '"orders_order"."total"' in each["sql"]]
    assert '"orders_order"."created_at" >= ' in rows
    assert '"orders_order"."created_at" <= ' in rows


def test_first_orders_of_shops_are_read_by_the_index_of_their_shops(shops: list[Shop]) -> None:
    last = wanted("-pk")[0]
    _add_paid_orders(shops[0], range(last + 1, last + 2_001))
    _add_paid_orders(shops[1], range(last + 2_001, last + 2_007))
    own = wanted("pk", shop__in=shops[1:])
    ids = IdRange(above=own[0], below=own[-1])

    for is_descending, expected in ((False, own[1:5]), (True, own[-2:-6:-1])):
        with planned_by_index(), CaptureQueriesContext(connection) as queries:
            _sort_nothing()
            shop_ids = [shop.pk for shop in shops[1:]]
            found = first_of_shops(Order, shop_ids, ids, 4, is_descending=is_descending)
            scans = _scans(queries.captured_queries[-1]["sql"])

        assert found == expected
        assert {scan["Index Name"] for scan in scans} == {"order_of_shop"}
        assert sum(scan["Actual Rows"] * scan["Actual Loops"] for scan in scans) <= 2 * 4


def _add_paid_orders(shop: Shop, ids: Iterable[int]) -> None:
    sample = Order.objects.filter(shop=shop, state="paid").values()[0]
    Order.objects.bulk_create(
        Order(**sample | {"id": pk, "public_id": UUID(int=pk), "return_key": pk, "nonce": pk})
        for pk in ids
    )
    analyze("orders_order")


def _sort_nothing() -> None:
    """Let PostgreSQL sort no orders in this transaction: a shop has too many, but for these few."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")


def _scans(statement: str) -> list[dict[str, Any]]:
    """Execute a statement, and return how it reads the orders."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}".replace("%", "%%"))
        [[plan]] = cursor.fetchall()
    nodes = [dict(each["Plan"]) for each in (json.loads(plan) if isinstance(plan, str) else plan)]
    for node in nodes:
        nodes += node.get("Plans", [])
    return [node for node in nodes if node.get("Relation Name") == "orders_order"]


@pytest.mark.parametrize("order", ["7", "-7"])
@pytest.mark.usefixtures("shops")
def test_page_by_its_number_skips_times_without_reading_their_orders(
    order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's own estimate is of committed rows, once it analyses the table by itself."""
    estimate = RowCount(DAYS * ORDERS_PER_DAY, is_exact=False)
    monkeypatch.setattr(large_lists, "count_rows", lambda _rows: estimate)
    sign = order.removesuffix("7")
    expected = list(Order.objects.order_by(f"{sign}created_at", f"{sign}pk"))
    client = superuser()

    for page in (2, 4, 7, 12):
        with CaptureQueriesContext(connection) as queries:
            shown = changelist(client, o=order, p=str(page))

        skipped = (page - 1) * PER_PAGE
        assert list(shown.result_list) == expected[skipped : skipped + PER_PAGE]
        offset = f"OFFSET {skipped - PER_PAGE}"
        skips = [each["sql"] for each in queries if offset in each["sql"]]
        assert page == 2 or skips[0].startswith('SELECT "orders_order"."created_at" AS')
