"""The loop over one shard: locked, taken over, stopped, and without Redis."""

import logging
import threading
import time

import pytest
from pytest_django import Settings

from payments.models import InvoiceStatus
from payments.polling import read_heartbeats, run, run_shard, stop_polling
from payments.polling.lock import LOCK_TTL_SECONDS, ShardLock
from payments.polling.store import PollStore
from seqrshop import settings as project_settings
from tests.payments.polling.shard import ONLY_SHARD
from tests.payments.steps import call_count, issued_invoice, order_state, reference, reloaded
from tests.redis_reset import redis_for_tests
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_redis(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"


@pytest.fixture(autouse=True)
def not_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_stopping", threading.Event())


def test_loop_confirms_a_payment_publishes_its_heartbeat_and_releases_its_shard(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    goes_on = run_shard(ONLY_SHARD, for_seconds=1.0)

    assert goes_on
    assert order_state(invoice) == "paid"
    told = read_heartbeats()[0]
    assert told is not None
    assert time.time() - told["round_started_at"] < 2
    assert not redis_for_tests().exists("seqrshop:poll:0/1")


def test_second_worker_does_not_poll_a_locked_shard(sandbox: SandboxProcess) -> None:
    lock = ShardLock(ONLY_SHARD)
    assert lock.acquire()

    ran = run_shard(ONLY_SHARD, for_seconds=5)
    lock.release()

    assert not ran
    assert call_count(sandbox, "getPaymentStatus") == 0


def test_shard_of_a_killed_worker_is_free_within_five_seconds() -> None:
    # A killed worker releases nothing: its lock lapses, and Beat starts the next loop.
    assert LOCK_TTL_SECONDS + project_settings.POLL_START_INTERVAL_SECONDS < 5
    lock = ShardLock(ONLY_SHARD)
    lock.acquire()

    left_ms = redis_for_tests().pttl("seqrshop:poll:0/1")
    lock.release()

    assert 0 < left_ms <= LOCK_TTL_SECONDS * 1000


def test_loop_ends_when_another_holds_its_lock(sandbox: SandboxProcess) -> None:
    loop = threading.Thread(target=run_shard, args=(ONLY_SHARD, 60))
    loop.start()
    while not redis_for_tests().exists("seqrshop:poll:0/1"):
        time.sleep(0.01)

    redis_for_tests().set("seqrshop:poll:0/1", "another", px=60_000)
    loop.join(30)

    assert not loop.is_alive()
    redis_for_tests().delete("seqrshop:poll:0/1")


@pytest.mark.usefixtures("no_redis")
def test_loop_continues_past_its_end_while_redis_is_away(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    loop = threading.Thread(target=run_shard, args=(ONLY_SHARD, 0.1))
    loop.start()

    loop.join(1.5)
    still_running = loop.is_alive()
    stop_polling()
    loop.join(10)

    assert still_running  # the next loop could not be enqueued
    assert not loop.is_alive()
    assert order_state(invoice) == "paid"


def test_stopping_worker_ends_its_loops_and_releases_their_shards(
    sandbox: SandboxProcess,
) -> None:
    stop_polling()

    goes_on = run_shard(ONLY_SHARD, for_seconds=60)

    lock = ShardLock(ONLY_SHARD)
    assert not goes_on
    assert lock.acquire()
    lock.release()


def test_error_in_the_store_does_not_end_the_loop(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    step, failed = PollStore.step, threading.Event()

    def fails_once(store: PollStore) -> None:
        if not failed.is_set():
            failed.set()
            raise ValueError("a programming error")
        step(store)

    monkeypatch.setattr(PollStore, "step", fails_once)

    with caplog.at_level(logging.ERROR):
        run_shard(ONLY_SHARD, for_seconds=1.5)

    assert "a step of the store failed" in caplog.text
    assert reloaded(invoice).status == S.PAID
