"""Counters in Redis that are as many as their slots, so that no flood of requests fills it.

Two values share a slot rarely, and the limits that the counters are for leave room for both.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

from django.conf import settings
from redis import Redis
from redis.commands.core import Script

from seqrshop.redis_client import REQUEST_TIMEOUT_SECONDS, breaker_of, redis_client

SLOTS = 32_768  # for each kind of counter: 4 MB of Redis, if all of them are in use
# Counts by each key until one exceeds its maximum, and returns the seconds until that key's window
# ends; else 0. A window begins with its first count.
COUNT_SCRIPT = """
for position, key in ipairs(KEYS) do
    local counted = redis.call("INCR", key)
    if counted == 1 then
        redis.call("EXPIRE", key, ARGV[1])
    end
    if counted > tonumber(ARGV[position + 1]) then
        return math.max(1, redis.call("TTL", key))
    end
end
return 0
"""

T = TypeVar("T")


def slot_key(prefix: str, value: str | int) -> str:
    """Return the key of a value's slot. Only this shop can compute which values share one."""
    secret = settings.SECRET_KEY.encode()[: hashlib.blake2b.MAX_KEY_SIZE]
    digest = hashlib.blake2b(str(value).encode(), digest_size=8, key=secret).digest()
    return f"{prefix}:{int.from_bytes(digest) % SLOTS}"


def call_counters(command: Callable[["Redis"], T], *, otherwise: str) -> T | None:
    """Return the answer of the counters' Redis; None without it, and the log says `otherwise`."""
    url = settings.RATE_LIMIT_REDIS_URL or settings.REDIS_URL
    client = redis_client(REQUEST_TIMEOUT_SECONDS, url)
    return breaker_of(url).call(lambda: command(client), otherwise=otherwise)


def count_all(
    keys: Sequence[str], maxima: Sequence[int], window_seconds: int, *, otherwise: str
) -> int:
    """Count by each key until one exceeds its maximum; return the seconds until it may again.

    0 if none does, or without Redis.
    """

    def count(client: "Redis") -> int:
        return int(_script(client)(keys, (window_seconds, *maxima)))

    return call_counters(count, otherwise=otherwise) or 0


@cache
def _script(client: "Redis") -> Script:
    return client.register_script(COUNT_SCRIPT)
