"""Each receipt is counted once, whatever is killed and however many processes count."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from payments.models import (
    Invoice,
    TakingsCursor,
    TakingsDay,
    TakingsHour,
    TakingsProduct,
    TakingsVat,
)
from payments.takings import update
from payments.takings.update import sellers_with_new_receipts, update_takings
from tests.factories import OrderRowFactory
from tests.payments.receipts.test_receipt_numbers import issued_invoices, pay, seller
from tests.races import run_concurrently, wait_for_lock_wait, with_own_connection

D = Decimal
pytestmark = pytest.mark.django_db(transaction=True)


def invoices_with_buns(number: int, of: str = "one") -> list[Invoice]:
    """Return issued invoices of one shop, each with a bun at 45.00."""
    invoices = issued_invoices(seller(of), number)
    for invoice in invoices:
        OrderRowFactory.create(order=invoice.order)
    return invoices


def counted() -> tuple[int, Decimal, int]:
    """Return the number of payments, the goods with VAT, and the last number that is counted."""
    day = TakingsDay.objects.aggregate(Sum("payments"))["payments__sum"] or 0
    lines = TakingsVat.objects.aggregate(net=Sum("net"), vat=Sum("vat"))
    last = TakingsCursor.objects.aggregate(Sum("last_number"))["last_number__sum"] or 0
    return day, (lines["net"] or D(0)) + (lines["vat"] or D(0)), last


@pytest.mark.parametrize("table", [TakingsDay, TakingsVat, TakingsHour, TakingsProduct])
def test_process_killed_while_it_writes_has_counted_nothing(table: type) -> None:
    first, *rest = invoices_with_buns(3)
    pay(first)
    update_takings()
    pay(*rest)

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic(), connection.cursor() as cursor:
            name = table._meta.db_table  # type: ignore[attr-defined]
            cursor.execute(f"LOCK TABLE {name} IN EXCLUSIVE MODE")
            update_ = threads.submit(with_own_connection, update_takings)
            wait_for_lock_wait()
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND wait_event_type = 'Lock'"
            )
        with pytest.raises((DatabaseError, InterfaceError)):
            update_.result()

    assert counted() == (1, D("45.00"), 1)
    update_takings()
    assert counted() == (3, D("135.00"), 3)


def test_processes_that_count_at_once_count_each_receipt_once() -> None:
    pay(*invoices_with_buns(7), *invoices_with_buns(4, "other"))

    with patch.object(update, "BATCH_SIZE", 2):
        run_concurrently(4, update_takings)

    assert counted() == (11, D("495.00"), 11)
    assert TakingsHour.objects.aggregate(Sum("payments"))["payments__sum"] == 11
    assert TakingsProduct.objects.aggregate(Sum("units"))["units__sum"] == 11


def test_payment_that_commits_later_is_counted_later() -> None:
    unfinished, other = invoices_with_buns(2)

    def pay_and_count_other() -> None:
        pay(other)
        update_takings()

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        pay(unfinished)
        threads.submit(with_own_connection, pay_and_count_other).result()
    between = counted()
    update_takings()

    assert between == (1, D("45.00"), 1)
    assert counted() == (2, D("90.00"), 2)


def test_counting_again_changes_nothing_and_a_few_batches_leave_the_rest() -> None:
    pay(*invoices_with_buns(5))

    with patch.object(update, "BATCH_SIZE", 2):
        assert update_takings(max_batches=2) == 4
        assert update_takings() == 1
        assert update_takings() == 0

    assert counted() == (5, D("225.00"), 5)


def test_search_for_new_receipts_reads_one_receipt_and_the_cursor_of_each_seller() -> None:
    """It precedes each dashboard, and read the cursor once for each receipt of all years."""
    pay(*invoices_with_buns(5), *invoices_with_buns(4, "other"))
    update_takings()

    with CaptureQueriesContext(connection) as queries:
        assert sellers_with_new_receipts() == []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # as with more receipts than these
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {queries[-1]['sql']}")
        plan = [str(line) for [line] in cursor.fetchall()]

    [receipts] = [line for line in plan if "on payments_receipt" in line]
    [cursors] = [line for line in plan if "on payments_takingscursor" in line]
    assert "Backward using receipt_number_once" in receipts
    assert [line.endswith("loops=2)") for line in (receipts, cursors)] == [True, True]
