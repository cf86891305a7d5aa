"""Tells the web processes that an order has changed, as soon as that is committed.

All that is told is the order's public id: whoever holds a customer's stream reads the order itself.
Nothing depends on a message: the streams also compare every two seconds (orders/streams). So a
message is sent once, and nobody waits for it where Redis is away.
"""

import logging
import time
from functools import cache, partial
from uuid import UUID

import redis
from django.conf import settings
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

CHANNEL = "seqrshop:orders"
REDIS_SECONDS = 0.1  # the longest that a message takes
AWAY_SECONDS = 5  # after a failure Redis is left alone for so long

_away_until = 0.0


def publish_on_commit(public_id: UUID) -> None:
    """Tell of this order once the transaction is committed; never, where it is rolled back."""
    transaction.on_commit(partial(_publish, public_id), robust=True)


def _publish(public_id: UUID) -> None:
    global _away_until  # noqa: PLW0603 - of the process, as the connections are
    if time.monotonic() < _away_until:
        return
    try:
        _redis(settings.REDIS_URL).publish(CHANNEL, str(public_id))
    except redis.RedisError as error:
        _away_until = time.monotonic() + AWAY_SECONDS
        logger.warning("changes are not published, Redis is away: %s", type(error).__name__)


@cache
def _redis(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 1),  # at once: a connection may be older than the server
    )
