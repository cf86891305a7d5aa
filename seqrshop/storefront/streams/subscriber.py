"""The process's subscription to what has changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from redis import asyncio as redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from orders.publishing import CHANNEL

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0
QUIET_SECONDS = 5.0  # after so long without a message Redis is asked whether it is there


async def listen(heard: Callable[[UUID], None]) -> None:
    """Call `heard` for each order that has changed, for ever. Subscribes anew where Redis fails."""
    is_away = False
    while True:
        try:
            async with _client() as client, client.pubsub() as subscription:
                await subscription.subscribe(CHANNEL)
                if is_away:
                    logger.info("changes are heard of again")
                    is_away = False
                while True:
                    await _hear(subscription, heard)
        except (RedisError, OSError, TimeoutError) as error:
            if not is_away:
                logger.warning("changes are not heard of at once: %s", type(error).__name__)
            is_away = True
        await asyncio.sleep(AGAIN_SECONDS)


def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=1,
        health_check_interval=QUIET_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


async def _hear(subscription: redis.client.PubSub, heard: Callable[[UUID], None]) -> None:
    message = await subscription.get_message(ignore_subscribe_messages=True, timeout=QUIET_SECONDS)
    if message is None:
        return
    try:
        order = UUID(message["data"].decode())
    except (UnicodeDecodeError, ValueError):
        logger.warning("what is no order's id was published on %s", CHANNEL)
        return
    heard(order)
