"""A loop over a shard, with its threads: one at a time, taken over, stopped, without Redis."""

import logging
import threading
import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from payments.models import InvoiceStatus
from payments.polling import read_heartbeats, run, run_shard, stop_polling
from payments.polling.lock import HELD_SECONDS, PollLock
from payments.polling.redis import poll_redis
from payments.polling.store import PollStore
from seqrshop import settings as project_settings
from tests.payments.steps import asked, fresh, issued_invoice, order_state, reference
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_redis(settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    poll_redis.cache_clear()
    yield
    poll_redis.cache_clear()


@pytest.fixture(autouse=True)
def not_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_stopping", threading.Event())


def test_a_loop_confirms_a_payment_and_leaves_word_and_frees_its_shard(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    goes_on = run_shard(0, for_seconds=1.0)

    assert goes_on
    assert order_state(invoice) == "paid"
    told = read_heartbeats()[0]
    assert told is not None
    assert time.time() - told["round_started_at"] < 2
    assert not poll_redis().exists("seqrshop:poll:0")


def test_a_shard_polled_by_one_worker_is_left_alone_by_another(sandbox: SandboxProcess) -> None:
    lock = PollLock(0)
    assert lock.take()

    ran = run_shard(0, for_seconds=5)
    lock.give_back()

    assert not ran
    assert asked(sandbox, "getPaymentStatus") == 0


def test_the_shard_of_a_killed_worker_is_free_within_five_seconds() -> None:
    # A killed worker gives nothing back: its lock lapses, and Beat starts the next loop.
    assert HELD_SECONDS + project_settings.POLL_START_INTERVAL_SECONDS < 5
    lock = PollLock(0)
    lock.take()

    left_ms = poll_redis().pttl("seqrshop:poll:0")
    lock.give_back()

    assert 0 < left_ms <= HELD_SECONDS * 1000


def test_a_loop_whose_shard_another_has_taken_over_ends(sandbox: SandboxProcess) -> None:
    loop = threading.Thread(target=run_shard, args=(0, 60))
    loop.start()
    while not poll_redis().exists("seqrshop:poll:0"):
        time.sleep(0.01)

    poll_redis().set("seqrshop:poll:0", "another", px=int(HELD_SECONDS * 1000))
    loop.join(5)

    assert not loop.is_alive()
    poll_redis().delete("seqrshop:poll:0")


@pytest.mark.usefixtures("no_redis")
def test_a_shard_is_polled_without_redis_and_longer_than_it_should(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    loop = threading.Thread(target=run_shard, args=(0, 0.1))
    loop.start()

    loop.join(1.5)
    still_going = loop.is_alive()
    stop_polling()
    loop.join(10)

    assert still_going  # nobody could be told to go on
    assert not loop.is_alive()
    assert order_state(invoice) == "paid"


def test_a_worker_that_is_told_to_stop_ends_its_loops_and_frees_their_shards(
    sandbox: SandboxProcess,
) -> None:
    stop_polling()

    goes_on = run_shard(0, for_seconds=60)

    lock = PollLock(0)
    assert not goes_on
    assert lock.take()
    lock.give_back()


def test_a_fault_at_the_desk_ends_no_loop(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    step, failed = PollStore.step, threading.Event()

    def fails_once(desk: PollStore) -> None:
        if not failed.is_set():
            failed.set()
            raise ValueError("a mistake of ours")
        step(desk)

    monkeypatch.setattr(PollStore, "step", fails_once)

    with caplog.at_level(logging.ERROR):
        run_shard(0, for_seconds=1.5)

    assert "a step at the desk failed" in caplog.text
    assert fresh(invoice).status == S.PAID
