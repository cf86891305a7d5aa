"""Faults on demand: which calls they apply to.

A fault waits for calls of one operation. The first fault in the registry that matches a call
applies to it, and no other does. `fault_responses` and the notifier carry it out.
"""

import asyncio
import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

MAX_FAULTS: Final = 200

ANY_OPERATION: Final = "*"
"""Every SOAP call, unreadable ones too, but no notification."""

NOTIFICATION: Final = "notification"


class Kind(StrEnum):
    """The kinds of fault."""

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
    """There are MAX_FAULTS already, and each may still apply."""


@dataclass(eq=False)
class Fault:
    """One fault. `parameters` holds every parameter of its kind.

    It applies to `count` calls (None: all), to each with `probability`, drawn from its own random
    numbers. `applied` counts them. `ended` is set when the fault is removed, and ends every wait
    that it causes. `discarded` is set when the sandbox is reset: calls that were waiting must not
    be executed.
    """

    operation: str
    kind: Kind
    parameters: dict[str, Any]
    count: int | None
    probability: float
    seed: int
    id: int = 0
    applied: int = 0
    discarded: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - repeatable by its seed

    @property
    def left(self) -> int | None:
        """How many more calls it applies to; None is no limit."""
        return None if self.count is None else self.count - self.applied

    def matches(self, operation: str | None) -> bool:
        """Whether it applies to this call; if so, counts the call."""
        if self.left == 0 or not (
            self.operation == operation
            or (self.operation == ANY_OPERATION and operation != NOTIFICATION)
        ):
            return False
        if self.probability < 1 and self.random.random() >= self.probability:
            return False
        self.applied += 1
        return True

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until the fault has ended."""
        try:
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        except TimeoutError:
            return

    def end(self, *, discarded: bool) -> None:
        """End every wait that the fault causes."""
        self.discarded = discarded
        self.ended.set()


class FaultRegistry:
    """The faults in the order in which they were added. Used-up faults stay listed."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._last_id = 0

    def add(self, fault: Fault) -> Fault:
        """Add a fault and assign its id. Raises TooManyFaultsError."""
        if len(self._faults) >= MAX_FAULTS:
            self._faults = {key: each for key, each in self._faults.items() if each.left != 0}
        if len(self._faults) >= MAX_FAULTS:
            raise TooManyFaultsError
        self._last_id += 1
        fault.id = self._last_id
        self._faults[fault.id] = fault
        return fault

    def all(self) -> list[Fault]:
        """The faults, oldest first."""
        return list(self._faults.values())

    def remove(self, fault_id: int) -> Fault:
        """Remove a fault; calls that it delays go on at once. Raises KeyError."""
        fault = self._faults.pop(fault_id)
        fault.end(discarded=False)
        return fault

    def clear(self) -> None:
        """Remove all faults; calls that they delay go on at once."""
        self._end_all(discarded=False)

    def reset(self) -> None:
        """Remove all faults; calls that they delay get no response and change nothing."""
        self._end_all(discarded=True)
        self._last_id = 0

    def _end_all(self, *, discarded: bool) -> None:
        for fault in self._faults.values():
            fault.end(discarded=discarded)
        self._faults.clear()

    def next_match(self, operation: str | None) -> Fault | None:
        """The fault for this call, if there is one. An unreadable call has the operation None."""
        for fault in self._faults.values():
            if fault.matches(operation):
                return fault
        return None
