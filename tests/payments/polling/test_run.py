"""The loop over one shard: locked, taken over, stopped, and without Redis or PostgreSQL."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pytest_django import Settings

from payments.models import InvoiceStatus
from payments.polling import read_heartbeats, run, supervisor
from payments.polling.lock import LOCK_TTL_SECONDS, ShardLock
from payments.polling.run import run_shard
from payments.polling.store import PollStore
from tests.payments.polling.shard import ONLY_SHARD, away
from tests.payments.steps import (
    call_count,
    invoice_in,
    issued_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.redis_reset import redis_for_tests
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
LOCK = "seqrshop:poll:0/1"
Eventually = Callable[[Callable[[], bool]], None]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_redis(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"


@pytest.fixture(autouse=True)
def free_shard() -> None:
    redis_for_tests().delete(LOCK, "seqrshop:heartbeat:0/1")


@contextmanager
def running_loop() -> Iterator[threading.Thread]:
    """Poll the only shard in a thread until the block ends."""
    stopping = threading.Event()
    loop = threading.Thread(target=run_shard, args=(ShardLock(ONLY_SHARD), stopping))
    loop.start()
    try:
        yield loop
    finally:
        stopping.set()
        loop.join(30)
        assert not loop.is_alive()


def stopped() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def is_polled() -> bool:
    return bool(redis_for_tests().exists(LOCK))


def test_loop_confirms_a_payment_publishes_its_heartbeat_and_releases_its_shard(
    sandbox: SandboxProcess, eventually: Eventually
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    with running_loop():
        eventually(lambda: order_state(invoice) == "paid")
        eventually(lambda: read_heartbeats()[0] is not None)

    heartbeat = read_heartbeats()[0]
    assert heartbeat is not None
    assert time.time() - heartbeat["round_started_at"] < 10
    assert time.time() - heartbeat["read_at"] < 10
    assert not is_polled()


def test_store_of_a_loop_gathers_updates_before_it_writes_them(
    monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    """Updates are always available here, so that nothing else makes a step wait."""
    monkeypatch.setattr(run, "GATHER_SECONDS", 0.1)
    began_at: list[float] = []

    def step(store: PollStore) -> bool:
        began_at.append(time.monotonic())
        store._poller.updates_available.set()
        return True

    monkeypatch.setattr(PollStore, "step", step)

    with running_loop():
        eventually(lambda: len(began_at) >= 4)

    assert began_at[3] - began_at[0] >= 3 * run.GATHER_SECONDS


def test_loop_does_not_poll_a_shard_that_another_has_locked(sandbox: SandboxProcess) -> None:
    issued_invoice()
    lock = ShardLock(ONLY_SHARD)
    assert lock.acquire()

    run_shard(ShardLock(ONLY_SHARD), threading.Event())
    lock.release()

    assert call_count(sandbox, "getPaymentStatus") == 0


def test_loop_that_cannot_read_the_open_invoices_takes_no_lock(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PollStore, "read_all", away)

    run_shard(ShardLock(ONLY_SHARD), threading.Event())

    assert not is_polled()
    assert read_heartbeats()[0] is None


def test_lock_is_taken_only_after_the_open_invoices_are_read(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice_in(S.ISSUED)
    read, locked_before_read = PollStore.read_all, []

    def note_lock(store: PollStore) -> None:
        locked_before_read.append(is_polled())
        read(store)

    monkeypatch.setattr(PollStore, "read_all", note_lock)

    run_shard(ShardLock(ONLY_SHARD), stopped())

    assert locked_before_read[0] is False


def test_shard_of_a_killed_poller_is_polled_again_within_five_seconds() -> None:
    # A killed poller releases nothing: its lock lapses, and another poller looks for it.
    assert LOCK_TTL_SECONDS + supervisor.LOOK_INTERVAL_SECONDS < 5
    lock = ShardLock(ONLY_SHARD)
    lock.acquire()

    left_ms = redis_for_tests().pttl(LOCK)
    lock.release()

    assert 0 < left_ms <= LOCK_TTL_SECONDS * 1000


def test_lock_whose_confirmation_was_lost_is_found_to_be_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock = ShardLock(ONLY_SHARD)
    lock.acquire()  # Redis took it, and suppose that its answer came too late

    assert lock.acquire()
    assert not ShardLock(ONLY_SHARD).acquire()
    lock.release()


def test_loop_ends_when_another_has_taken_its_shard_over(
    sandbox: SandboxProcess, eventually: Eventually
) -> None:
    with running_loop() as loop:
        eventually(is_polled)

        redis_for_tests().set(LOCK, "another", px=60_000)
        loop.join(30)

        assert not loop.is_alive()


def test_loop_without_its_lock_continues_while_it_cannot_read(
    sandbox: SandboxProcess, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another loop may have taken the lock just before the database went away."""
    issued_invoice()
    with running_loop() as loop:
        eventually(is_polled)
        with monkeypatch.context() as broken:
            broken.setattr(PollStore, "read_all", away)
            broken.setattr(PollStore, "read_recent", away)
            broken.setattr("payments.polling.store.CURRENT_SECONDS", 0.0)
            redis_for_tests().set(LOCK, "another", px=60_000)
            before = call_count(sandbox, "getPaymentStatus")
            eventually(lambda: call_count(sandbox, "getPaymentStatus") >= before + 3)
            continued = loop.is_alive()

        loop.join(30)

    assert continued
    assert not loop.is_alive()


