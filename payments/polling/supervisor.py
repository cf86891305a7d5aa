"""Runs a loop for each shard that no other process polls.

It depends on neither the broker nor Beat, so that a poller started while Redis hangs polls too.
"""

import logging
import random
import resource
import threading
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection
from redis.exceptions import RedisError

from payments.models import Shard, current_shards
from payments.polling.lock import locked_shards
from payments.polling.run import run_shard
from payments.polling.shards import shards_with_current_row
from payments.polling.store import leave_to_recovery

logger = logging.getLogger(__name__)

LOOK_INTERVAL_SECONDS = 1.0
STOP_SECONDS = 15.0  # longer than a loop takes to end while PostgreSQL hangs


def run_shards(
    stopping: threading.Event, on_loyalty_card: Callable[[int], None] = leave_to_recovery
) -> None:
    """Poll the shards that nobody else polls, until `stopping` is set.

    A loop that ends, also by an error, is started again within LOOK_INTERVAL_SECONDS.
    """
    _raise_open_files_limit()
    loops: dict[Shard, threading.Thread] = {}
    while not stopping.is_set():
        for shard in _unpolled_shards():
            if shard not in loops or not loops[shard].is_alive():
                loops[shard] = threading.Thread(
                    target=_run_loop, args=(shard, stopping, on_loyalty_card), name=f"poll {shard}"
                )
                loops[shard].daemon = True
                loops[shard].start()
        stopping.wait(LOOK_INTERVAL_SECONDS)
    for loop in loops.values():
        loop.join(STOP_SECONDS)


def _run_loop(
    shard: Shard, stopping: threading.Event, on_loyalty_card: Callable[[int], None]
) -> None:
    try:
        run_shard(shard, stopping, on_loyalty_card)
    except Exception:
        logger.exception("shard %s: the loop failed, and is started again", shard)
    finally:
        connection.close()


def _unpolled_shards() -> list[Shard]:
    """Return the shards that nobody seems to poll, in random order.

    By their locks; while Redis does not answer, by their rows in PostgreSQL.
    """
    try:
        polled = locked_shards()
    except RedisError as error:
        logger.warning("the shards' rows are read instead of locks: %s", type(error).__name__)
        polled = _shards_with_current_row()
    unpolled = [shard for shard in current_shards() if shard not in polled]
    random.shuffle(unpolled)  # so that several processes share the shards
    return unpolled


def _shards_with_current_row() -> set[Shard]:
    try:
        return shards_with_current_row()
    except (OperationalError, InterfaceError):
        return set()  # each loop tries to read its invoices itself
    finally:
        connection.close()


def _raise_open_files_limit() -> None:
    """Allow as many connections as the system allows this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
