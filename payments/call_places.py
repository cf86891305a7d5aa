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
RESTRICTED_SECONDS = 60.0


class NoPlaceForCall(Exception):
    """No place is free for this caller in this process; try again soon."""


class CallPlaces:
    """The places of a process. Thread-safe."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._free = places
        self._clock = clock
        self._lock = threading.Lock()
        self._restricted_until: dict[str, float] = {}
        self._restricted_in_call: set[str] = set()

    @contextmanager
    def hold(self, caller: str = "") -> Iterator[None]:
        """Hold a place while the block calls SEQR. Raises NoPlaceForCall at once."""
        with self._lock:
            is_restricted = self._is_restricted(caller)
            if not self._free or (is_restricted and caller in self._restricted_in_call):
                raise NoPlaceForCall
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

    def restrict(self, caller: str) -> None:
        """Let a caller hold one place at a time, for the next RESTRICTED_SECONDS."""
        with self._lock:
            now = self._clock()
            self._restricted_until = {
                each: until for each, until in self._restricted_until.items() if until > now
            }
            self._restricted_until[caller] = now + RESTRICTED_SECONDS

    def _is_restricted(self, caller: str) -> bool:
        return self._restricted_until.get(caller, 0.0) > self._clock()


_places = CallPlaces(MAX_CONCURRENT_CALLS)


def place_for_call(caller: str = "") -> AbstractContextManager[None]:
    """Hold a place of this process while the block calls SEQR. Raises NoPlaceForCall at once."""
    return _places.hold(caller)


def restrict_caller(caller: str) -> None:
    """Let a caller hold one place of this process at a time, for the next RESTRICTED_SECONDS."""
    _places.restrict(caller)
