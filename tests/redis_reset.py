"""Redis as tests use it, however busy the machine is."""

import redis

from seqrshop.backoffice.sign_in_limits import KEY_PREFIX as SIGN_INS_PREFIX
from seqrshop.redis_client import breaker, redis_client
from seqrshop.storefront.rate_limits import KEY_PREFIX
from seqrshop.storefront.receipt_mail import KEY_PREFIX as MAILS_PREFIX

TIMEOUT_SECONDS = 30.0
PREFIXES = (KEY_PREFIX, SIGN_INS_PREFIX, MAILS_PREFIX)


def redis_for_tests() -> redis.Redis:
    """Return a client with a longer time-out than the product's."""
    return redis_client(TIMEOUT_SECONDS)


def reset_rate_limits() -> None:
    """Count requests from zero, in a Redis that is used again at once."""
    breaker.reset()
    client = redis_for_tests()
    with client.pipeline(transaction=False) as pipeline:
        for prefix in PREFIXES:
            pipeline.keys(f"{prefix}*")
        found = [key for keys in pipeline.execute() for key in keys]
    if found:
        client.delete(*found)
