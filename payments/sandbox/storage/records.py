"""All that the sandbox remembers, in tables of immutable records.

Since a record never changes in place, whatever is put into a table is all that has changed: that is
what a state file has to write.
"""

from collections import UserDict
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from payments.sandbox.storage.models import Asked, Customer, Invoice, Scan, Service
from payments.sandbox.storage.shop_models import Period, RefundRefusal, Terminal, Transaction

R = TypeVar("R")


class Journal(Protocol):
    """Where changes are kept."""

    def note(self, table: str, key: str, record: object | None) -> None:
        """Take a changed record, or None for one that is gone."""

    def commit(self) -> None:
        """Keep all that was taken since the last time."""


class _NoJournal:
    """Everything is in memory only."""

    def note(self, _: str, __: str, ___: object | None) -> None:
        pass

    def commit(self) -> None:
        pass


class Table(UserDict[str, R]):
    """Records by key, in the order in which they came."""

    def __init__(self, name: str, record_type: type[R], journal: Journal) -> None:
        super().__init__()
        self._name = name
        self._record_type = record_type
        self._journal = journal

    def restore(self, key: str, record: object) -> None:
        """Take back a record of an earlier run. Raises TypeError for one of another table."""
        if not isinstance(record, self._record_type):
            raise TypeError(f"{type(record).__name__} does not belong to {self._name}")
        self.data[key] = record

    def __setitem__(self, key: str, record: R) -> None:
        self.data[key] = record
        self._journal.note(self._name, key, record)

    def __delitem__(self, key: str) -> None:
        del self.data[key]
        self._journal.note(self._name, key, None)

    def latest_key(self) -> str | None:
        """The key that came last."""
        return next(reversed(self.data), None)


class Records:
    """The tables. `kept` are the records of an earlier run, as (table, key, record).

    Raises KeyError or TypeError for records that are none of these.
    """

    def __init__(
        self, journal: Journal | None = None, kept: Iterable[tuple[str, str, Any]] = ()
    ) -> None:
        self._journal = _NoJournal() if journal is None else journal
        self.services: Table[Service] = Table("services", Service, self._journal)
        self.scans: Table[Scan] = Table("scans", Scan, self._journal)
        self.customers: Table[Customer] = Table("customers", Customer, self._journal)
        self.invoices: Table[Invoice] = Table("invoices", Invoice, self._journal)
        self.asked: Table[Asked] = Table("asked", Asked, self._journal)
        self.terminals: Table[Terminal] = Table("terminals", Terminal, self._journal)
        self.transactions: Table[Transaction] = Table("transactions", Transaction, self._journal)
        self.periods: Table[Period] = Table("periods", Period, self._journal)
        self.refusals: Table[RefundRefusal] = Table("refusals", RefundRefusal, self._journal)
        self.numbers: Table[float] = Table("numbers", float, self._journal)
        for table, key, record in kept:
            self._tables()[table].restore(key, record)

    def _tables(self) -> dict[str, Table[Any]]:
        return {name: table for name, table in vars(self).items() if isinstance(table, Table)}

    def forget(self) -> None:
        """Empty every table, except for the numbers: none is given out twice."""
        for table in self._tables().values():
            if table is not self.numbers:
                table.clear()

    def commit(self) -> None:
        """Keep what has changed, if there is a state file. Raises StateFileError."""
        self._journal.commit()

    def next_number(self) -> int:
        """A number that was never given out before."""
        number = int(self.numbers.get("sequence", 0.0)) + 1
        self.numbers["sequence"] = float(number)
        return number

    def add_transaction(self, transaction: Transaction) -> None:
        """Book a sale or a refund."""
        self.transactions[str(self.next_number())] = transaction
