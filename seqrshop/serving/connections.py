"""The connections of a process: how many there may be, and how long each may keep it waiting.

A connection waits for its client while a request is incomplete, between two requests, and while the
client takes less than it is sent. Where there is no place for another, the connection that has
waited longest is closed for it. So connections that are held open displace each other, and a
customer's, which waits for a moment only, stays.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from django.conf import settings

logger = logging.getLogger(__name__)

HEAD_TIMEOUT_SECONDS = 10.0  # from the connection, or the last response, to a whole head
SEND_TIMEOUT_SECONDS = 20.0  # for the client to take 64 KB, or all that is left of a response
MAX_CONNECTIONS = 9000  # 8,000 streams, and as many requests as come beside them
# A café, or a part of a city behind one address of its network. Behind proxies of our own, all
# connections have a proxy's address, and only the limit of all applies.
MAX_CONNECTIONS_PER_ADDRESS = 1000
RESERVED_FILES = 256  # for the database, Redis, SEQR and the log
CHECK_INTERVAL_SECONDS = 1.0


class Connection(Protocol):
    """What is known of a connection."""

    transport: asyncio.Transport
    taken_at: float  # when the client last took what it was sent, by the loop's clock
    is_awaiting_head: bool  # whether a whole head of a request is still to come

    @property
    def address(self) -> str:
        """The address of the peer."""

    def drop(self) -> None:
        """Close the connection at once."""


class Connections:
    """The open connections, and those that wait for their clients, the longest first."""

    def __init__(self) -> None:
        self.max_total = MAX_CONNECTIONS
        self._open: dict[Connection, None] = {}
        self._of_address: dict[str, int] = defaultdict(int)
        self._waiting: dict[Connection, float] = {}  # since when, by the loop's clock
        self._waiting_of_address: dict[str, dict[Connection, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: Connection) -> bool:
        """Take a place for a new connection; return whether there was one, or one was freed."""
        has_room = True
        if (
            not settings.TRUSTED_PROXIES
            and self._of_address.get(connection.address, 0) >= MAX_CONNECTIONS_PER_ADDRESS
        ):
            has_room = self._drop_first(self._waiting_of_address.get(connection.address, {}))
        elif len(self._open) >= self.max_total:
            has_room = self._drop_first(self._waiting)
        if not has_room:
            logger.warning("a connection is refused: there are %s", len(self._open))
            return False
        self._open[connection] = None
        self._of_address[connection.address] += 1
        self.start_waiting(connection)
        return True

    def forget(self, connection: Connection) -> None:
        """Free the place of a connection, unless that was done before."""
        self.stop_waiting(connection)
        if connection not in self._open:
            return
        del self._open[connection]
        self._of_address[connection.address] -= 1
        if not self._of_address[connection.address]:
            del self._of_address[connection.address]

    def start_waiting(self, connection: Connection) -> None:
        """Record that a connection waits for its client from now on."""
        if connection not in self._open:
            return
        self.stop_waiting(connection)
        self._waiting[connection] = asyncio.get_running_loop().time()
        self._waiting_of_address[connection.address][connection] = None

    def stop_waiting(self, connection: Connection) -> None:
        """Record that a connection waits for its client no more."""
        if self._waiting.pop(connection, None) is None:
            return
        of_address = self._waiting_of_address[connection.address]
        del of_address[connection]
        if not of_address:
            del self._waiting_of_address[connection.address]

    async def watch(self) -> None:
        """Close the connections whose clients exceed a time limit, until it is cancelled."""
        soft_limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.max_total = min(MAX_CONNECTIONS, max(1, soft_limit - RESERVED_FILES))
        while True:
            await asyncio.sleep(CHECK_INTERVAL_SECONDS)
            self.close_overdue(asyncio.get_running_loop().time())

    def close_overdue(self, now: float) -> None:
        """Close the connections whose clients have exceeded a time limit at `now`."""
        for connection, since in list(self._waiting.items()):
            if now - since <= HEAD_TIMEOUT_SECONDS:
                break  # the others wait less
            if connection.is_awaiting_head:
                self._drop(connection)
        for connection in list(self._open):
            if connection.transport.get_write_buffer_size() == 0:
                connection.taken_at = now
            elif now - connection.taken_at > SEND_TIMEOUT_SECONDS:
                self._drop(connection)

    def _drop_first(self, waiting: Iterable[Connection]) -> bool:
        first = next(iter(waiting), None)
        if first is None:
            return False
        self._drop(first)
        return True

    def _drop(self, connection: Connection) -> None:
        self.forget(connection)
        connection.drop()


CONNECTIONS = Connections()
