"""The sandbox's clock: real time plus what a test has advanced it by."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time as an aware datetime in UTC."""

    def now(self) -> datetime: ...


class AdjustableClock:
    """Runs on the monotonic clock, so a change of the machine's time moves nothing here."""

    def __init__(self) -> None:
        self._started_at = datetime.now(UTC)
        self._started = time.monotonic()
        self._offset = timedelta()

    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        return self._started_at + timedelta(seconds=time.monotonic() - self._started) + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward by that many seconds."""
        self._offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Go back to real time."""
        self._offset = timedelta()
