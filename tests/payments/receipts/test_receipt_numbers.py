"""Receipt numbers: gapless for each seller, whatever becomes of a transaction or a process."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, InterfaceError, connection, transaction

from orders.models import Seller
from payments.invoices.apply_payments import apply_payments
from payments.invoices.apply_status import apply_status
from payments.models import Invoice, InvoiceStatus, Receipt, Refund, RefundStatus
from payments.seqr import Amount
from tests.database_roles import application_url, execute_as_owner
from tests.factories import InvoiceFactory, OrderFactory, ShopFactory, TerminalFactory
from tests.payments.invoices.test_apply_payments import payment_of
from tests.payments.steps import BY_POLLER, reloaded
from tests.races import deadlock_count, run_concurrently, wait_for_lock_wait, with_own_connection

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)
NUMBER_LOCK = 1701  # the first key of the advisory locks, as the migration has it


def seller(name: str) -> Seller:
    """Return a seller with a terminal."""
    terminal = TerminalFactory.create(principal_id=name, seller__reseller_id=name)
    return terminal.seller


def issued_invoice(of: Seller) -> Invoice:
    """Return an issued invoice of one of the seller's shops."""
    terminal = of.terminals.get()
    shop = ShopFactory.create(terminal=terminal, seller=of)
    order = OrderFactory.create(shop=shop, state="awaiting_payment")
    return InvoiceFactory.create(order=order, issued=True)


def issued_invoices(of: Seller, number: int) -> list[Invoice]:
    """Return issued invoices of one shop."""
    first = issued_invoice(of)
    others = OrderFactory.create_batch(number - 1, shop=first.shop, state="awaiting_payment")
    return [first, *(InvoiceFactory.create(order=order, issued=True) for order in others)]


def pay(*invoices: Invoice) -> None:
    """Record that the invoices are paid, in one transaction."""
    assert apply_payments([payment_of(each) for each in invoices], BY_POLLER)


def roll_back_payment(*invoices: Invoice) -> None:
    """Record that the invoices are paid, and roll the transaction back."""
    with transaction.atomic():
        pay(*invoices)
        transaction.set_rollback(True)


def numbers_of(of: Seller) -> list[int | None]:
    """Return the numbers of a seller's receipts, in ascending order."""
    return list(of.receipts.order_by("number").values_list("number", flat=True))


def gapless(count: int) -> list[int]:
    return list(range(1, count + 1))


def test_payments_of_a_batch_take_the_next_numbers_of_their_sellers() -> None:
    one, other = seller("one"), seller("other")
    pay(issued_invoice(one))

    pay(issued_invoice(other), issued_invoice(one), issued_invoice(other))

    assert numbers_of(one) == gapless(2)
    assert numbers_of(other) == gapless(2)


def test_payment_that_is_applied_alone_takes_the_next_number() -> None:
    of = seller("one")
    pay(issued_invoice(of))
    invoice = issued_invoice(of)

    apply_status(*payment_of(invoice), BY_POLLER, silence=timedelta(0))
    apply_status(*payment_of(invoice), BY_POLLER, silence=timedelta(0))

    receipt = Receipt.objects.get(invoice=invoice)
    assert (receipt.number, receipt.kind, receipt.amount) == (2, "payment", Decimal("45.00"))


def test_transaction_that_rolls_back_leaves_no_hole() -> None:
    of = seller("one")
    pay(issued_invoice(of))

    roll_back_payment(*issued_invoices(of, 3))
    pay(issued_invoice(of))

    assert numbers_of(of) == gapless(2)


def test_unfinished_payment_delays_no_other_payment_of_its_seller() -> None:
    """The process that has it may be frozen, or behind a network that is gone."""
    of = seller("one")
    unfinished, other = issued_invoices(of, 2)

    def pay_other() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
        pay(other)

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        pay(unfinished)
        threads.submit(with_own_connection, pay_other).result()

    numbers = {each: Receipt.objects.get(invoice=each).number for each in (unfinished, other)}
    assert numbers == {other: 1, unfinished: 2}


def test_payment_waits_for_the_number_that_another_one_of_its_seller_takes() -> None:
    of = seller("one")
    first, second = issued_invoices(of, 2)

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            pay(first)
            with connection.cursor() as cursor:  # as at the beginning of the COMMIT
                cursor.execute("SET CONSTRAINTS receipt_numbered_at_commit IMMEDIATE")
            payment = threads.submit(with_own_connection, lambda: pay(second))
            wait_for_lock_wait()
        payment.result()

    numbers = {each: Receipt.objects.get(invoice=each).number for each in (first, second)}
    assert numbers == {first: 1, second: 2}


def test_two_sellers_are_locked_in_the_order_of_their_ids() -> None:
    first, second = seller("first"), seller("second")
    of_second, of_first = issued_invoice(second), issued_invoice(first)
    deadlocks = deadlock_count()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            lock_numbers(first)
            payment = threads.submit(with_own_connection, lambda: pay(of_second, of_first))
            wait_for_lock_wait()
            lock_numbers(second)  # would wait for the payment if that had locked it already
        payment.result()

    assert (numbers_of(first), numbers_of(second)) == ([1], [1])
    assert deadlock_count() == deadlocks


