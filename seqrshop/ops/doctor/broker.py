"""Redis: reachable, takes writes, bound in memory, and its queues short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis
from django.conf import settings
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from seqrshop.ops.doctor.finding import Finding, count, failed, ok, warning
from seqrshop.redis_client import redis_client

TIMEOUT_SECONDS = 2.0
PROBE_KEY = "seqrshop:doctor"
PROBE_SECONDS = 10
MAX_MEMORY_PERCENT = 80
# The process of the Procfile that consumes each queue.
CONSUMERS = {"customer": "worker", "background": "background"}
# Some seconds of a worker's tasks, and more than Beat enqueues in a minute.
LONG_QUEUE = 100
VERY_LONG_QUEUE = 1000
SETTING = "REDIS_URL"


def broker() -> Iterator[Finding]:
    """Check the Redis of REDIS_URL, its queues, and then that of RATE_LIMIT_REDIS_URL."""
    client = redis_client(TIMEOUT_SECONDS)
    try:
        client.set(PROBE_KEY, "1", ex=PROBE_SECONDS)
        yield _memory(client.info())
        for queue, consumer in CONSUMERS.items():
            yield _queue(queue, consumer, client.llen(queue))
    except RedisError as error:
        yield _unavailable(SETTING, error)
    if settings.RATE_LIMIT_REDIS_URL:
        yield _rate_limits()


def _rate_limits() -> Finding:
    name = "RATE_LIMIT_REDIS_URL"
    try:
        redis_client(TIMEOUT_SECONDS, settings.RATE_LIMIT_REDIS_URL).set(
            PROBE_KEY, "1", ex=PROBE_SECONDS
        )
    except RedisError as error:
        return _unavailable(name, error)
    return ok("redis of limits", f"The Redis of {name} answers.")


def _unavailable(setting: str, error: RedisError) -> Finding:
    subject = "redis" if setting == SETTING else "redis of limits"
    if isinstance(error, AuthenticationError):
        return failed(subject, f"Redis refuses the password of {setting}.", f"Correct {setting}.")
    if isinstance(error, redis.TimeoutError):
        return failed(
            subject,
            f"Redis does not answer within {TIMEOUT_SECONDS:g} seconds.",
            f"Restart it: it may be emptied at any time. Or correct {setting}.",
        )
    if isinstance(error, ResponseError):
        return failed(
            subject,
            "Redis answers, and refuses to store anything.",
            "It is a replica, its memory is full, or it cannot write to its disk: its log has the "
            "reason.",
        )
    return failed(
        subject,
        f"Redis is unavailable ({type(error).__name__}).",
        f"Start it, or correct {setting}. Meanwhile payments are polled and recorded.",
    )


def _memory(info: dict[str, Any]) -> Finding:
    used, limit = int(info["used_memory"]), int(info.get("maxmemory") or 0)
    policy = str(info.get("maxmemory_policy", ""))
    bound = limit or int(info.get("total_system_memory") or 0)
    if limit and policy.startswith("allkeys"):
        return failed(
            "redis",
            f"Its policy {policy} may remove tasks.",
            "Set maxmemory-policy to noeviction; counters that may be removed belong to "
            "RATE_LIMIT_REDIS_URL.",
        )
    of_bound = f" of {bound / 2**20:,.0f}" if bound else ""
    message = f"Redis answers, and uses {used / 2**20:.0f}{of_bound} MB."
    if bound and used * 100 >= bound * MAX_MEMORY_PERCENT:
        return warning(
            "redis", message, "Find what fills it (redis-cli --bigkeys), or give it more memory."
        )
    return ok("redis", message)


def _queue(name: str, consumer: str, length: int) -> Finding:
    subject = f"queue {name}"
    if length < LONG_QUEUE:
        return ok(subject, f"{count(length, 'task')} waiting.")
    level = failed if length >= VERY_LONG_QUEUE else warning
    return level(
        subject,
        f"{length:,} tasks are waiting.",
        f"Check that a process {consumer} runs, and what its log says; start more of them.",
    )
