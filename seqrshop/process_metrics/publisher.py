"""Adds what this process has counted to the sums in Redis, once a second, in its own thread.

Nothing that counts waits for Redis. While Redis is away, the counts stay in the process. A process
that is killed loses those of its last second; what must not be lost is counted from the books.
"""

from __future__ import annotations

import json
import logging
import threading
import time

from redis.exceptions import RedisError

from seqrshop.process_metrics.pending import PENDING
from seqrshop.redis_client import POLLER_TIMEOUT_SECONDS, redis_client

logger = logging.getLogger(__name__)

PUBLISH_INTERVAL_SECONDS = 1.0
STOP_SECONDS = 2.0
SUMS_KEY = "seqrshop:metrics"  # a hash: a count by its key as JSON
SUCCESSES_KEY = "seqrshop:metrics:successes"  # a hash: the time by task

_successes_lock = threading.Lock()
_successes: dict[str, float] = {}


def record_success(task: str) -> None:
    """Record that a task has just succeeded."""
    with _successes_lock:
        _successes[task] = time.time()


def publish_success(task: str) -> None:
    """Record that a task of a short-lived process has just succeeded, if Redis is available."""
    record_success(task)
    try:
        publish()
    except RedisError as error:
        logger.warning("the success of %s is not recorded: %s", task, type(error).__name__)


def publish() -> None:
    """Add the counts to the sums, and publish when tasks last succeeded.

    Raises RedisError, and keeps everything then. Where Redis has added the counts and its answer is
    lost, they are added twice.
    """
    counts = PENDING.take()
    with _successes_lock:
        successes = dict(_successes)
    if not counts and not successes:
        return
    pipeline = redis_client(POLLER_TIMEOUT_SECONDS).pipeline()
    for key, count in counts.items():
        pipeline.hincrby(SUMS_KEY, json.dumps(key), count)
    if successes:
        pipeline.hset(SUCCESSES_KEY, mapping={name: f"{at:.3f}" for name, at in successes.items()})
    try:
        pipeline.execute()
    except RedisError:
        PENDING.add(counts)
        raise
    with _successes_lock:
        for task, at in successes.items():
            if _successes.get(task) == at:
                del _successes[task]


class MetricsPublisher:
    """Publishes once a second until it is stopped."""

    def __init__(self) -> None:
        self._is_redis_up = True
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        """Start to publish."""
        self._thread.start()

    def stop(self) -> None:
        """Publish what is left, and end. Waits STOP_SECONDS at most."""
        self._over.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._over.wait(PUBLISH_INTERVAL_SECONDS)
            self._publish()

    def _publish(self) -> None:
        try:
            publish()
        except RedisError as error:
            if self._is_redis_up:
                logger.warning("metrics wait for Redis: %s", type(error).__name__)
            self._is_redis_up = False
        except Exception:  # the next second may succeed
            logger.exception("metrics could not be published")
        else:
            self._is_redis_up = True
