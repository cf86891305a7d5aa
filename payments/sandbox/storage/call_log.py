"""A record of the latest calls, for a developer to read. Passwords are taken out."""

from collections import deque
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from lxml import etree

from payments.sandbox.clock import Clock
from payments.sandbox.soap.envelope import SoapFaultError, parse

MAX_CALLS: Final = 1000
MAX_BYTES: Final = 16 * 1024 * 1024
"""All requests and answers together; the oldest calls go first."""

REDACTED: Final = "[redacted]"


@dataclass(frozen=True)
class Call:
    """One SOAP call to SEQR, or one notification from it (operation "notification").

    `result_code` is None for a fault, an unreadable request and a notification; `http_status` is
    None when there was no answer at all. `request` and `answer` are the bytes on the wire, or a
    text of our own about them; an answer that a fault kept back is still shown. `fault` is the kind
    of the fault that struck the call.
    """

    operation: str | None
    invoice_reference: str | None
    result_code: int | None
    http_status: int | None
    duration_ms: float
    request: bytes | str
    answer: bytes | str
    fault: str | None = None


@dataclass(frozen=True)
class Entry:
    """A call in the record: the n-th, ended at that time."""

    n: int
    at: datetime
    call: Call

    @property
    def size(self) -> int:
        return len(self.call.request) + len(self.call.answer)


class CallLog:
    """The latest calls, bounded in number and in size. Calls are numbered from 1.

    `era` changes when the numbers start again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque()
        self.era = 0
        self._count = 0
        self._bytes = 0

    def add(self, call: Call) -> None:
        """Record one call; a request or answer too large to keep is replaced by its size."""
        self._count += 1
        entry = Entry(self._count, self._clock.now(), _without_the_huge(call))
        self._entries.append(entry)
        self._bytes += entry.size
        while len(self._entries) > MAX_CALLS or self._bytes > MAX_BYTES:
            self._bytes -= self._entries.popleft().size

    def clear(self) -> None:
        """Forget all calls; the numbers start again."""
        self._entries.clear()
        self._count = self._bytes = 0
        self.era += 1

    def latest(self, limit: int, operation: str | None = None) -> list[Entry]:
        """The latest calls, or those of one operation, the latest first."""
        wanted = (
            entry
            for entry in reversed(self._entries)
            if operation is None or entry.call.operation == operation
        )
        return list(islice(wanted, limit))

    def entry(self, n: int) -> Entry | None:
        """The call of that number, if it is still kept."""
        return next((entry for entry in self._entries if entry.n == n), None)

    def as_json(self) -> list[dict[str, Any]]:
        """The calls, the oldest first."""
        return [
            {
                "n": entry.n,
                "at": entry.at.isoformat(),
                **asdict(entry.call),
                "request": readable(entry.call.request),
                "answer": readable(entry.call.answer),
            }
            for entry in self._entries
        ]


def _without_the_huge(call: Call) -> Call:
    if len(call.request) + len(call.answer) <= MAX_BYTES // 16:
        return call
    return replace(
        call,
        request=f"({len(call.request)} bytes, too large to keep)",
        answer=f"({len(call.answer)} bytes, too large to keep)",
    )


def readable(body: bytes | str, *, indented: bool = False) -> str:
    """A request or an answer as text, without passwords."""
    if isinstance(body, str):
        return body
    try:
        root = parse(body)
    except SoapFaultError:
        # What cannot be parsed cannot be cleared of passwords either.
        return f"({len(body)} bytes that are not XML)"
    for element in root.iter("{*}password"):
        del element[:]
        element.text = REDACTED
    if indented:
        etree.indent(root)
    return etree.tostring(root, encoding="unicode")
