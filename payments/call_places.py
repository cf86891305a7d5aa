"""Places for the calls to SEQR that a customer's request waits for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Half of the threads that a web process has for such requests: the others serve those that need
# no call, such as a page that is loaded again.
MAX_CONCURRENT_CALLS = 8
_places = threading.BoundedSemaphore(MAX_CONCURRENT_CALLS)


class NoPlaceForCall(Exception):
    """MAX_CONCURRENT_CALLS requests of this process wait for SEQR; try again soon."""


@contextmanager
def place_for_call() -> Iterator[None]:
    """Hold a place while the block calls SEQR. Raises NoPlaceForCall at once."""
    if not _places.acquire(blocking=False):
        raise NoPlaceForCall
    try:
        yield
    finally:
        _places.release()