def test_lock_and_heartbeat_are_kept_while_the_database_hangs(
    sandbox: SandboxProcess, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock lapsed, and a loop that knew nothing took the shard over."""
    issued_invoice()
    hangs, let_go = threading.Event(), threading.Event()

    def hang(*_args: object) -> None:
        hangs.set()
        let_go.wait(60)

    with running_loop():
        eventually(is_polled)
        token = redis_for_tests().get(LOCK)
        monkeypatch.setattr(PollStore, "read_recent", hang)
        monkeypatch.setattr(PollStore, "read_all", hang)
        hangs.wait(30)
        queried = call_count(sandbox, "getPaymentStatus")
        time.sleep(LOCK_TTL_SECONDS + 1)
        kept = redis_for_tests().get(LOCK)
        queries = call_count(sandbox, "getPaymentStatus") - queried
        heartbeat = read_heartbeats()[0]
        let_go.set()

    assert kept == token
    assert queries >= 2
    assert heartbeat is not None
    assert time.time() - heartbeat["oldest_answer_at"] < 10
    assert time.time() - heartbeat["read_at"] > LOCK_TTL_SECONDS


@pytest.mark.usefixtures("no_redis")
def test_loop_polls_without_redis(sandbox: SandboxProcess, eventually: Eventually) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    with running_loop():
        eventually(lambda: order_state(invoice) == "paid")


def test_stopped_loop_writes_the_answers_to_its_last_queries(
    sandbox: SandboxProcess, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "LAST_ANSWERS_SECONDS", 20.0)
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    sandbox.set_latency("getPaymentStatus", "constant", seconds=3600)

    with running_loop():
        eventually(lambda: sandbox.latency()[0]["waiting"] == 1)
        threading.Timer(0.3, sandbox.clear_latency).start()

    assert reloaded(invoice).status == S.PAID


def test_stopped_loop_releases_its_shard(sandbox: SandboxProcess) -> None:
    run_shard(ShardLock(ONLY_SHARD), stopped())

    lock = ShardLock(ONLY_SHARD)
    assert lock.acquire()
    lock.release()


def test_error_in_the_store_does_not_end_the_loop(
    sandbox: SandboxProcess,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    step, failed = PollStore.step, threading.Event()

    def fails_once(store: PollStore) -> bool:
        if not failed.is_set():
            failed.set()
            raise ValueError("a programming error")
        return step(store)

    monkeypatch.setattr(PollStore, "step", fails_once)

    with caplog.at_level(logging.ERROR), running_loop():
        eventually(lambda: reloaded(invoice).status == S.PAID)

    assert "a step of the store failed" in caplog.text
    assert run.RENEW_INTERVAL_SECONDS < LOCK_TTL_SECONDS
