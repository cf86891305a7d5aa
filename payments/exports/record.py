"""Records in the audit who exports what: the file, the chosen rows, and how many they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from orders.audit import ChangeSource, record_file_event
from orders.models import EventName
from payments.exports.cells import Row


@dataclass
class RowCount:
    """How many rows a file has so far; of SIE, how many vouchers."""

    rows: int = 0

    def of(self, batches: Iterable[list[Row]]) -> Iterator[list[Row]]:
        """Yield the batches, and count their rows."""
        for batch in batches:
            self.rows += len(batch)
            yield batch


@dataclass
class ExportRecord:
    """One export. `choice` says which rows were chosen, without personal data.

    A file that is sent while it is made has an event before its first byte, and one with the rows
    after its last. If its receiver goes away, the second says that it was broken off; if the
    process is killed, there is none.
    """

    file_name: str
    choice: str
    source: ChangeSource
    count: RowCount = field(default_factory=RowCount)

    def made(self, ending: str = "") -> None:
        """Record the file with the number of its rows, before or after it is sent."""
        detail = f"rows: {self.count.rows}{ending}; {self.choice}"
        self._record(EventName.EXPORT_MADE, detail)

    def streamed(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the parts of a file, and record its beginning and its end."""
        self._record(EventName.EXPORT_STARTED, self.choice)
        ending = ", broken off"
        try:
            yield from parts
            ending = ""
        finally:
            self.made(ending)

    def _record(self, name: EventName, detail: str) -> None:
        record_file_event(self.file_name, name, self.source, detail=detail)
