"""A record of the latest calls, for a developer to read. Passwords are taken out."""

from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from lxml import etree

from payments.sandbox.clock import Clock
from payments.sandbox.envelope import SoapFaultError, parse

MAX_CALLS: Final = 1000
MAX_BYTES: Final = 16 * 1024 * 1024
"""All requests and answers together; the oldest calls go first."""

REDACTED: Final = "[redacted]"


@dataclass(frozen=True)
class Call:
    """One SOAP call to SEQR, or one notification from it (operation "notification").

    `result_code` is None for a fault, an unreadable request and a notification; `http_status` is
    None when a notification got no answer at all. `request` and `answer` are the bytes on the wire,
    or a text of our own about them.
    """

    operation: str | None
    invoice_reference: str | None
    result_code: int | None
    http_status: int | None
    duration_ms: float
    request: bytes | str
    answer: bytes | str


@dataclass(frozen=True)
class _Entry:
    n: int
    at: str
    call: Call

    @property
    def size(self) -> int:
        return len(self.call.request) + len(self.call.answer)


class CallLog:
    """The latest calls, bounded in number and in size. Calls are numbered from 1."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: deque[_Entry] = deque()
        self._count = 0
        self._bytes = 0

    def add(self, call: Call) -> None:
        """Record one call; a request or answer too large to keep is replaced by its size."""
        self._count += 1
        entry = _Entry(self._count, self._clock.now().isoformat(), _without_the_huge(call))
        self._entries.append(entry)
        self._bytes += entry.size
        while len(self._entries) > MAX_CALLS or self._bytes > MAX_BYTES:
            self._bytes -= self._entries.popleft().size

    def clear(self) -> None:
        """Forget all calls; the numbers start again."""
        self._entries.clear()
        self._count = self._bytes = 0

    def as_json(self) -> list[dict[str, Any]]:
        """The calls, the oldest first."""
        return [
            {
                "n": entry.n,
                "at": entry.at,
                **asdict(entry.call),
                "request": _readable(entry.call.request),
                "answer": _readable(entry.call.answer),
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


def _readable(body: bytes | str) -> str:
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
    return etree.tostring(root, encoding="unicode")
