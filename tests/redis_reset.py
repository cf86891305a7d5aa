"""Redis as tests use it, however busy the machine is."""

import redis

from seqrshop.redis_client import breaker, redis_client
from seqrshop.storefront.rate_limits import KEY_PREFIX

TIMEOUT_SECONDS = 30.0


def redis_for_tests() -> redis.Redis:
    """Return a client with a longer time-out than the product's."""
    return redis_client(TIMEOUT_SECONDS)


def reset_rate_limits() -> None:
    """Count requests from zero, in a Redis that is used again at once."""
    breaker.reset()
    client = redis_for_tests()
    for key in client.scan_iter(f"{KEY_PREFIX}*"):
        client.delete(key)
