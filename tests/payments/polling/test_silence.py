"""Silence: the time without an answer about an invoice, across restarts, kills and outages."""

from datetime import timedelta

import pytest

from orders.clock import database_now
from payments.models import InvoiceStatus, PollShard
from payments.polling import writer
from payments.polling.liveness import shard_is_stalled
from tests.payments.polling.shard import Shard, Shards, away, locked, unchanged_seqr
from tests.payments.steps import age_invoice, invoice_in, issued_invoice, reference, reloaded
from tests.redis_reset import redis_for_tests
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def test_reversal_during_a_poller_outage_is_suspected_after_the_restart(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    age_invoice(invoice, 120)
    heard = database_now() - timedelta(seconds=40)
    PollShard.objects.create(number=0, count=1, round_started_at=heard, oldest_answer_at=heard)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)

    shard().run_rounds()

    assert reloaded(invoice).possibly_reversed


def test_customers_cancel_during_a_database_outage_is_not_suspected_as_a_reversal(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = issued_invoice()
    running = shard()
    running.run_rounds()
    sandbox.act(reference(invoice), "cancel")

    with monkeypatch.context() as broken:
        broken.setattr(writer, "apply_status", away)
        running.run_rounds(times=30)
    running.run_rounds()

    assert reloaded(invoice).status == S.CANCELED
    assert not reloaded(invoice).possibly_reversed


def test_reversal_is_suspected_after_a_poller_was_killed_at_its_start(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    age_invoice(invoice, 120)
    heard = database_now() - timedelta(seconds=40)
    PollShard.objects.create(number=0, count=1, round_started_at=heard, oldest_answer_at=heard)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)
    killed = shard()
    killed.store.step()
    killed.store.step()  # read the open invoices, and has sent no query

    shard().run_rounds()

    assert reloaded(invoice).possibly_reversed


def test_pause_between_read_and_query_counts_as_silence(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    running = shard()
    running.store.step()  # read the open invoices; then its process is stopped

    sandbox.advance(21)
    running.now += 21
    running.run_rounds()

    assert reloaded(invoice).possibly_reversed


def test_reversal_is_suspected_after_a_poller_was_killed_before_writing_it(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = issued_invoice()
    age_invoice(invoice, 120)
    heard = database_now() - timedelta(seconds=40)
    PollShard.objects.create(number=0, count=1, round_started_at=heard, oldest_answer_at=heard)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)
    killed = shard()
    with monkeypatch.context() as broken:
        broken.setattr(writer, "apply_status", locked)  # until after the kill
        killed.run_rounds(times=7)

    shard().run_rounds()

    assert PollShard.objects.get().round_started_at > heard
    assert reloaded(invoice).possibly_reversed


def test_shard_row_excludes_invoices_issued_after_the_last_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = Shard(unchanged_seqr())
    running.run_rounds()

    with monkeypatch.context() as broken:
        broken.setattr(running.store, "read_recent", away)
        running.run_rounds(times=10)

    row = PollShard.objects.get()
    assert row.round_started_at - row.oldest_answer_at >= timedelta(seconds=4)


def test_shard_row_records_the_last_round() -> None:
    redis_for_tests().delete("seqrshop:heartbeat:0/1")
    invoice = invoice_in(S.ISSUED)
    age_invoice(invoice, 60)
    before = shard_is_stalled(0)

    Shard(unchanged_seqr()).run_rounds(times=2)

    row = PollShard.objects.get()
    assert before
    assert not shard_is_stalled(0)
    assert row.oldest_answer_at >= reloaded(invoice).issued_at  # type: ignore[operator]
