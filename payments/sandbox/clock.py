"""The sandbox's clock: real time plus what a test has advanced it by."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

LATEST_TIME: Final = datetime(3000, 1, 1, tzinfo=UTC)
"""The clock cannot be advanced further: Python's own calendar ends in the year 9999."""


class Clock:
    """Runs on the monotonic clock, so a change of the machine's time has no effect.

    Calls `on_change` with the seconds by which the clock is now ahead of real time.
    """

    def __init__(
        self, offset_seconds: float = 0, on_change: Callable[[float], None] = lambda _: None
    ) -> None:
        self._started_at = datetime.now(UTC)
        self._started = time.monotonic()
        self._offset = timedelta(seconds=offset_seconds)
        self._on_change = on_change
        self._advanced = asyncio.Event()

    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        return self._started_at + timedelta(seconds=time.monotonic() - self._started) + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward by that many seconds, but not beyond the year 3000."""
        self._offset += min(timedelta(seconds=seconds), LATEST_TIME - self.now())
        self._on_change(self._offset.total_seconds())
        self._advanced.set()
        self._advanced = asyncio.Event()

    def reset(self) -> None:
        """Go back to real time."""
        self._offset = timedelta()
        self._on_change(0.0)

    async def sleep(self, seconds: float, interrupted: asyncio.Event) -> None:
        """Wait for so many seconds of this clock, or until interrupted."""
        due = self.now() + timedelta(seconds=seconds)
        while not interrupted.is_set() and (left := (due - self.now()).total_seconds()) > 0:
            waits = [asyncio.ensure_future(event.wait()) for event in (self._advanced, interrupted)]
            try:
                await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
