"""What is read every few seconds is read by its index, whatever PostgreSQL's statistics say."""

from collections.abc import Callable
from unittest.mock import Mock

import pytest

from orders.clock import database_now
from payments.models import Invoice, Shard
from payments.polling.store import PollStore
from payments.receipts.submit import receipts_due
from payments.recovery import find_work
from seqrshop.ops.health_snapshot import read_backlog, read_health_snapshot
from tests.bench.scale.scheduled import rows_read
from tests.database_roles import analyze, vacuum
from tests.payments.many_invoices import FIRST_ID, insert_invoices

OPEN, ENDED = 100, 20_000
# Of one scheduled read: what it has to, and deleted rows of earlier tests that are still indexed. A
# read that finds no index for its rows reads all that have ended.
MAX_ROWS_READ = ENDED // 2

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def vacuumed_tables(db: None) -> None:
    """The tables without the deleted rows of earlier tests, which a read meets in its index."""
    vacuum()


def have_no_statistics() -> None:
    insert_invoices(ended=ENDED, open_at_seqr=OPEN)


def have_statistics_of_an_opening_day() -> None:
    """Every invoice was open when PostgreSQL last looked."""
    insert_invoices(ended=0, open_at_seqr=OPEN)
    analyze("orders_order", "payments_invoice")
    insert_invoices(ended=ENDED, open_at_seqr=0, first_id=FIRST_ID + OPEN)


@pytest.mark.parametrize("arrange", [have_no_statistics, have_statistics_of_an_opening_day])
def test_scheduled_reads_read_open_rows_alone_with_outdated_statistics(
    arrange: Callable[[], None],
) -> None:
    """With such statistics PostgreSQL would rather read whole tables, each second."""
    arrange()
    store = PollStore(Shard(0, 1), Mock(submitted_count=0))
    reads: dict[str, Callable[[], object]] = {
        "the poller: what is new": store.read_recent,
        "the poller: every open invoice": store.read_all,
        "recovery": find_work,
        "receipts": lambda: list(Invoice.objects.filter(receipts_due(database_now()))[:50]),
        "health: snapshot": read_health_snapshot,
        "health: backlog": read_backlog,
    }

    read = {name: rows_read_by(work) for name, work in reads.items()}

    assert {name: rows for name, rows in read.items() if rows > MAX_ROWS_READ} == {}


def rows_read_by(work: Callable[[], object]) -> int:
    before = rows_read()
    work()
    return rows_read() - before
