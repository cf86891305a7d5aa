"""SEQR's records with its clock, and the changes that time alone makes to them.

Nothing here waits or does I/O, so two requests never see a change half made. Changes that have
fallen due are applied before anything is read or written.
"""

import heapq
import time
from datetime import datetime, timedelta

from payments.sandbox.clock import Clock
from payments.sandbox.soap.result_codes import RefusedError, ResultCode
from payments.sandbox.storage.models import Invoice, Shop, Status
from payments.sandbox.storage.published_principals import PUBLISHED_RESELLER, PUBLISHED_TERMINAL
from payments.sandbox.storage.records import Records, Table


class NotFoundError(Exception):
    """The named record does not exist; the text is a sentence."""


class Ledger:
    """The records, the clock, and the references that SEQR gives out."""

    def __init__(self, clock: Clock, records: Records, reversal_seconds: float) -> None:
        self._clock = clock
        self._reversal_after = timedelta(seconds=reversal_seconds)
        self.records = records
        # References start from the wall clock: a shop's database outlives this process, and must
        # not see a reference a second time.
        self._last_reference = max(
            time.time_ns() // 100_000, int(records.invoices.latest_key() or 0)
        )
        self._due: list[tuple[datetime, str]] = []
        self._by_ers_reference: dict[str, str] = {}
        for invoice in records.invoices.values():
            self._index(invoice)
        self._add_published_principals()

    def _add_published_principals(self) -> None:
        self.records.resellers.setdefault(PUBLISHED_RESELLER.reseller_id, PUBLISHED_RESELLER)
        self.records.terminals.setdefault(PUBLISHED_TERMINAL.terminal_id, PUBLISHED_TERMINAL)

    @property
    def shops(self) -> Table[Shop]:
        """The shops by their service IDs."""
        return self.records.shops

    def now(self) -> datetime:
        """The sandbox's time."""
        return self._clock.now()

    def reset(self) -> None:
        """Delete all records but the published principals. Numbers continue: none repeats."""
        self.records.clear()
        self._due.clear()
        self._by_ers_reference.clear()
        self._add_published_principals()

    def apply_due_changes(self) -> None:
        """Reverse payments and release reservations whose time is up."""
        now = self.now()
        while self._due and self._due[0][0] <= now:
            due, reference = heapq.heappop(self._due)
            invoice = self.records.invoices[reference]
            if self._due_at(invoice) == due:
                self._apply_due_change(invoice, due)

    def _due_at(self, invoice: Invoice) -> datetime | None:
        """When the invoice changes by itself, if nobody changes it before."""
        if invoice.status is Status.RESERVED:
            return invoice.reserved_until
        if invoice.status is Status.PAID and invoice.paid_at and invoice.confirmed_at is None:
            return invoice.paid_at + self._reversal_after
        return None

    def _apply_due_change(self, invoice: Invoice, due: datetime) -> None:
        if invoice.status is Status.RESERVED:
            self.save(invoice.with_status(Status.EXPIRED, released_at=due))
        else:
            self.save(invoice.with_status(Status.CANCELED, reversed_at=due))

    def next_reference(self) -> str:
        """The reference of a new invoice."""
        self._last_reference += 1
        return str(self._last_reference)

    def next_ers_reference(self) -> str:
        """The reference of a new payment, refund or period: 25 digits."""
        return f"{self.now():%Y%m%d%H%M%S%f}"[:17] + f"{self.records.next_number():08d}"

    def save(self, invoice: Invoice) -> None:
        """Store a new or changed invoice."""
        self.records.invoices[invoice.reference] = invoice
        self._index(invoice)

    def _index(self, invoice: Invoice) -> None:
        if due := self._due_at(invoice):
            heapq.heappush(self._due, (due, invoice.reference))
        if invoice.ers_reference:
            self._by_ers_reference[invoice.ers_reference] = invoice.reference

    def invoices(self) -> list[Invoice]:
        """All invoices, the oldest first."""
        self.apply_due_changes()
        return list(self.records.invoices.values())

    def invoice(self, reference: str) -> Invoice:
        """One invoice. Raises NotFoundError."""
        self.apply_due_changes()
        if reference not in self.records.invoices:
            raise NotFoundError(f"There is no invoice {reference!r}.")
        return self.records.invoices[reference]

    def invoice_or_refuse(self, reference: str, terminal_id: str) -> Invoice:
        """The invoice of the calling terminal that a request names.

        Another terminal's invoice is refused like an unknown one. Raises RefusedError: 54.
        """
        self.apply_due_changes()
        invoice = self.records.invoices.get(reference)
        if invoice is None or invoice.terminal_id != terminal_id:
            raise RefusedError(ResultCode.INVALID_INVOICE_REFERENCE, "no such invoice")
        return invoice

    def payment_or_refuse(self, ers_reference: str, terminal_id: str) -> Invoice:
        """The paid invoice of the calling terminal whose payment a request names.

        Another terminal's payment is refused like an unknown one. Raises RefusedError: 23.
        """
        self.apply_due_changes()
        invoice = self.records.invoices.get(self._by_ers_reference.get(ers_reference, ""))
        if (
            invoice is None
            or invoice.terminal_id != terminal_id
            or invoice.status is not Status.PAID
            or invoice.ers_reference != ers_reference
        ):
            raise RefusedError(ResultCode.INVALID_ERS_REFERENCE, "no such payment")
        return invoice
