"""Publishes the heartbeat of a poller that does not run, so that no page queries SEQR itself."""

import json
import time

from payments.polling.heartbeat import REQUIRED_FIELDS
from seqrshop.redis_client import POLLER_TIMEOUT_SECONDS, redis_client

LASTS_SECONDS = 3600


def pretend_poller_runs() -> None:
    """Publish the heartbeat of the only shard: SEQR_POLL_SHARDS has to be 1."""
    soon = time.time() + LASTS_SECONDS
    redis_client(POLLER_TIMEOUT_SECONDS).set(
        "seqrshop:heartbeat:0/1", json.dumps(dict.fromkeys(REQUIRED_FIELDS, soon))
    )
