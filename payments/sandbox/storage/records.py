"""All that the sandbox remembers, as tables of immutable records.

A record never changes in place, so the journal of a state file has only to follow what is put into
a table or deleted from it.
"""

from collections import UserDict
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from payments.sandbox.storage.merchant_models import (
    Period,
    RefundRefusal,
    Reseller,
    Terminal,
    Transaction,
)
from payments.sandbox.storage.models import Customer, Invoice, Scan, Shop, StatusQuery

R = TypeVar("R")


class Journal(Protocol):
    """Stores changes of records."""

    def record_change(self, table: str, key: str, record: object | None) -> None:
        """Add a change to the next commit; None deletes the record."""

    def commit(self) -> None:
        """Write all changes since the last commit."""


class Table(UserDict[str, R]):
    """Records by key, in the order in which they were added."""

    def __init__(self, name: str, record_type: type[R], journal: Journal | None) -> None:
        super().__init__()
        self._name = name
        self._record_type = record_type
        self._journal = journal

    def restore(self, key: str, record: object) -> None:
        """Add a record of an earlier run. Raises TypeError for a record of another table."""
        if not isinstance(record, self._record_type):
            raise TypeError(f"{type(record).__name__} does not belong to {self._name}")
        self.data[key] = record

    def __setitem__(self, key: str, record: R) -> None:
        self.data[key] = record
        self._record_change(key, record)

    def __delitem__(self, key: str) -> None:
        del self.data[key]
        self._record_change(key, None)

    def _record_change(self, key: str, record: object | None) -> None:
        if self._journal:
            self._journal.record_change(self._name, key, record)

    def latest_key(self) -> str | None:
        """The key that was added last."""
        return next(reversed(self.data), None)


class Records:
    """The tables. Without a journal they are in memory only.

    `restored` are the records of an earlier run, as (table, key, record).

    Raises KeyError for an unknown table, TypeError for a record of another table.
    """

    def __init__(
        self, journal: Journal | None = None, restored: Iterable[tuple[str, str, Any]] = ()
    ) -> None:
        self._journal = journal
        self.shops = Table("shops", Shop, journal)
        self.scans = Table("scans", Scan, journal)
        self.customers = Table("customers", Customer, journal)
        self.invoices = Table("invoices", Invoice, journal)
        self.status_queries = Table("status_queries", StatusQuery, journal)
        self.resellers = Table("resellers", Reseller, journal)
        self.terminals = Table("terminals", Terminal, journal)
        self.transactions = Table("transactions", Transaction, journal)
        self.periods = Table("periods", Period, journal)
        self.refund_refusals = Table("refund_refusals", RefundRefusal, journal)
        self.numbers = Table("numbers", float, journal)
        for table, key, record in restored:
            self._tables()[table].restore(key, record)

    def _tables(self) -> dict[str, Table[Any]]:
        return {name: table for name, table in vars(self).items() if isinstance(table, Table)}

    def clear(self) -> None:
        """Empty every table but the numbers, so that no number is given out twice."""
        for table in self._tables().values():
            if table is not self.numbers:
                table.clear()

    def commit(self) -> None:
        """Write all changes to the state file, if there is one. Raises StateFileError."""
        if self._journal:
            self._journal.commit()

    def next_number(self) -> int:
        """A number that was never given out before."""
        number = int(self.numbers.get("sequence", 0.0)) + 1
        self.numbers["sequence"] = float(number)
        return number

    def add_transaction(self, transaction: Transaction) -> None:
        """Book a sale or a refund."""
        self.transactions[str(self.next_number())] = transaction
