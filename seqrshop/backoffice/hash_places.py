"""Bounds the passwords that a process hashes at a time: each takes half a second of a core.

After a wrong password, the place stays taken for a while. So guesses take a fraction of a core at
most, however many addresses they come from. Known browsers have a place of their own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WAIT_SECONDS = 2.0
MAX_WAITING = 2  # of the threads that the staff's pages share
PAUSE_AFTER_FAILURE_SECONDS = 1.0


class NoHashPlace(Exception):
    """Too many people sign in at this moment; try again in a few seconds."""


class HashPlace:
    """The place of one password that is hashed. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._is_taken = False
        self._free_from = 0.0
        self._waiting = 0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the place while the block checks a password; it raises for a wrong one.

        Waits for WAIT_SECONDS at most. Raises NoHashPlace.
        """
        self._take()
        pause = PAUSE_AFTER_FAILURE_SECONDS
        try:
            yield
            pause = 0.0
        finally:
            with self._changed:
                self._is_taken = False
                self._free_from = self._clock() + pause
                self._changed.notify()

    def _take(self) -> None:
        deadline = self._clock() + WAIT_SECONDS
        with self._changed:
            if self._waiting >= MAX_WAITING:
                raise NoHashPlace
            self._waiting += 1
            try:
                while self._is_taken or self._clock() < self._free_from:
                    now = self._clock()
                    if now >= deadline:
                        raise NoHashPlace
                    until = deadline if self._is_taken else min(deadline, self._free_from)
                    self._changed.wait(until - now)
                self._is_taken = True
            finally:
                self._waiting -= 1


PLACE_OF_KNOWN_BROWSERS = HashPlace()
PLACE_OF_OTHERS = HashPlace()
