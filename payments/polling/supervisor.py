"""Runs a loop for each shard that no other poller polls, and for its part of the others.

It depends on neither the broker nor Beat, so that a poller started while Redis hangs polls too.
"""

import logging
import random
import resource
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping

from django.db import InterfaceError, OperationalError, connection
from redis.exceptions import RedisError

from payments.models import Shard, current_shards
from payments.polling.lock import ShardLock, holder_of, locked_shards
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

    A loop that ends, also by an error, is started again within LOOK_INTERVAL_SECONDS. Of a poller
    with at least two loops more than this one, one shard at a time is taken over, so that pollers
    share the shards, whenever each of them was started.
    """
    _raise_open_files_limit()
    holder = uuid.uuid4().hex
    loops: dict[Shard, threading.Thread] = {}
    while not stopping.is_set():
        loops = {shard: loop for shard, loop in loops.items() if loop.is_alive()}
        for lock in _locks_to_take(holder, len(loops)):
            if lock.shard not in loops:
                loop = threading.Thread(
                    target=_run_loop,
                    args=(lock, stopping, on_loyalty_card),
                    name=f"poll {lock.shard}",
                    daemon=True,
                )
                loops[lock.shard] = loop
                loop.start()
        stopping.wait(LOOK_INTERVAL_SECONDS)
    for loop in loops.values():
        loop.join(STOP_SECONDS)


def _run_loop(
    lock: ShardLock, stopping: threading.Event, on_loyalty_card: Callable[[int], None]
) -> None:
    try:
        run_shard(lock, stopping, on_loyalty_card)
    except Exception:
        logger.exception("shard %s: the loop failed, and is started again", lock.shard)
    finally:
        connection.close()


def _locks_to_take(holder: str, loop_count: int) -> list[ShardLock]:
    """Return the locks of the shards that nobody seems to poll; without any, of one to take over.

    By their locks; while Redis does not answer, by their rows in PostgreSQL.
    """
    tokens: Mapping[Shard, str] = {}
    try:
        tokens = locked_shards()
        polled = set(tokens)
    except RedisError as error:
        logger.warning("the shards' rows are read instead of locks: %s", type(error).__name__)
        polled = _shards_with_current_row()
    unpolled = [shard for shard in current_shards() if shard not in polled]
    random.shuffle(unpolled)  # so that pollers that start together share the shards
    return [ShardLock(shard, holder) for shard in unpolled] or _locks_to_take_over(
        holder, loop_count, tokens
    )


def _locks_to_take_over(
    holder: str, loop_count: int, tokens: Mapping[Shard, str]
) -> list[ShardLock]:
    """Return the lock of a shard of the poller with the most, if it has two more than this one."""
    shards_of: defaultdict[str, list[Shard]] = defaultdict(list)
    for shard, token in tokens.items():
        shards_of[holder_of(token)].append(shard)
    most = max(shards_of.values(), key=len, default=[])
    if len(most) < loop_count + 2:
        return []
    return [ShardLock(most[0], holder, replaces=tokens[most[0]])]


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
