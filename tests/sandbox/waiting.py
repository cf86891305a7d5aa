"""Waits for what the sandbox does after its response."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

TIMEOUT_SECONDS: Final = 30

T = TypeVar("T")


def wait_for(condition: Callable[[], T]) -> T:
    """Call `condition` until it returns something true, and return that."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.005)
    raise AssertionError(f"not within {TIMEOUT_SECONDS} s")
