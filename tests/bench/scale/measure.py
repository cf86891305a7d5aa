"""Measures the admin's pages, the export and the scheduled queries."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass, field
from statistics import median

import psutil
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import (
    CaptureQueriesContext,
    override_settings,
    setup_test_environment,
    teardown_test_environment,
)

from orders.models import Order
from tests.bench.scale.export import Export, measure_export
from tests.bench.scale.job_pages import Page
from tests.bench.scale.pages import STAFF, browser_of, pages_of
from tests.bench.scale.scheduled import Read, measure_reads

REQUESTS = 3


@dataclass
class PageTimes:
    """The seconds of several requests of one page; the rest is of the last request.

    `cpu_seconds` are those of this process and of PostgreSQL's, of one request on average.
    """

    page: Page
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    statements: int = 0
    status: int = 200

    @property
    def median(self) -> float:
        """The median, in seconds."""
        return median(self.seconds)


@dataclass(frozen=True)
class Results:
    """All that one run has measured. `pages` are by the member of staff.

    `bytes_per_order` has, for each table, its name, its rows, and the bytes per order of the table
    and of its indexes.
    """

    orders: int
    postgres: str
    pages: dict[str, list[PageTimes]]
    export: Export
    reads: list[Read]
    bytes_per_order: list[tuple[str, int, float, float]]


def measure_all() -> Results:
    """Measure with the database as it is, which is changed by nothing but sign-ins."""
    orders = Order.objects.count()
    with _plain_static_files():
        return Results(
            orders,
            _postgres_version(),
            _pages(),
            measure_export(),
            measure_reads(),
            _bytes_per_order(orders),
        )


def measure_pages(pattern: str) -> dict[str, list[PageTimes]]:
    """Measure those of the pages whose address a regular expression is found in."""
    with _plain_static_files():
        return _pages(pattern)


def _plain_static_files() -> override_settings:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain})


def _postgres_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        [postgres] = cursor.fetchone()
    return str(postgres)


def _pages(pattern: str = "") -> dict[str, list[PageTimes]]:
    found = {}
    for staff, shops in STAFF.items():
        client = browser_of(shops)
        setup_test_environment()  # lets the client keep what a template was rendered with
        pages = [page for page in pages_of(client) if re.search(pattern, page.address)]
        teardown_test_environment()
        sys.stdout.write(f"staff of {staff}: {len(pages)} pages\n")
        sys.stdout.flush()
        found[staff] = [measure_page(client, page) for page in pages]
    return found


def _bytes_per_order(orders: int) -> list[tuple[str, int, float, float]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(inhparent, oid)::regclass::text, sum(reltuples)::bigint,
                sum(pg_table_size(oid)), sum(pg_indexes_size(oid))
            FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            GROUP BY 1
            HAVING sum(pg_total_relation_size(oid)) > 10 * %s
            ORDER BY sum(pg_total_relation_size(oid)) DESC
            """,
            [orders],
        )
        return [
            (name, rows, heap / orders, indexes / orders)
            for name, rows, heap, indexes in cursor.fetchall()
        ]


def measure_page(client: Client, page: Page) -> PageTimes:
    """Request a page REQUESTS times, after once for the caches."""
    times = PageTimes(page)
    client.get(page.address)
    cpu_before = cpu_seconds()
    for _ in range(REQUESTS):
        with CaptureQueriesContext(connection) as queries:
            began_at = time.perf_counter()
            response = client.get(page.address)
            times.seconds.append(time.perf_counter() - began_at)
        times.statements, times.status = len(queries), response.status_code
    times.cpu_seconds = (cpu_seconds() - cpu_before) / REQUESTS
    return times


def cpu_seconds() -> float:
    """Return the CPU time of this process and of the PostgreSQL process of its connection."""
    connection.ensure_connection()
    server = psutil.Process(connection.connection.info.backend_pid).cpu_times()
    return float(time.process_time() + server.user + server.system)
