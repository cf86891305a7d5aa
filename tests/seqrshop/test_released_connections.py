"""What the streams' threads read: each returns its connection to the pool, which all share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from seqrshop.backoffice.kitchen.access import allowed_readers
from seqrshop.backoffice.kitchen.board import BoardView
from seqrshop.backoffice.kitchen.changes import read_boards, read_versions, shops_of
from seqrshop.backoffice.kitchen.stream import Reader
from seqrshop.storefront.streams.order_reads import read_current_versions, read_orders
from seqrshop.streaming.loops import release_connection
from tests.factories import InvoiceFactory

READS: tuple[tuple[Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    (read_orders, lambda order: {order.public_id: ()}),
    (read_current_versions, lambda order: [order.public_id]),
    (allowed_readers, lambda order: [(Reader(1, "session"), order.shop_id)]),
    (read_boards, lambda order: [BoardView(order.shop_id, "sv")]),
    (lambda shop_ids: shops_of([], shop_ids), lambda order: [order.shop_id]),
    (read_versions, lambda order: [order.shop_id]),
)


def connect() -> None:
    """Connect the thread that calls it: the connection is another one in each thread."""
    connection.ensure_connection()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("read", "argument"), READS)
def test_thread_has_no_connection_after_a_read(
    read: Callable[[Any], Any], argument: Callable[[Any], Any]
) -> None:
    order = InvoiceFactory.create().order

    with ThreadPoolExecutor(1) as thread:
        thread.submit(connect).result()
        thread.submit(read, argument(order)).result()
        kept = thread.submit(lambda: connection.connection).result()

    assert kept is None


@pytest.mark.django_db(transaction=True)
def test_thread_has_no_connection_after_a_read_that_failed() -> None:
    def fail() -> None:
        connection.ensure_connection()
        raise ZeroDivisionError

    with ThreadPoolExecutor(1) as thread:
        failed = thread.submit(release_connection(fail)).exception()
        kept = thread.submit(lambda: connection.connection).result()

    assert isinstance(failed, ZeroDivisionError)
    assert kept is None
