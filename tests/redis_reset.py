"""Empties what tests leave in Redis, however busy the machine is."""

from seqrshop.redis_client import breaker, redis_client
from seqrshop.storefront.rate_limits import KEY_PREFIX

RESET_TIMEOUT_SECONDS = 30.0


def reset_rate_limits() -> None:
    """Count requests from zero, in a Redis that is used again at once."""
    breaker.reset()
    client = redis_client(RESET_TIMEOUT_SECONDS)
    for key in client.scan_iter(f"{KEY_PREFIX}*"):
        client.delete(key)
