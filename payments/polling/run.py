"""Polls one shard, with three threads: for SEQR, for the database and for Redis.

No thread waits for another. While PostgreSQL hangs, the poll thread keeps querying SEQR and the
lock thread keeps the shard; while Redis hangs, polling and writing continue.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing

from django.conf import settings

from payments.gateway import status_calls
from payments.models import Shard
from payments.polling.heartbeat import HeartbeatPublisher
from payments.polling.lock import ShardLock
from payments.polling.poller import ShardPoller
from payments.polling.store import PollStore, leave_to_recovery

logger = logging.getLogger(__name__)

RENEW_INTERVAL_SECONDS = 0.5
STEP_INTERVAL_SECONDS = 0.5
GATHER_SECONDS = 0.02  # from the first update to its write, which takes along what follows
WRITE_INTERVAL_SECONDS = 0.08  # a write of several payments costs little more than one of a single
LAST_ANSWERS_SECONDS = 0.5
LAST_STEP_SECONDS = 5.0


def run_shard(
    lock: ShardLock,
    stopping: threading.Event,
    on_loyalty_card: Callable[[int], None] = leave_to_recovery,
) -> None:
    """Poll the lock's shard until `stopping` is set, or until another loop has taken it over.

    A loop reads the open invoices before it takes the shard's lock, so that no loop ends for one
    that knows nothing. Returns at once if the database is unavailable or another loop holds the
    lock. `on_loyalty_card` gets the id of an invoice whose customer waits for an answer about a
    loyalty card.
    """
    shard = lock.shard
    with closing(status_calls(settings.SEQR_MAX_IN_FLIGHT)) as calls:
        poller = ShardPoller(
            shard.number,
            calls,
            interval=settings.SEQR_POLL_INTERVAL_SECONDS,
            max_in_flight=settings.SEQR_MAX_IN_FLIGHT,
        )
        store = PollStore(shard, poller, on_loyalty_card=on_loyalty_card)
        if not (store.read_first() and lock.acquire()):
            return
        logger.info("shard %s is polled", shard)
        store_thread = _StoreThread(shard, poller, store)
        lock_thread = _LockThread(shard, poller, store, lock)
        store_thread.start()
        lock_thread.start()
        try:
            # A lock is lost to a loop that has read the open invoices. While this one cannot read
            # them itself, it continues nevertheless: two loops do no harm.
            while not (stopping.is_set() or (lock_thread.is_lost and store.is_current)):
                time.sleep(poller.step())
            _collect_last_answers(poller)
        finally:
            store_thread.end()
            lock_thread.end()
        logger.info("shard %s is no longer polled here", shard)


def _collect_last_answers(poller: ShardPoller) -> None:
    """Collect the answers in flight; an answer that says PAID is the shop's acceptance."""
    poller.stop()
    until = time.monotonic() + LAST_ANSWERS_SECONDS
    while poller.in_flight and time.monotonic() < until:
        time.sleep(poller.step())


class _StoreThread(threading.Thread):
    """Steps the store until it is ended."""

    def __init__(self, shard: Shard, poller: ShardPoller, store: PollStore) -> None:
        super().__init__(name=f"store {shard}", daemon=True)
        self._shard = shard
        self._poller = poller
        self._store = store
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            began_at = time.monotonic()
            try:
                self._store.step()
            except Exception:  # the next step may succeed; without steps, payments are lost
                logger.exception("shard %s: a step of the store failed", self._shard)
            self._poller.updates_available.wait(STEP_INTERVAL_SECONDS)
            next_at = began_at + WRITE_INTERVAL_SECONDS
            time.sleep(max(GATHER_SECONDS, next_at - time.monotonic()))

    def end(self) -> None:
        """End after the current step, and write the remaining updates that can be written now."""
        self._over.set()
        self._poller.updates_available.set()
        self.join(LAST_STEP_SECONDS)
        if not self.is_alive():  # else it waits for PostgreSQL, and the next loop queries again
            self._store.flush()


class _LockThread(threading.Thread):
    """Renews the lock and publishes the heartbeat until it is ended. Never uses the database."""

    def __init__(
        self, shard: Shard, poller: ShardPoller, store: PollStore, lock: ShardLock
    ) -> None:
        super().__init__(name=f"lock {shard}", daemon=True)
        self.is_lost = False
        self._shard = shard
        self._store = store
        self._lock = lock
        self._publisher = HeartbeatPublisher(shard, poller, lambda: store.read_began_at)
        self._over = threading.Event()

    def run(self) -> None:
        while True:
            try:
                self.is_lost = not self._lock.acquire()
                if not self.is_lost and self._store.covers_all_read():
                    self._publisher.publish()
            except Exception:  # a lock that is not renewed any more lapses
                logger.exception("shard %s: the lock could not be renewed", self._shard)
            if self._over.wait(RENEW_INTERVAL_SECONDS):
                return

    def end(self) -> None:
        """End, and release the lock."""
        self._over.set()
        self.join()
        self._lock.release()
