"""The process's Redis subscription to order changes."""

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

RECONNECT_DELAY_SECONDS = 1.0
HEALTH_CHECK_SECONDS = 5.0  # of silence, after which Redis is pinged


async def listen(on_change: Callable[[UUID], None]) -> None:
    """Call `on_change` with each changed order's public id, forever. Resubscribes on failure."""
    is_down = False
    while True:
        try:
            async with _client() as client, client.pubsub() as subscription:
                await subscription.subscribe(CHANNEL)
                if is_down:
                    logger.info("resubscribed to order changes")
                    is_down = False
                while True:
                    await _receive(subscription, on_change)
        except (RedisError, OSError, TimeoutError) as error:
            if not is_down:
                logger.warning("not subscribed to order changes: %s", type(error).__name__)
            is_down = True
        await asyncio.sleep(RECONNECT_DELAY_SECONDS)


def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=1,
        health_check_interval=HEALTH_CHECK_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


async def _receive(subscription: redis.client.PubSub, on_change: Callable[[UUID], None]) -> None:
    message = await subscription.get_message(
        ignore_subscribe_messages=True, timeout=HEALTH_CHECK_SECONDS
    )
    if message is None:
        return
    try:
        order = UUID(message["data"].decode())
    except (UnicodeDecodeError, ValueError):
        logger.warning("a message on %s is not an order id", CHANNEL)
        return
    on_change(order)
