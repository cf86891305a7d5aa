"""How long SEQR was not heard about an invoice, over restarts and kills, and in a shard's row."""

from datetime import timedelta

import pytest

from orders.clock import database_now
from payments.models import InvoiceStatus, PollShard
from payments.polling import store
from payments.polling.shards import shard_is_stale
from tests.payments.polling.shard import Shard, Shards, away, still_issued
from tests.payments.steps import age, fresh, invoice_in, issued_invoice, reference
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_payment_reversed_while_no_poller_was_alive_is_suspected_after_the_restart(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    age(invoice, 120)
    heard = database_now() - timedelta(seconds=40)
    PollShard.objects.create(number=0, round_started_at=heard, oldest_answer_at=heard)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)

    shard().go_round()

    assert fresh(invoice).possibly_reversed


def test_a_customers_cancel_is_no_reversal_because_the_database_was_away_meanwhile(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = issued_invoice()
    going = shard()
    going.go_round()
    sandbox.act(reference(invoice), "cancel")

    with monkeypatch.context() as broken:
        broken.setattr(store, "apply_status", away)
        going.go_round(times=30)
    going.go_round()

    assert fresh(invoice).status == S.CANCELED
    assert not fresh(invoice).possibly_reversed


def test_a_reversal_is_suspected_also_by_the_second_poller_after_one_was_killed_at_its_start(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    age(invoice, 120)
    heard = database_now() - timedelta(seconds=40)
    PollShard.objects.create(number=0, round_started_at=heard, oldest_answer_at=heard)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)
    killed = shard()
    killed.desk.step()
    killed.desk.step()  # it has read what is open, and asked about nothing yet

    shard().go_round()

    assert fresh(invoice).possibly_reversed


def test_a_poller_that_stood_still_before_it_asked_has_not_heard_meanwhile(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    going = shard()
    going.desk.step()  # it has read what is open, and its process is stopped

    sandbox.advance(21)
    going.now += 21
    going.go_round()

    assert fresh(invoice).possibly_reversed


def test_a_reversal_is_suspected_although_the_poller_that_heard_of_it_was_killed_before_writing(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = issued_invoice()
    age(invoice, 120)
    heard = database_now() - timedelta(seconds=40)
    PollShard.objects.create(number=0, round_started_at=heard, oldest_answer_at=heard)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)
    killed = shard()
    with monkeypatch.context() as broken:
        broken.setattr(store, "apply_status", away)  # and only then is PostgreSQL back
        killed.go_round(times=7)

    shard().go_round()

    assert PollShard.objects.get().round_started_at > heard
    assert fresh(invoice).possibly_reversed


def test_the_shards_row_answers_for_no_invoice_that_was_issued_after_the_last_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    going = Shard(still_issued())
    going.go_round()

    with monkeypatch.context() as broken:
        broken.setattr(going.desk, "read", away)
        going.go_round(times=10)

    row = PollShard.objects.get()
    assert row.round_started_at - row.oldest_answer_at >= timedelta(seconds=4)


def test_the_shards_row_tells_when_it_last_went_round() -> None:
    invoice = invoice_in(S.ISSUED)
    age(invoice, 60)
    before = shard_is_stale(0)

    Shard(still_issued()).go_round(times=2)

    row = PollShard.objects.get()
    assert before
    assert not shard_is_stale(0)
    assert row.oldest_answer_at >= fresh(invoice).issued_at  # type: ignore[operator]
