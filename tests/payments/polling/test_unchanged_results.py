"""The store writes results that leave the status unchanged many at a time."""

import threading

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from payments.invoices.transitions import lock_invoice
from payments.models import InvoiceStatus
from payments.polling import writer
from tests.payments.polling.shard import FakeStatusClient, Shard, Shards, status
from tests.payments.steps import invoice_in, issued_invoice, reloaded
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def test_unchanged_results_are_written_in_one_statement(
    sandbox: SandboxProcess, shard: Shards, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    invoices = [issued_invoice() for _ in range(20)]
    running = shard()
    running.store.step()
    running.poller.step()
    running.collect_answers()
    running.store.writer.write_updates()

    with django_assert_num_queries(6):  # a write; a read to submit them anew, in a transaction
        running.store.flush()

    assert [reloaded(invoice).invoice_version for invoice in invoices] == [1] * 20


def test_unchanged_results_that_several_batches_leave_out_are_written_in_one_step(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.polling.writer.PAYMENT_BATCH_SIZE", 1)
    monkeypatch.setattr("payments.polling.writer.apply_unchanged_batch", lambda *_: set())
    invoices = [issued_invoice() for _ in range(2)]
    running = shard()
    running.store.step()
    running.poller.step()
    running.collect_answers()
    running.store.writer.write_updates()

    running.store.writer.write_unchanged()

    assert [reloaded(invoice).invoice_version for invoice in invoices] == [1, 1]


def test_unchanged_results_of_several_batches_are_written_once(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(writer, "PAYMENT_BATCH_SIZE", 1)
    for _ in range(3):
        invoice_in(S.ISSUED)
    running = Shard(FakeStatusClient(lambda _key: status("ISSUED", 1)))
    running.store.step()
    running.poller.step()
    running.collect_answers()
    running.store.writer.write_updates()

    running.store.writer.write_unchanged()

    with django_assert_num_queries(0):
        running.store.writer.write_unchanged()


@pytest.mark.parametrize("are_left_out", [False, True])
def test_unchanged_results_are_written_once_in_as_many_steps_as_they_take(
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
    are_left_out: bool,
) -> None:
    if are_left_out:
        monkeypatch.setattr(writer, "apply_unchanged_batch", lambda *_: set())
    else:
        monkeypatch.setattr(writer, "PAYMENT_BATCH_SIZE", 1)
    invoices = [invoice_in(S.ISSUED) for _ in range(3)]
    running = Shard(FakeStatusClient(lambda _key: status("ISSUED", 1)))
    running.store.step()
    running.poller.step()
    running.collect_answers()
    running.store.writer.write_updates()
    running.seconds_per_clock_read = 0.4

    running.store.writer.write_unchanged()
    written_in_a_step = [reloaded(invoice).invoice_version for invoice in invoices].count(1)
    for _ in range(2):
        running.store.writer.write_unchanged()

    assert 0 < written_in_a_step < 3
    assert [reloaded(invoice).invoice_version for invoice in invoices] == [1, 1, 1]
    with django_assert_num_queries(0):
        running.store.writer.write_unchanged()


def test_unchanged_result_of_a_locked_invoice_is_written_after_the_lock_is_released(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice, other = issued_invoice(), issued_invoice()
    running = shard()
    running.store.step()
    running.poller.step()
    running.collect_answers()
    running.store.writer.write_updates()
    released = threading.Event()
    locked = threading.Event()

    def hold_the_row() -> None:
        with transaction.atomic():
            lock_invoice(invoice.pk)
            locked.set()
            released.wait(30)
        connection.close()

    holder = threading.Thread(target=hold_the_row)
    holder.start()
    locked.wait(30)
    threading.Timer(0.2, released.set).start()
    running.store.flush()
    holder.join()

    assert [reloaded(each).invoice_version for each in (invoice, other)] == [1, 1]
