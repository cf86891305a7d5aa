"""Shards: each open invoice belongs to exactly one, and a shard reads no other rows."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from pytest_django import Settings

from orders.clock import database_now
from orders.query_plans import planned_by_index
from payments.models import (
    BUCKET_COUNT,
    Invoice,
    InvoiceStatus,
    PollShard,
    Shard,
    bucket_of,
    current_shards,
    read_answer_times,
    shard_of,
)
from payments.polling.shards import invoices_open_at_seqr
from tests.database_roles import analyze
from tests.payments.many_invoices import insert_invoices
from tests.payments.steps import invoice_in, reloaded

S = InvoiceStatus
LONG_AGO = datetime(2012, 6, 4, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", range(1, BUCKET_COUNT + 1))
def test_bucket_belongs_to_one_shard_whatever_their_number(count: int, settings: Settings) -> None:
    settings.SEQR_POLL_SHARDS = count

    owners = [shard.number for bucket in range(BUCKET_COUNT) for shard in _owners(bucket)]

    assert owners == [shard_of(bucket) for bucket in range(BUCKET_COUNT)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64])
def test_open_invoice_is_read_by_one_shard_whatever_their_number(
    count: int, settings: Settings
) -> None:
    settings.SEQR_POLL_SHARDS = count
    invoices = {invoice_in(S.ISSUED).pk for _ in range(20)}

    read = [
        (shard.number, key)
        for shard in current_shards()
        for key in invoices_open_at_seqr(shard).values_list("pk", flat=True)
    ]

    assert sorted(read) == sorted((shard_of(key), key) for key in invoices)


def test_stored_bucket_is_the_one_computed_here() -> None:
    invoice = reloaded(invoice_in(S.ISSUED))

    assert invoice.poll_bucket == bucket_of(invoice.pk)


@pytest.mark.parametrize("count", [2, 64])
def test_shard_reads_no_row_but_its_own_open_ones(count: int) -> None:
    insert_invoices(ended=20_000, open_at_seqr=640)
    analyze("orders_order", "payments_invoice")

    with planned_by_index():
        plan = _executed_plan(invoices_open_at_seqr(Shard(0, count)))

    [scan] = [node for node in _nodes(plan) if "Relation Name" in node]
    index_names = {node.get("Index Name") for node in _nodes(plan)} - {None}
    assert index_names == {"invoice_by_poll_bucket"}
    assert scan["Actual Rows"] == 640 / count
    assert scan.get("Rows Removed by Filter", 0) == 0


def test_answer_times_of_a_former_number_of_shards_hold_for_its_buckets() -> None:
    now = database_now()
    for number, age in ((0, 10), (1, 20)):
        _write_row(Shard(number, 2), answered_at=now - timedelta(seconds=age))
    _write_row(Shard(2, 4), answered_at=now - timedelta(seconds=5))

    times = read_answer_times()
    ages = {
        bucket: (now - times.last_answer_at(bucket, 1, LONG_AGO)).total_seconds()
        for bucket in range(BUCKET_COUNT)
    }

    assert [ages[bucket] for bucket in (0, 31, 32, 47, 48, 63)] == [10, 10, 5, 5, 20, 20]
    assert len(ages) == BUCKET_COUNT


def test_answer_time_of_a_refused_terminal_holds_for_its_invoices_only() -> None:
    now = database_now()
    _write_row(Shard(0, 1), answered_at=now)
    refused_since = now - timedelta(seconds=40)
    PollShard.objects.update(refused_answers={"7": refused_since.isoformat()})

    times = read_answer_times()

    assert times.last_answer_at(5, 7, LONG_AGO) == refused_since
    assert times.last_answer_at(5, 8, LONG_AGO) == now


def _owners(bucket: int) -> list[Shard]:
    return [shard for shard in current_shards() if bucket in shard.buckets]


def _write_row(shard: Shard, *, answered_at: Any) -> None:
    PollShard.objects.create(
        number=shard.number,
        count=shard.count,
        round_started_at=answered_at,
        oldest_answer_at=answered_at,
    )


def _executed_plan(rows: QuerySet[Invoice]) -> dict[str, Any]:
    sql, parameters = rows.values_list("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)
        [[plan]] = cursor.fetchall()
    parsed: list[dict[str, Any]] = json.loads(plan) if isinstance(plan, str) else plan
    return dict(parsed[0]["Plan"])


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]
