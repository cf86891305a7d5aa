"""The process's Redis subscription to order changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from orders.publishing import CHANNEL
from seqrshop.redis_client import SUBSCRIBER_HEALTH_CHECK_SECONDS, subscriber_client

logger = logging.getLogger(__name__)

RECONNECT_DELAY_SECONDS = 1.0


async def listen(on_change: Callable[[UUID], None]) -> None:
    """Call `on_change` with each changed order's public id, forever. Resubscribes on failure."""
    is_down = False
    while True:
        try:
            async with subscriber_client() as client, client.pubsub() as subscription:
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


async def _receive(subscription: PubSub, on_change: Callable[[UUID], None]) -> None:
    message = await subscription.get_message(
        ignore_subscribe_messages=True, timeout=SUBSCRIBER_HEALTH_CHECK_SECONDS
    )
    if message is None:
        return
    try:
        order = UUID(message["data"].decode())
    except (UnicodeDecodeError, ValueError):
        logger.warning("a message on %s is not an order id", CHANNEL)
        return
    on_change(order)
