"""Publishes to the web processes that an order has changed, once the change is committed.

A message holds only the order's public id; the process that streams to its customer reads the
order. A message may be lost, since the streams also compare their orders every two seconds
(seqrshop/storefront/streams). So it is sent once, and no change waits for Redis.
"""

from collections.abc import Collection
from functools import partial
from uuid import UUID

from django.db import transaction

from seqrshop.redis_client import PUBLISH_TIMEOUT_SECONDS, breaker, redis_client

CHANNEL = "seqrshop:orders"


def publish_on_commit(*public_ids: UUID) -> None:
    """Publish that these orders have changed, once the transaction is committed."""
    transaction.on_commit(partial(_publish, public_ids), robust=True)


def _publish(public_ids: Collection[UUID]) -> None:
    messages = redis_client(PUBLISH_TIMEOUT_SECONDS).pipeline(transaction=False)
    for public_id in public_ids:
        messages.publish(CHANNEL, str(public_id))
    breaker.call(messages.execute, otherwise="order changes are not published")
