"""Places for requests: each kind has threads and a queue of its own, and waits for no other.

A request beyond the queue is refused at once. A queue serves its addresses in turn: one that sends
many requests delays its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass
from typing import Any, TypeVar

from seqrshop.middleware import MONITORING_VIEWS

CUSTOMER_THREADS = 16
SEQR_THREADS = 16  # payments.call_places lets half of them wait for SEQR
NOTIFICATION_THREADS = 4
STAFF_THREADS = 6
MONITORING_THREADS = 3
MAX_QUEUED = 256  # requests of one lane, a second's work of a process
MAX_QUEUED_PER_ADDRESS = 40
MAX_WAIT_SECONDS = 2.0  # for a thread: a page repeats its request then

T = TypeVar("T")


class Overloaded(Exception):
    """A request finds no place, or has waited for one too long: it is to be repeated later."""


class Lane:
    """The threads for one kind of request, and the requests that wait for one."""

    def __init__(self, name: str, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._free = threads
        self._queued = 0
        # By address, in the order of their turns.
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}

    async def run(self, address: str, work: Callable[..., T], *args: Any) -> T:
        """Return what `work` returns in a thread of this lane. Raises Overloaded."""
        await self._take_place(address)
        try:
            loop = asyncio.get_running_loop()
            # In a new context, as in a new thread: no request sees another's context variables.
            return await loop.run_in_executor(self._threads, Context().run, work, *args)
        finally:
            self._pass_on_place()

    async def _take_place(self, address: str) -> None:
        if self._free:
            self._free -= 1
            return
        queue = self._queues.get(address)
        if self._queued >= MAX_QUEUED or (queue and len(queue) >= MAX_QUEUED_PER_ADDRESS):
            raise Overloaded
        turn = asyncio.get_running_loop().create_future()
        self._queues.setdefault(address, deque()).append(turn)
        self._queued += 1
        try:
            await asyncio.wait([turn], timeout=MAX_WAIT_SECONDS)
        except asyncio.CancelledError:
            if turn.done():
                self._pass_on_place()
            raise
        finally:
            if not turn.done():
                self._leave_queue(address, turn)
        if turn.cancelled():
            raise Overloaded

    def _leave_queue(self, address: str, turn: asyncio.Future[None]) -> None:
        turn.cancel()
        queue = self._queues[address]
        queue.remove(turn)
        self._queued -= 1
        if not queue:
            del self._queues[address]

    def _pass_on_place(self) -> None:
        """Give a place to the first request of the address whose turn it is."""
        if not self._queues:
            self._free += 1
            return
        address = next(iter(self._queues))
        queue = self._queues.pop(address)
        queue.popleft().set_result(None)
        self._queued -= 1
        if queue:
            self._queues[address] = queue  # the other addresses' turns come first


@dataclass(frozen=True)
class Seat:
    """Where a request waits for its thread: its lane, and the address whose turns it shares."""

    lane: Lane
    address: str

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Return what `work` returns in a thread. Raises Overloaded."""
        return await self.lane.run(self.address, work, *args)


class Lanes:
    """The lanes of a process, and which request belongs to which.

    Notifications have their own, since money waits for them. What may call SEQR has its own, since
    SEQR may be slow. The admin has its own, since its pages cost more.
    """

    def __init__(self) -> None:
        self.customers = Lane("web", CUSTOMER_THREADS)
        self.seqr = Lane("seqr", SEQR_THREADS)
        self.notifications = Lane("notify", NOTIFICATION_THREADS)
        self.staff = Lane("staff", STAFF_THREADS)
        self.monitoring = Lane("monitor", MONITORING_THREADS)

    def of(self, method: str, path: str) -> Lane:
        """Return the lane of a request."""
        if path.startswith(("/admin", "/staff")):
            return self.staff
        if path.startswith("/notify/"):
            return self.notifications
        if path in MONITORING_VIEWS:
            return self.monitoring
        if method == "POST" and path.endswith(("/session", "/cancel", "/createPurchase")):
            return self.seqr
        return self.customers
