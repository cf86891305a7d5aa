"""The audit among very many events: those of some days, for all shops and for some of them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from orders.models import AuditEvent, Order, Shop
from orders.query_plans import planned_by_index
from seqrshop.backoffice import events_by_order, row_count, rows_of_shops
from seqrshop.backoffice.audit_event import AuditEventAdmin
from tests.database_roles import analyze, execute_as_owner
from tests.factories import CustomerFactory, OrderFactory, ShopFactory
from tests.staff import list_url, shown_messages, staff, superuser

pytestmark = pytest.mark.django_db

PARTITION = "orders_auditevent_first"
# The first partition has the index from before it was one, unless a test has made it anew.
INDEXES_OF_TIMES = {"event_by_day_first", f"{PARTITION}_occurred_at_idx"}
PER_PAGE = 5
DAYS = 7
ORDERS_PER_DAY = 8
EVENTS_PER_ORDER = 3
FIRST_DAY = datetime(2026, 3, 1, 12, tzinfo=ZoneInfo("Europe/Stockholm"))
FIFTH_DAY = {"occurred_at__year": "2026", "occurred_at__month": "3", "occurred_at__day": "5"}
MARCH = {"occurred_at__year": "2026", "occurred_at__month": "3"}


@pytest.fixture
def shops(monkeypatch: pytest.MonkeyPatch) -> list[Shop]:
    """Two shops with orders in turn, each order with an event of a minute, in lists of five.

    On the fifth day, the first order of all gets an event, too, in a transaction that began early.
    """
    monkeypatch.setattr(row_count, "COUNT_LIMIT", 10)
    monkeypatch.setattr(AuditEventAdmin, "list_per_page", PER_PAGE)
    shops = ShopFactory.create_batch(2)
    customer = CustomerFactory.create()
    orders = Order.objects.bulk_create(
        OrderFactory.build(
            customer=customer, shop=shops[number % 2], state="paid", created_at=_moment(number)
        )
        for number in range(DAYS * ORDERS_PER_DAY)
    )
    AuditEvent.objects.bulk_create(
        _event(order, order.created_at + timedelta(minutes=each))
        for order in orders
        for each in range(EVENTS_PER_ORDER)
    )
    late = FIRST_DAY + timedelta(days=4, minutes=3)
    AuditEvent.objects.bulk_create([_event(Order.objects.earliest("pk"), late)])
    return shops


def _moment(number: int) -> datetime:
    day, of_day = divmod(number, ORDERS_PER_DAY)
    return FIRST_DAY + timedelta(days=day, minutes=10 * of_day)


def _event(order: Order, moment: datetime) -> AuditEvent:
    return AuditEvent(
        order=order,
        subject_type="order",
        subject_label=order.number,
        name="order_served",
        source="staff",
        occurred_at=moment,
    )


def changelist(client: Client, address: str) -> Any:
    return client.get(list_url(AuditEvent) + address).context["cl"]


def pages_from(client: Client, first: Any, link: str) -> list[int]:
    """Return the IDs of the events on a page and on all that follow by a link."""
    shown = [first]
    while getattr(shown[-1], "has_next" if link == "next" else "has_previous"):
        shown.append(changelist(client, getattr(shown[-1], f"{link}_page_url")))
    if link == "previous":
        shown.reverse()
    return [event.pk for each in shown for event in each.result_list]


def events_of_fifth_day() -> Any:
    start = FIRST_DAY.replace(hour=0) + timedelta(days=4)
    return AuditEvent.objects.filter(
        occurred_at__gte=start, occurred_at__lt=start + timedelta(days=1)
    )


def ids(events: Any) -> list[int]:
    return list(events.values_list("pk", flat=True))


def query(parameters: dict[str, str], **more: str) -> str:
    return "?" + "&".join(f"{name}={value}" for name, value in {**parameters, **more}.items())


@pytest.mark.usefixtures("shops")
def test_events_of_a_day_are_paged_by_their_time() -> None:
    client = superuser()
    newest_first = ids(events_of_fifth_day().order_by("-occurred_at", "-pk"))

    forwards = pages_from(client, changelist(client, query(FIFTH_DAY)), "next")
    backwards = pages_from(client, changelist(client, query(FIFTH_DAY, p="last")), "previous")

    assert len(newest_first) == ORDERS_PER_DAY * EVENTS_PER_ORDER + 1
    assert forwards == newest_first
    assert backwards == newest_first


@pytest.mark.usefixtures("shops")
def test_events_of_all_days_are_paged_by_their_id() -> None:
    shown = changelist(superuser(), "")

    assert [event.pk for event in shown.result_list] == ids(AuditEvent.objects.order_by("-pk"))[:5]


@pytest.fixture(scope="module", autouse=True)
def _compact_indexes(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Rebuild the indexes, which other tests have enlarged: PostgreSQL plans by their size."""
    with django_db_blocker.unblock():
        execute_as_owner(f"REINDEX TABLE {PARTITION}")


