"""Runs the loop over one shard: a thread that polls, and a thread that uses the database."""

import logging
import resource
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
GATHER_SECONDS = 0.02  # bounds the attempts to write while PostgreSQL is away
LAST_ANSWERS_SECONDS = 0.5
LAST_STEP_SECONDS = 5.0

_stopping = threading.Event()


def run_shard(
    shard: Shard, for_seconds: float, on_loyalty_card: Callable[[int], None] = leave_to_recovery
) -> bool:
    """Poll a shard for `for_seconds`; return whether this process should start the next loop.

    Returns False when another loop polls the shard, or when the process is stopping. While Redis
    is away the loop continues, since the next one could not be enqueued. `on_loyalty_card` gets
    the id of an invoice whose customer waits for an answer about a loyalty card.
    """
    lock = ShardLock(shard)
    if not lock.acquire():
        return False
    _raise_open_files_limit()
    with closing(status_calls(settings.SEQR_MAX_IN_FLIGHT)) as calls:
        poller = ShardPoller(
            shard.number,
            calls,
            interval=settings.SEQR_POLL_INTERVAL_SECONDS,
            max_in_flight=settings.SEQR_MAX_IN_FLIGHT,
        )
        store = PollStore(shard, poller, on_loyalty_card=on_loyalty_card)
        thread = _StoreThread(shard, poller, store, lock)
        thread.start()
        until = time.monotonic() + for_seconds
        try:
            while not (_stopping.is_set() or thread.lost_lock.is_set()):
                if time.monotonic() >= until and lock.is_confirmed:
                    break
                time.sleep(poller.step())
            _collect_last_answers(poller)
        finally:
            thread.end()
            lock.release()
    return not (_stopping.is_set() or thread.lost_lock.is_set())


def stop_polling() -> None:
    """End the loops of this process, so that another worker takes over."""
    _stopping.set()


def _collect_last_answers(poller: ShardPoller) -> None:
    """Collect the answers in flight; an answer that says PAID is the shop's acceptance."""
    poller.stop()
    until = time.monotonic() + LAST_ANSWERS_SECONDS
    while poller.in_flight and time.monotonic() < until:
        time.sleep(poller.step())


class _StoreThread(threading.Thread):
    """Renews the lock, publishes the heartbeat and steps the store, until it is ended."""

    def __init__(
        self, shard: Shard, poller: ShardPoller, store: PollStore, lock: ShardLock
    ) -> None:
        super().__init__(name=f"store {shard}", daemon=True)
        self._shard = shard
        self._poller = poller
        self._lock = lock
        self._store = store
        self._publisher = HeartbeatPublisher(shard, poller)
        self._over = threading.Event()
        self.lost_lock = threading.Event()

    def run(self) -> None:
        renewed_at = float("-inf")
        while not self._over.is_set():
            try:
                if time.monotonic() - renewed_at >= RENEW_INTERVAL_SECONDS:
                    if not self._lock.renew():
                        self.lost_lock.set()
                        break
                    self._publisher.publish()
                    renewed_at = time.monotonic()
                self._store.step()
            except Exception:  # the next step may succeed; without steps, payments are lost
                logger.exception("shard %s: a step of the store failed", self._shard)
            self._poller.updates_available.wait(RENEW_INTERVAL_SECONDS)
            time.sleep(GATHER_SECONDS)

    def end(self) -> None:
        """End after the current step, and write the remaining updates."""
        self._over.set()
        self._poller.updates_available.set()
        self.join(LAST_STEP_SECONDS)
        if not self.is_alive():  # else it waits for PostgreSQL, and the next loop queries again
            self._store.flush()


def _raise_open_files_limit() -> None:
    """Allow as many connections as the system allows this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
