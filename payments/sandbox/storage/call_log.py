"""A log of the latest calls for developers, without passwords."""

from collections import Counter, deque
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from lxml import etree

from payments.sandbox.clock import Clock
from payments.sandbox.soap.envelope import SoapFaultError, parse

MAX_CALLS: Final = 1000
MAX_BYTES: Final = 16 * 1024 * 1024
"""All requests and responses together; the oldest calls are dropped first."""

REDACTED: Final = "[redacted]"


@dataclass(frozen=True)
class Call:
    """A SOAP call to SEQR, or a notification from it (operation "notification").

    - `result_code`: None for a SOAP fault, an unreadable request and a notification.
    - `http_status`: None if no response was sent or received.
    - `request`, `response`: the bytes on the wire, or a text about them. A response that a fault
      withheld is logged, too.
    - `fault`: the kind of the fault applied to the call.
    - `certification_objections`: sentences about what SEQR's certification would refuse in it.
    """

    operation: str | None
    invoice_reference: str | None
    result_code: int | None
    http_status: int | None
    duration_ms: float
    request: bytes | str
    response: bytes | str
    fault: str | None = None
    certification_objections: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """The n-th call, with the time at which it ended."""

    n: int
    at: datetime
    call: Call

    @property
    def size(self) -> int:
        return len(self.call.request) + len(self.call.response)


class CallLog:
    """The latest calls, limited in number and in size. Calls are numbered from 1.

    `generation` grows when the numbers start again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque()
        self.generation = 0
        self._count = 0
        self._bytes = 0

    def add(self, call: Call) -> None:
        """Log a call. If it is too large, its request and response are replaced by their sizes."""
        self._count += 1
        entry = Entry(self._count, self._clock.now(), _without_large_bodies(call))
        self._entries.append(entry)
        self._bytes += entry.size
        while len(self._entries) > MAX_CALLS or self._bytes > MAX_BYTES:
            self._bytes -= self._entries.popleft().size

    def clear(self) -> None:
        """Delete all calls; the numbers start again."""
        self._entries.clear()
        self._count = self._bytes = 0
        self.generation += 1

    def latest(self, limit: int, operation: str | None = None) -> list[Entry]:
        """The latest calls, or those of one operation, newest first."""
        matching = (
            entry
            for entry in reversed(self._entries)
            if operation is None or entry.call.operation == operation
        )
        return list(islice(matching, limit))

    def certification_objections(self) -> list[tuple[str, str, int]]:
        """The objections to all logged calls, as operation, sentence and number of calls."""
        counted = Counter(
            (entry.call.operation or "", sentence)
            for entry in self._entries
            for sentence in entry.call.certification_objections
        )
        return [(operation, sentence, count) for (operation, sentence), count in counted.items()]

    def entry(self, n: int) -> Entry | None:
        """The call of that number, if it is still logged."""
        return next((entry for entry in self._entries if entry.n == n), None)

    def as_json(self) -> list[dict[str, Any]]:
        """The calls, oldest first."""
        return [
            {
                "n": entry.n,
                "at": entry.at.isoformat(),
                **asdict(entry.call),
                "request": readable(entry.call.request),
                "response": readable(entry.call.response),
            }
            for entry in self._entries
        ]


def _without_large_bodies(call: Call) -> Call:
    if len(call.request) + len(call.response) <= MAX_BYTES // 16:
        return call
    return replace(
        call,
        request=f"({len(call.request)} bytes, too large to log)",
        response=f"({len(call.response)} bytes, too large to log)",
    )


def readable(body: bytes | str, *, indented: bool = False) -> str:
    """A request or a response as text, without passwords."""
    if isinstance(body, str):
        return body
    try:
        root = parse(body)
    except SoapFaultError:
        # A body that cannot be parsed cannot be redacted.
        return f"({len(body)} bytes that are not XML)"
    for element in root.iter("{*}password"):
        del element[:]
        element.text = REDACTED
    if indented:
        etree.indent(root)
    return etree.tostring(root, encoding="unicode")
