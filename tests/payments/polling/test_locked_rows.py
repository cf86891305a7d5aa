"""Rows that another transaction has locked, as of a frozen loop, delay the poller's store once."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from orders.audit import ChangeSource
from payments.invoices.apply_status import apply_status
from payments.invoices.apply_unchanged import apply_unchanged_batch
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.invoices.transitions import lock_invoice
from payments.models import InvoiceStatus, PollShard
from payments.polling import writer
from payments.polling.shards import ROW_INTERVAL_SECONDS
from payments.polling.store import FULL_READ_INTERVAL_SECONDS, READ_INTERVAL_SECONDS
from tests.payments.polling.shard import Shard, Shards, away, unchanged_seqr
from tests.payments.steps import invoice_in, issued_invoice, reloaded
from tests.races import held
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


def test_locked_unchanged_results_delay_a_read_by_one_wait_only(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoices = [issued_invoice() for _ in range(4)]
    running = shard()
    running.store.step()
    running.poller.step()
    running.collect_answers()
    written: list[int] = []

    def apply_and_pass_time(query: StatusQuery, *args: Any, **options: Any) -> bool:
        began_at = time.monotonic()
        written.append(query.invoice_id)
        try:
            return apply_status(query, *args, **options)
        finally:
            running.now += time.monotonic() - began_at

    monkeypatch.setattr(writer, "apply_status", apply_and_pass_time)
    running.now += 1
    with held(*(lambda pk=each.pk: lock_invoice(pk) for each in invoices[:3])):
        new = issued_invoice()
        running.store.step()
        running.poller.step()
        waited_for = list(written)
        knows_new = running.poller.schedule.get(new.pk) is not None
        versions = [reloaded(each).invoice_version for each in invoices]
        running.now += 1
        running.store.step()
    for _ in range(3):
        running.now += 1
        running.store.step()

    assert len(waited_for) == 1
    assert knows_new
    assert versions == [0, 0, 0, 1]
    assert written[1] != written[0]  # the next step waits for another one
    assert [reloaded(each).invoice_version for each in invoices] == [1] * 4


def test_unchanged_results_are_written_in_batches_that_keep_their_locks_shortly(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def apply_and_count(
        results: Sequence[tuple[StatusQuery, StatusResult]], source: ChangeSource
    ) -> set[int]:
        sizes.append(len(results))
        return apply_unchanged_batch(results, source)

    monkeypatch.setattr(writer, "PAYMENT_BATCH_SIZE", 2)
    monkeypatch.setattr(writer, "apply_unchanged_batch", apply_and_count)
    invoices = [issued_invoice() for _ in range(5)]

    shard().run_rounds(times=2)

    assert sizes == [2, 2, 1]
    assert [reloaded(each).invoice_version for each in invoices] == [1] * 5


def test_locked_row_of_the_shard_prevents_no_read() -> None:
    calls = unchanged_seqr()
    running = Shard(calls)
    running.run_rounds()
    running.now += ROW_INTERVAL_SECONDS
    new = invoice_in(InvoiceStatus.ISSUED)

    with held(PollShard.objects.select_for_update(no_key=True).get):
        is_available = running.store.step()
    running.poller.step()

    assert is_available
    assert calls.queried == [new.pk]


def test_step_reports_that_the_database_is_away_when_it_writes_the_shards_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = Shard(unchanged_seqr())
    running.run_rounds()
    running.now += ROW_INTERVAL_SECONDS
    monkeypatch.setattr(PollShard.objects, "update_or_create", away)

    assert not running.store.step()


@pytest.mark.parametrize("is_full", [False, True])
def test_step_reports_that_the_database_is_away_when_it_reads_the_open_invoices(
    monkeypatch: pytest.MonkeyPatch, is_full: bool
) -> None:
    running = Shard(unchanged_seqr())
    running.run_rounds()
    running.now += FULL_READ_INTERVAL_SECONDS if is_full else READ_INTERVAL_SECONDS
    monkeypatch.setattr(running.store, "read_all" if is_full else "read_recent", away)

    assert not running.store.step()
