"""Places for the calls to SEQR that a customer's request waits for.

A caller is the address of such a request. One whose tokens SEQR has refused many times holds one
place at a time: a customer at the same address waits for a few seconds, and is never shut out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

# Half of the threads that a web process has for such requests: the others serve those that need
# no call, such as a page that is loaded again.
MAX_CONCURRENT_CALLS = 8
# A quarter of the threads may wait for a place: SEQR mostly answers within a tenth of a second. A
# page that is refused repeats its request two seconds later.
MAX_WAITING_REQUESTS = 4
PLACE_WAIT_SECONDS = 1.0
RESTRICTED_SECONDS = 60.0


class NoPlaceForCall(Exception):
    """No place is free for this caller in this process; try again soon."""


class CallPlaces:
    """The places of a process. Thread-safe."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._free = places
        self.waiting = 0  # requests that wait for a place
        self._clock = clock
        self._lock = threading.Lock()
        self._freed = threading.Condition(self._lock)
        self._restricted_until: dict[str, float] = {}
        self._restricted_in_call: set[str] = set()

    @contextmanager
    def hold(self, caller: str = "", wait_seconds: float = 0.0) -> Iterator[None]:
        """Hold a place while the block calls SEQR; wait for one up to `wait_seconds`.

        Raises NoPlaceForCall: at once for a restricted caller, and for a request beyond
        MAX_WAITING_REQUESTS.
        """
        with self._lock:
            is_restricted = self._is_restricted(caller)
            if is_restricted and caller in self._restricted_in_call:
                raise NoPlaceForCall
            if not self._free:
                self._wait_for_place(0.0 if is_restricted else wait_seconds)
            self._free -= 1
            if is_restricted:
                self._restricted_in_call.add(caller)
        try:
            yield
        finally:
            with self._lock:
                self._free += 1
                if is_restricted:
                    self._restricted_in_call.discard(caller)
                self._freed.notify()

    def restrict(self, caller: str) -> None:
        """Let a caller hold one place at a time, for the next RESTRICTED_SECONDS."""
        with self._lock:
            now = self._clock()
            self._restricted_until = {
                each: until for each, until in self._restricted_until.items() if until > now
            }
            self._restricted_until[caller] = now + RESTRICTED_SECONDS

    def _wait_for_place(self, seconds: float) -> None:
        """Wait until a place is free, with the lock held. Raises NoPlaceForCall."""
        if self.waiting >= MAX_WAITING_REQUESTS:
            raise NoPlaceForCall
        self.waiting += 1
        try:
            if not self._freed.wait_for(lambda: self._free > 0, timeout=seconds):
                raise NoPlaceForCall
        finally:
            self.waiting -= 1

    def _is_restricted(self, caller: str) -> bool:
        return self._restricted_until.get(caller, 0.0) > self._clock()


_places = CallPlaces(MAX_CONCURRENT_CALLS)


def place_for_call(caller: str = "", wait_seconds: float = 0.0) -> AbstractContextManager[None]:
    """Hold a place of this process while the block calls SEQR. Raises NoPlaceForCall."""
    return _places.hold(caller, wait_seconds)


def restrict_caller(caller: str) -> None:
    """Let a caller hold one place of this process at a time, for the next RESTRICTED_SECONDS."""
    _places.restrict(caller)
