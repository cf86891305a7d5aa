"""A loop over one shard: a thread that asks, and one at the desk."""

import logging
import resource
import threading
import time
from collections.abc import Callable
from contextlib import closing

from django.conf import settings

from payments.gateway import status_calls
from payments.polling.heartbeat import Telling
from payments.polling.lock import PollLock
from payments.polling.poller import ShardPoller
from payments.polling.store import PollStore, leave_to_the_sweep

logger = logging.getLogger(__name__)

DESK_SECONDS = 0.5
GATHER_SECONDS = 0.02
LAST_ANSWERS_SECONDS = 0.5
LAST_STEP_SECONDS = 5.0

_stopping = threading.Event()


def run_shard(
    shard: int, for_seconds: float, on_card: Callable[[int], None] = leave_to_the_sweep
) -> bool:
    """Poll a shard for so long; return whether this process is to go on with it.

    It is not where another loop polls the shard, and where the process is being stopped. While
    Redis is away, so that nobody could be told to go on, it does not end. `on_card` is told of an
    invoice whose customer waits for our word on a loyalty card.
    """
    lock = PollLock(shard)
    if not lock.take():
        return False
    _raise_limit_of_files()
    with closing(status_calls(settings.SEQR_MAX_IN_FLIGHT)) as calls:
        asking = ShardPoller(
            shard,
            calls,
            interval=settings.SEQR_POLL_INTERVAL_SECONDS,
            max_in_flight=settings.SEQR_MAX_IN_FLIGHT,
        )
        desk = _DeskThread(shard, asking, PollStore(shard, asking, on_card=on_card), lock)
        desk.start()
        until = time.monotonic() + for_seconds
        try:
            while not (_stopping.is_set() or desk.lost_lock.is_set()):
                if time.monotonic() >= until and lock.is_sure:
                    break
                time.sleep(asking.step())
            _take_last_answers(asking)
        finally:
            desk.end()
            lock.give_back()
    return not (_stopping.is_set() or desk.lost_lock.is_set())


def stop_polling() -> None:
    """Have this process's loops end, so that another worker takes over."""
    _stopping.set()


def _take_last_answers(asking: ShardPoller) -> None:
    """Take the answers that are on their way; the others are asked for again by the next loop."""
    until = time.monotonic() + LAST_ANSWERS_SECONDS
    asking.stop()
    while asking.under_way and time.monotonic() < until:
        time.sleep(asking.step())


class _DeskThread(threading.Thread):
    """Does what may have to wait, for PostgreSQL or for Redis."""

    def __init__(self, shard: int, asking: ShardPoller, desk: PollStore, lock: PollLock) -> None:
        super().__init__(name=f"desk-{shard}", daemon=True)
        self._shard = shard
        self._asking = asking
        self._lock = lock
        self._desk = desk
        self._telling = Telling(shard, asking)
        self._over = threading.Event()
        self.lost_lock = threading.Event()

    def run(self) -> None:
        kept_at = float("-inf")
        while not self._over.is_set():
            try:
                if time.monotonic() - kept_at >= DESK_SECONDS:
                    if not self._lock.keep():
                        self.lost_lock.set()
                        break
                    self._telling.step()
                    kept_at = time.monotonic()
                self._desk.step()
            except Exception:  # the next step may do better, and no step at all loses payments
                logger.exception("shard %s: a step at the desk failed", self._shard)
            self._asking.news_came.wait(DESK_SECONDS)
            time.sleep(GATHER_SECONDS)  # while PostgreSQL is away, each answer would try it again

    def end(self) -> None:
        """End after the step that it is at, and write what is left."""
        self._over.set()
        self._asking.news_came.set()
        self.join(LAST_STEP_SECONDS)
        if not self.is_alive():  # else it waits for PostgreSQL, and the next loop asks again
            self._desk.finish()


def _raise_limit_of_files() -> None:
    """Allow as many connections as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
