"""Which processes of the shop run, where, and with which version.

Each process publishes an entry in Redis every few seconds. `manage.py doctor` reads them.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import cast

from redis.exceptions import RedisError

import seqrshop
from seqrshop.redis_client import PUBLISH_TIMEOUT_SECONDS, REQUEST_TIMEOUT_SECONDS, redis_client

KEY = "seqrshop:processes"
PUBLISH_INTERVAL_SECONDS = 5.0
ABSENT_AFTER_SECONDS = 20.0  # since its last entry, after which a process has ended
FORGOTTEN_AFTER_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Process:
    """A process: the kind by its line in the Procfile, and its name, such as `worker@till`."""

    kind: str
    name: str
    host: str
    pid: int
    version: str


def this_process(kind: str, name: str = "") -> Process:
    """Return the entry of the calling process; its name has the host unless it is given."""
    host = socket.gethostname()
    return Process(kind, name or f"{kind}@{host}", host, os.getpid(), seqrshop.__version__)


def publish(process: Process) -> None:
    """Publish that the process runs. Does nothing while Redis is unavailable."""
    now = time.time()
    with (
        suppress(RedisError),  # the next entry may be published; without Redis nobody reads them
        redis_client(PUBLISH_TIMEOUT_SECONDS).pipeline(transaction=False) as pipeline,
    ):
        pipeline.zadd(KEY, {json.dumps(asdict(process)): now})
        pipeline.zremrangebyscore(KEY, "-inf", now - FORGOTTEN_AFTER_SECONDS)
        pipeline.execute()


def withdraw(process: Process) -> None:
    """Remove the entry of a process that ends."""
    with suppress(RedisError):  # it is out of date within ABSENT_AFTER_SECONDS
        redis_client(PUBLISH_TIMEOUT_SECONDS).zrem(KEY, json.dumps(asdict(process)))


class Presence:
    """Publishes the entry of this process in a thread, until `stop`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._publish, name="presence", daemon=True)

    def start(self) -> None:
        """Start to publish."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and remove the entry."""
        self._stopping.set()
        withdraw(self._process)

    def _publish(self) -> None:
        while not self._stopping.is_set():
            publish(self._process)
            self._stopping.wait(PUBLISH_INTERVAL_SECONDS)


def last_entries() -> dict[Process, float]:
    """Return the processes of the last day, and the seconds since each one's last entry.

    Raises RedisError.
    """
    entries = cast(
        "list[tuple[bytes, float]]",
        redis_client(REQUEST_TIMEOUT_SECONDS).zrange(KEY, 0, -1, withscores=True),
    )
    now = time.time()
    return {Process(**json.loads(entry)): max(0.0, now - at) for entry, at in entries}


def present_processes() -> list[Process]:
    """Return the processes that run. Raises RedisError."""
    return [process for process, age in last_entries().items() if age < ABSENT_AFTER_SECONDS]
