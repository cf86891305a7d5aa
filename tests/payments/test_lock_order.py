"""The order of locks: no two writers wait for each other, also while they commit."""

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, transaction

from orders.models import OrderState
from orders.transitions import lock_order
from payments.invoices.apply_unchanged import apply_unchanged_batch
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.invoices.transitions import lock_invoice, transition_invoice
from payments.models import Invoice, InvoiceStatus
from payments.seqr import CallRecord
from tests.payments.steps import BY_POLLER, invoice_in, reloaded
from tests.races import deadlock_count, wait_for_lock_wait, with_own_connection

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


def test_bulk_acknowledgment_does_not_deadlock_with_a_writer_that_locks_the_order() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    query = StatusQuery(
        invoice.pk, invoice.terminal_id, "reference", 0, InvoiceStatus.PAID, invoice.order_id
    )
    call = CallRecord("getPaymentStatus", "reference", 3, 0)
    acknowledgment = [
        (query, StatusResult(1, InvoiceStatus.PAID, invoice.ers_reference, call=call))
    ]
    deadlocks = deadlock_count()

    def lock_order_and_invoice() -> None:
        with transaction.atomic():
            lock_invoice(invoice.pk)

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            # The invoice is locked here, and the order there. At COMMIT, the foreign key of the
            # audit event is checked, which reads the order.
            apply_unchanged_batch(acknowledgment, BY_POLLER)
            writer = threads.submit(with_own_connection, lock_order_and_invoice)
            wait_for_lock_wait()
        writer.result()

    assert reloaded(invoice).acknowledged_at is not None
    assert deadlock_count() == deadlocks


def test_locked_order_does_not_delay_an_event_of_it() -> None:
    invoice = invoice_in(InvoiceStatus.PAID)
    query = StatusQuery(
        invoice.pk, invoice.terminal_id, "reference", 0, InvoiceStatus.PAID, invoice.order_id
    )
    call = CallRecord("getPaymentStatus", "reference", 3, 0)
    acknowledgment = [
        (query, StatusResult(1, InvoiceStatus.PAID, invoice.ers_reference, call=call))
    ]

    def acknowledge() -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
        return apply_unchanged_batch(acknowledgment, BY_POLLER)

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        lock_order(invoice.order_id)
        written = threads.submit(with_own_connection, acknowledge).result()

    assert written == {invoice.pk}


def test_writer_that_waits_for_an_order_has_not_locked_its_invoice() -> None:
    invoice = invoice_in(InvoiceStatus.ISSUED)

    def lock_both() -> None:
        with transaction.atomic():
            lock_invoice(invoice.pk)

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            lock_order(invoice.order_id)
            writer = threads.submit(with_own_connection, lock_both)
            wait_for_lock_wait()
            free = Invoice.objects.select_for_update(no_key=True, nowait=True)
            assert free.get(pk=invoice.pk) == invoice
        writer.result()


def test_writer_that_has_waited_reads_the_order_and_the_invoice_as_they_are_then() -> None:
    invoice = invoice_in(InvoiceStatus.ISSUED)

    def lock_and_read() -> tuple[str, str]:
        with transaction.atomic():
            locked = lock_invoice(invoice.pk)
            return locked.status, locked.order.state

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            locked = lock_invoice(invoice.pk)
            writer = threads.submit(with_own_connection, lock_and_read)
            wait_for_lock_wait()
            transition_invoice(locked, InvoiceStatus.NEEDS_ATTENTION, BY_POLLER)
        read = writer.result()

    assert read == (InvoiceStatus.NEEDS_ATTENTION, OrderState.NEEDS_ATTENTION)


def test_every_row_lock_lets_foreign_keys_be_checked() -> None:
    without = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for folder in ("orders", "payments", "seqrshop")
        for path in (ROOT / folder).rglob("*.py")
        if "sandbox" not in path.parts
        for call in _calls_of("select_for_update", path)
        if not any(keyword.arg == "no_key" for keyword in call.keywords)
    ]

    assert without == []


def _calls_of(name: str, path: Path) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
    ]