@pytest.mark.parametrize("page", ["1", "last"])
@pytest.mark.parametrize("has_statistics", [True, False], ids=["analysed", "not analysed"])
@pytest.mark.usefixtures("shops")
def test_page_of_a_day_reads_no_event_of_another_day(page: str, has_statistics: bool) -> None:
    client = superuser()
    if has_statistics:
        analyze("orders_auditevent")

    with planned_by_index(), CaptureQueriesContext(connection) as queries:
        changelist(client, query(FIFTH_DAY, p=page))
        sorted_reads = [
            each["sql"]
            for each in queries.captured_queries
            if 'ORDER BY "orders_auditevent"."occurred_at"' in each["sql"]
        ]
        scans = [
            node
            for sql in sorted_reads
            for node in _nodes(_executed(sql))
            if node.get("Relation Name", "").startswith("orders_auditevent")
        ]

    assert scans
    assert {node.get("Index Name") for node in scans} <= INDEXES_OF_TIMES
    assert sum(node.get("Rows Removed by Filter", 0) for node in scans) == 0


def test_list_is_planned_for_the_persons_shops_however_often_it_is_read(
    shops: list[Shop],
) -> None:
    """PostgreSQL plans a prepared statement for any values from its sixth execution on."""
    client = staff("orders.view_auditevent", shops=shops[:1])

    for _ in range(12):
        changelist(client, query(MARCH))

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT custom_plans, generic_plans FROM pg_prepared_statements "
            'WHERE statement LIKE \'%"orders_auditevent"."occurred_at" >=%\''
        )
        plans = cursor.fetchall()
    assert max(custom for custom, _ in plans) >= 10
    assert {generic for _, generic in plans} == {0}


def _executed(statement: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}".replace("%", "%%"))
        [[plan]] = cursor.fetchall()
    parsed: list[dict[str, Any]] = json.loads(plan) if isinstance(plan, str) else plan
    return dict(parsed[0]["Plan"])


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]


@pytest.mark.parametrize("parameters", [FIFTH_DAY, MARCH, {"subject_type__exact": "order"}])
@pytest.mark.parametrize("most_orders", [1_000, 16], ids=["few read", "all read"])
def test_person_of_one_shop_pages_through_its_events_of_days(
    shops: list[Shop],
    monkeypatch: pytest.MonkeyPatch,
    parameters: dict[str, str],
    most_orders: int,
) -> None:
    """The event of the first order, four days later, is among them."""
    monkeypatch.setattr(rows_of_shops, "MAX_BATCH_SIZE", 4)
    monkeypatch.setattr(rows_of_shops, "MAX_ROWS", most_orders)
    client = staff("orders.view_auditevent", shops=shops[:1])
    events = events_of_fifth_day() if parameters is FIFTH_DAY else AuditEvent.objects.all()
    own = ids(events.filter(order__shop=shops[0]).order_by("-order_id", "-pk"))

    assert len(own) > 2 * PER_PAGE
    assert pages_from(client, changelist(client, query(parameters)), "next") == own
    second = changelist(client, query(parameters, p="2"))
    assert [event.pk for event in second.result_list] == own[PER_PAGE : 2 * PER_PAGE]


def test_orders_that_came_after_the_chosen_days_are_not_read(shops: list[Shop]) -> None:
    client = staff("orders.view_auditevent", shops=shops[:1])

    with CaptureQueriesContext(connection) as queries:
        changelist(client, query(FIFTH_DAY))

    later = Order.objects.filter(created_at__gte=FIRST_DAY + timedelta(days=6)).earliest("pk")
    reads = [each["sql"] for each in queries if "FROM unnest(" in each["sql"]]
    assert reads
    assert all(f"(shop_id, id) < (shop.id, {later.pk})" in each for each in reads)


@pytest.mark.parametrize(("counted_orders", "counts"), [(2_000, 1), (1, 2)])
def test_events_of_the_first_orders_of_the_days_are_counted_before_all(
    shops: list[Shop], monkeypatch: pytest.MonkeyPatch, counted_orders: int, counts: int
) -> None:
    """One order's are not more than a list counts, and so all are counted."""
    monkeypatch.setattr(events_by_order, "COUNTED_ORDERS", counted_orders)
    client = staff("orders.view_auditevent", shops=shops[:1])

    with CaptureQueriesContext(connection) as queries:
        shown = changelist(client, query(FIFTH_DAY))

    counted = [each["sql"] for each in queries if "LIMIT 11)" in each["sql"]]
    assert len(counted) == counts
    assert f"LIMIT {counted_orders})" in counted[0]
    assert shown.is_large


@pytest.mark.parametrize("page", ["last", "99"])
def test_last_page_of_some_days_is_not_offered_to_a_person_of_some_shops(
    shops: list[Shop], page: str
) -> None:
    client = staff("orders.view_auditevent", shops=shops[:1])

    response = client.get(list_url(AuditEvent), {**MARCH, "p": page})
    shown = response.context["cl"]

    assert shown.page_num == 1
    assert "too many rows to open this page directly" in shown_messages(response)[0]
    assert "Last page" not in response.content.decode()
    assert shown.has_next


def test_last_page_of_all_days_is_offered_to_a_person_of_some_shops(shops: list[Shop]) -> None:
    client = staff("orders.view_auditevent", shops=shops[:1])
    own = AuditEvent.objects.filter(order__shop=shops[0]).order_by("order_id", "pk")

    shown = changelist(client, "?p=last")

    assert [event.pk for event in shown.result_list] == ids(own)[:PER_PAGE][::-1]


@pytest.mark.parametrize("day", ["32", "0", "x"])
@pytest.mark.usefixtures("shops")
def test_day_that_no_month_has_leads_to_the_whole_list(shops: list[Shop], day: str) -> None:
    client = staff("orders.view_auditevent", shops=shops[:1])

    response = client.get(list_url(AuditEvent), {**MARCH, "occurred_at__day": day})

    assert response.status_code == 302
