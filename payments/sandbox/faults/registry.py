"""Faults on demand: which calls go wrong, and how.

A fault waits for calls of one operation. The first fault in the list that wants a call strikes it,
and it alone. What the shop then sees is in `spoiled_answers` and `notifier`.
"""

import asyncio
import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

MAX_FAULTS: Final = 200

ANY_OPERATION: Final = "*"
"""Every SOAP call, also one that cannot be read. Notifications are not among them."""

NOTIFICATION: Final = "notification"


class Kind(StrEnum):
    """What goes wrong."""

    DELAY = "delay"
    REFUSE = "refuse"
    RESET = "reset"
    DROP = "drop"
    DRIP = "drip"
    HTTP_STATUS = "http_status"
    SOAP_FAULT = "soap_fault"
    RESULT_CODE = "result_code"
    GARBAGE = "garbage"
    HTML = "html"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    HUGE = "huge"
    WRONG_OPERATION = "wrong_operation"
    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"
    REORDERED = "reordered"


NOTIFICATION_KINDS: Final = (Kind.LOST, Kind.DOUBLED, Kind.LATE, Kind.REORDERED)
SOAP_KINDS: Final = tuple(kind for kind in Kind if kind not in NOTIFICATION_KINDS)


class TooManyFaultsError(Exception):
    """There are MAX_FAULTS already, and each may still strike."""


@dataclass(eq=False)
class Fault:
    """One fault. `parameters` are its kind's, complete.

    It strikes `count` calls (None: all), each with `probability`, as its own random numbers say.
    `ended` is set once it has been removed: whoever waits because of it waits no longer. `void`
    says that the world it belonged to is gone: a call that waited must not take effect any more.
    """

    operation: str
    kind: Kind
    parameters: dict[str, Any]
    count: int | None
    probability: float
    seed: int
    id: int = 0
    struck: int = 0
    void: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - it must be repeatable

    @property
    def left(self) -> int | None:
        """How many more calls it strikes; None is without end."""
        return None if self.count is None else self.count - self.struck

    def takes(self, operation: str | None) -> bool:
        """Whether it strikes this call, which is then counted."""
        if self.left == 0 or not (
            self.operation == operation
            or (self.operation == ANY_OPERATION and operation != NOTIFICATION)
        ):
            return False
        if self.probability < 1 and self.random.random() >= self.probability:
            return False
        self.struck += 1
        return True

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until the fault has ended."""
        try:
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        except TimeoutError:
            return

    def end(self, *, void: bool) -> None:
        """Let go of whoever waits because of it."""
        self.void = void
        self.ended.set()


class FaultRegistry:
    """The faults in the order in which they were added. One that is used up stays to be read."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._last_id = 0

    def add(self, fault: Fault) -> Fault:
        """Let it strike from now on; it gets its id. Raises TooManyFaultsError."""
        if len(self._faults) >= MAX_FAULTS:
            self._faults = {key: kept for key, kept in self._faults.items() if kept.left != 0}
        if len(self._faults) >= MAX_FAULTS:
            raise TooManyFaultsError
        self._last_id += 1
        fault.id = self._last_id
        self._faults[fault.id] = fault
        return fault

    def all(self) -> list[Fault]:
        """The faults, the oldest first."""
        return list(self._faults.values())

    def remove(self, fault_id: int) -> Fault:
        """End one; calls that it holds up go on at once. Raises KeyError."""
        fault = self._faults.pop(fault_id)
        fault.end(void=False)
        return fault

    def clear(self) -> None:
        """End them all; calls that they hold up go on at once."""
        self._end_all(void=False)

    def reset(self) -> None:
        """End them all; calls that they hold up end without an answer and change nothing."""
        self._end_all(void=True)
        self._last_id = 0

    def _end_all(self, *, void: bool) -> None:
        for fault in self._faults.values():
            fault.end(void=void)
        self._faults.clear()

    def strike(self, operation: str | None) -> Fault | None:
        """The fault that strikes this call, if one does; None is a call that cannot be read."""
        for fault in self._faults.values():
            if fault.takes(operation):
                return fault
        return None