def lock_numbers(of: Seller) -> None:
    """Lock a seller's numbers, as the COMMIT of a receipt does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s::int)", [NUMBER_LOCK, of.pk])


def test_payments_and_rollbacks_of_many_processes_leave_no_hole_and_no_double() -> None:
    sellers = [seller(name) for name in ("one", "two", "three")]
    invoices = [each for of in sellers for each in issued_invoices(of, 16)]
    random.Random(17).shuffle(invoices)
    waiting = iter(invoices)
    take = threading.Lock()
    deadlocks = deadlock_count()

    def work() -> None:
        while True:
            with take:
                batch = [each for each in (next(waiting, None) for _ in range(3)) if each]
            if not batch:
                return
            roll_back_payment(*batch)
            pay(*reversed(batch))

    run_concurrently(6, work)

    assert [numbers_of(of) for of in sellers] == [gapless(16)] * 3
    assert deadlock_count() == deadlocks


def test_killed_connections_leave_no_hole_and_no_double() -> None:
    """Each is ended at some moment between its first statement and the end of its COMMIT."""
    sellers = [seller(name) for name in ("one", "two")]
    invoices = [each for of in sellers for each in issued_invoices(of, 24)]
    waiting, take, done = iter(invoices), threading.Lock(), threading.Event()
    failures: list[str] = []

    def work() -> None:
        while True:
            with take:
                invoice = next(waiting, None)
            if invoice is None:
                return
            while not pay_unless_killed(invoice):
                failures.append(invoice.client_invoice_id)

    with ThreadPoolExecutor(1) as threads:
        killer = threads.submit(kill_connections, done)
        try:
            run_concurrently(4, work)
        finally:
            done.set()
        killer.result()

    paid = Receipt.objects.filter(invoice__status=S.PAID).values_list("invoice", flat=True)
    assert failures
    assert sorted(paid) == sorted(each.pk for each in invoices)
    assert [numbers_of(of) for of in sellers] == [gapless(24)] * 2


def pay_unless_killed(invoice: Invoice) -> bool:
    """Record a payment; return whether it is recorded, also if the answer to COMMIT was lost."""
    try:
        apply_payments([payment_of(invoice)], BY_POLLER)
        return reloaded(invoice).status == S.PAID
    except (DatabaseError, InterfaceError):
        connection.close()
        return False


def kill_connections(done: threading.Event) -> None:
    """End one of the other connections that are in a transaction, every few milliseconds."""
    chance = random.Random(17)
    with psycopg.connect(application_url(), autocommit=True) as killer:
        while not done.is_set():
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND pid <> pg_backend_pid() AND xact_start IS NOT"
                " NULL ORDER BY random() LIMIT 1"
            )
            time.sleep(chance.uniform(0.005, 0.03))


def test_amount_of_nothing_in_seqrs_receipt_is_recorded_and_numbered() -> None:
    of = seller("one")
    invoice = issued_invoice(of)

    query, result = payment_of(invoice, total_amount=Amount(Decimal(0), "SEK"))
    apply_status(query, result, BY_POLLER, silence=timedelta(0))

    receipt = Receipt.objects.get(invoice=invoice)
    assert (reloaded(invoice).status, receipt.number, receipt.amount) == (S.PAID, 1, Decimal(0))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payments_receipt SET number = 7",
        "UPDATE payments_receipt SET amount = 0",
        "UPDATE payments_receipt SET number = NULL",
        "DELETE FROM payments_receipt",
    ],
)
def test_receipt_is_neither_changed_nor_deleted(change: str) -> None:
    pay(issued_invoice(seller("one")))

    with (
        pytest.raises(DatabaseError, match="neither changed nor deleted"),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)

    assert Receipt.objects.get().number == 1


def test_payments_and_refunds_of_before_get_numbers_in_the_sequence_of_their_times(
    clerk: User,
) -> None:
    of, noon = seller("one"), datetime(2026, 6, 30, 12, tzinfo=UTC)
    first, second = issued_invoices(of, 2)
    pay(second)
    pay(first)
    refund = Refund.objects.create(
        invoice=first,
        status=RefundStatus.REFUNDED,
        amount=Decimal("20.00"),
        currency="SEK",
        reason="cold",
        requested_by=clerk,
        ers_reference="E",
        refunded_at=noon + timedelta(minutes=1),
    )
    for invoice, minutes in ((first, 0), (second, 2)):
        paid_at = noon + timedelta(minutes=minutes)
        Invoice.objects.filter(pk=invoice.pk).update(paid_at=paid_at)

    migration = import_module("payments.migrations.0018_receipt_numbers")
    execute_as_owner("DELETE FROM payments_receipt", migration.ISSUE_EARLIER)
    pay(issued_invoice(of))

    receipts = of.receipts.order_by("number")
    assert list(receipts.values_list("number", "invoice", "refund", "credited__number", "amount"))[
        :3
    ] == [
        (1, first.pk, None, None, Decimal("45.00")),
        (2, first.pk, refund.pk, 1, Decimal("20.00")),
        (3, second.pk, None, None, Decimal("45.00")),
    ]
    assert numbers_of(of) == gapless(4)
