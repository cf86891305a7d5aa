"""A poller process: it polls the shards that nobody else polls."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pytest_django import Settings

from orders.clock import database_now
from payments.models import InvoiceStatus, PollShard, Shard
from payments.polling import run_shards, supervisor
from payments.polling.lock import LOCK_TTL_SECONDS, ShardLock, holder_of, locked_shards
from tests.payments.steps import call_count, issued_invoice, order_state, reference
from tests.redis_reset import redis_for_tests
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
SHARDS = (Shard(0, 2), Shard(1, 2))
Eventually = Callable[[Callable[[], bool]], None]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def two_free_shards(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEQR_POLL_SHARDS = 2
    for shard in range(2):
        redis_for_tests().delete(f"seqrshop:poll:{shard}/2")
    monkeypatch.setattr(supervisor, "LOOK_INTERVAL_SECONDS", 0.1)


@pytest.fixture
def no_redis(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"


@contextmanager
def poller() -> Iterator[None]:
    """Run a poller in threads of this process until the block ends."""
    stopping = threading.Event()
    thread = threading.Thread(target=run_shards, args=(stopping,))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(60)
        assert not thread.is_alive()


def test_poller_polls_every_free_shard_and_releases_them(
    sandbox: SandboxProcess, eventually: Eventually
) -> None:
    invoices = [issued_invoice() for _ in range(2)]
    for invoice in invoices:
        sandbox.pay(reference(invoice))

    with poller():
        eventually(lambda: all(order_state(invoice) == "paid" for invoice in invoices))
        while_running = locked_shards()

    assert set(while_running) == set(SHARDS)
    assert locked_shards() == {}


def test_second_poller_reads_nothing_while_the_shards_are_locked(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Shard] = []
    monkeypatch.setattr(supervisor, "run_shard", lambda lock, *_args: started.append(lock.shard))
    locks = [ShardLock(shard, f"poller of {shard}") for shard in SHARDS]
    for lock in locks:
        lock.acquire()

    with poller():
        threading.Event().wait(0.5)
    for lock in locks:
        lock.release()

    assert started == []


def test_poller_that_starts_later_takes_half_of_the_shards_over(
    sandbox: SandboxProcess, eventually: Eventually
) -> None:
    """The first poller had all shards until it was killed, so the second one was of no use."""
    invoice = issued_invoice()

    with poller():
        eventually(lambda: len(_holders()) == 2)
        [first] = set(_holders())
        with poller():
            eventually(lambda: len(set(_holders())) == 2)
            sandbox.pay(reference(invoice))
            eventually(lambda: order_state(invoice) == "paid")
            shared = _holders()
        eventually(lambda: _holders() == [first, first])

    assert first in shared


def test_pollers_with_equal_shares_leave_each_other_their_shards() -> None:
    locks = [ShardLock(shard, f"poller of {shard}") for shard in SHARDS]
    for lock in locks:
        lock.acquire()

    to_take = [supervisor._locks_to_take("a third", loop_count) for loop_count in (0, 1)]
    for lock in locks:
        lock.release()

    assert to_take == [[], []]


def test_lock_that_has_changed_hands_is_not_taken_over() -> None:
    held = ShardLock(SHARDS[0], "first")
    held.acquire()
    tokens = locked_shards()
    held.release()
    now_held = ShardLock(SHARDS[0], "second")
    now_held.acquire()

    taken = ShardLock(SHARDS[0], "third", replaces=tokens[SHARDS[0]]).acquire()

    assert not taken
    assert now_held.acquire()
    now_held.release()


def test_lock_that_is_taken_over_is_lost_to_its_former_holder() -> None:
    held = ShardLock(SHARDS[0], "first")
    held.acquire()
    lock = ShardLock(SHARDS[0], "second", replaces=locked_shards()[SHARDS[0]])

    taken = [lock.acquire(), lock.acquire()]
    left_ms = redis_for_tests().pttl("seqrshop:poll:0/2")

    assert taken == [True, True]
    assert not held.acquire()
    assert 0 < left_ms <= LOCK_TTL_SECONDS * 1000
    lock.release()


def _holders() -> list[str]:
    return [holder_of(token) for token in locked_shards().values()]


def test_loop_that_fails_is_started_again(
    sandbox: SandboxProcess, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[Shard] = []

    def fail(lock: ShardLock, *_args: object) -> None:
        starts.append(lock.shard)
        raise ValueError("a programming error")

    monkeypatch.setattr(supervisor, "run_shard", fail)

    with poller():
        eventually(lambda: all(starts.count(shard) >= 2 for shard in SHARDS))


@pytest.mark.usefixtures("no_redis")
def test_poller_started_without_redis_polls(
    sandbox: SandboxProcess, eventually: Eventually
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    with poller():
        eventually(lambda: order_state(invoice) == "paid")


@pytest.mark.usefixtures("no_redis")
def test_poller_started_without_redis_leaves_shards_with_current_rows_to_another(
    sandbox: SandboxProcess,
) -> None:
    issued_invoice()
    now = database_now()
    for shard in range(2):
        PollShard.objects.create(number=shard, count=2, round_started_at=now, oldest_answer_at=now)

    with poller():
        threading.Event().wait(1)

    assert call_count(sandbox, "getPaymentStatus") == 0


def test_holder_of_a_lock_is_named_by_its_token_whatever_the_name() -> None:
    lock = ShardLock(SHARDS[0], "poller@[2001:db8::1]:17")

    assert lock.acquire()

    assert holder_of(locked_shards()[SHARDS[0]]) == "poller@[2001:db8::1]:17"
    lock.release()
