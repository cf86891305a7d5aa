"""SEQR's side of the world: services, scans and invoices over time.

Nothing here waits or does I/O, so no two requests are ever halfway through it at once. Time comes
from the injected clock; whatever has fallen due happens before anything is read or written.
"""

import hashlib
import heapq
import secrets
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from payments.sandbox.clock import Clock
from payments.sandbox.codes import CANCEL_OF_FAILED, UNKNOWN_TOKEN, RefusedError, ResultCode
from payments.sandbox.invoice_rules import checked
from payments.sandbox.messages import Message
from payments.sandbox.models import Invoice, Note, Scan, Service, Status

DEFAULT_MSISDN: Final = "46700643933"
MAX_NOTES: Final = 50

SERVICE_ROUTING_KEY: Final = "000"

CANCEL_REFUSALS: Final = {
    Status.PAID: ResultCode.CANNOT_CANCEL_PAID_INVOICE,
    Status.CANCELED: ResultCode.INVOICE_ALREADY_CANCELED,
    Status.EXPIRED: ResultCode.PAYMENT_EXPIRED,
    Status.FAILED: CANCEL_OF_FAILED,
}


class NotFoundError(Exception):
    """What was named is not there; the text is a sentence."""


class ConflictError(Exception):
    """The invoice's state forbids it; the text is a sentence."""


class State:
    """All that SEQR knows. `on_paid` is told of each payment, once; it must not block."""

    def __init__(
        self,
        clock: Clock,
        on_paid: Callable[[Invoice], None],
        *,
        reversal_seconds: float = 20,
        token_seconds: float = 3600,
    ) -> None:
        self._clock = clock
        self._on_paid = on_paid
        self._reversal_after = timedelta(seconds=reversal_seconds)
        self._token_lifetime = timedelta(seconds=token_seconds)
        # References go on from the wall clock: a shop's database outlives this process, and a
        # reference that it knows already must not come again.
        self._last_reference = time.time_ns() // 100_000
        self._sequence = 0
        self._forget()

    def _forget(self) -> None:
        self.services: dict[str, Service] = {}
        self._scans: dict[str, Scan] = {}
        self._latest_scan: Scan | None = None
        self._invoices: dict[str, Invoice] = {}
        self._reversals: list[tuple[datetime, str]] = []
        self._notes: deque[Note] = deque(maxlen=MAX_NOTES)

    def reset(self) -> None:
        """Forget everything, services too. Numbers go on: none is given out twice."""
        self._forget()

    def catch_up(self) -> None:
        """Let everything happen that has fallen due by now."""
        now = self._clock.now()
        while self._reversals and self._reversals[0][0] <= now:
            due, reference = heapq.heappop(self._reversals)
            invoice = self._invoices[reference]
            if invoice.status is Status.PAID and invoice.confirmed_at is None:
                self._reverse(invoice, due)

    def _reverse(self, invoice: Invoice, due: datetime) -> None:
        invoice.move(Status.CANCELED)
        invoice.reversed_at = due
        self._notes.appendleft(
            Note(
                due,
                invoice.payer.msisdn if invoice.payer else None,
                f"Your payment to {invoice.title} was cancelled and the money is returned: "
                "the shop never asked for it.",
                invoice.reference,
            )
        )

    # Scanning

    def scan(self, url: str, msisdn: str = DEFAULT_MSISDN) -> Scan:
        """A customer scans a printed code, HTTP://SEQR.SE/000/<service id>?….

        Raises ValueError for what is no such code, NotFoundError for an unknown service.
        """
        parts = urlsplit(url)
        segments = parts.path.split("/")
        if (
            parts.scheme.lower() != "http"
            or parts.netloc.lower() != "seqr.se"
            or len(segments) != 3
            or segments[1] != SERVICE_ROUTING_KEY
        ):
            raise ValueError("a service's code reads HTTP://SEQR.SE/000/<service id>")
        if segments[2] not in self.services:
            raise NotFoundError(f"No service has the ID {segments[2]!r}.")
        self._sequence += 1
        scan = Scan(
            token=f"{self._sequence:010d}-{secrets.randbelow(10**8):08d}",
            service_id=segments[2],
            msisdn=msisdn,
            subscriber_key=hashlib.sha256(msisdn.encode()).hexdigest()[:24],
            auth_key=secrets.token_hex(16),
            query=parts.query,
            scanned_at=self._clock.now(),
        )
        self._scans[scan.token] = scan
        self._latest_scan = scan
        return scan

    def order_url(self, scan: Scan) -> str:
        """Where the app goes after a scan."""
        return f"{self.services[scan.service_id].order_url}#{scan.token}"

    def session(self, token: str) -> Scan:
        """The scan that a token stands for. Raises RefusedError."""
        scan = self._scans.get(token)
        if scan is None:
            raise RefusedError(UNKNOWN_TOKEN, "no such token")
        if self._clock.now() >= scan.scanned_at + self._token_lifetime:
            raise RefusedError(UNKNOWN_TOKEN, "the token has expired")
        return scan

    def scan_of(self, token: str | None) -> Scan | None:
        """The scan by its token, expired or not, or the latest one. Raises NotFoundError."""
        if token is None:
            return self._latest_scan
        if token not in self._scans:
            raise NotFoundError("token: no scan has given out this token.")
        return self._scans[token]

    # What the shop does

    def issue(self, terminal_id: str, content: Message | None) -> Invoice:
        """sendInvoice. Raises RefusedError."""
        self.catch_up()
        content = checked(content)
        self._last_reference += 1
        reference = str(self._last_reference)
        invoice = Invoice(reference, terminal_id, content, self._clock.now())
        self._invoices[reference] = invoice
        return invoice

    def ask(self, reference: str, version: int) -> Invoice:
        """getPaymentStatus: an answer of PAID is the shop's acceptance. Raises RefusedError."""
        invoice = self._known(reference)
        invoice.asked_at = self._clock.now()
        invoice.asked_version = version
        if invoice.status is Status.PAID and invoice.confirmed_at is None:
            invoice.confirmed_at = invoice.asked_at
        return invoice

    def cancel_by_shop(self, reference: str) -> None:
        """cancelInvoice. Raises RefusedError."""
        invoice = self._known(reference)
        if invoice.held:
            raise RefusedError(
                ResultCode.CANNOT_CANCEL_INVOICE_IN_PROGRESS, "the customer is about to pay"
            )
        if invoice.status in CANCEL_REFUSALS:
            raise RefusedError(CANCEL_REFUSALS[invoice.status], f"the invoice is {invoice.status}")
        invoice.move(Status.CANCELED)

    def _known(self, reference: str) -> Invoice:
        self.catch_up()
        if reference not in self._invoices:
            raise RefusedError(ResultCode.INVALID_INVOICE_REFERENCE, "no such invoice")
        return self._invoices[reference]

    # What the customer does, and what a test makes happen

    def invoices(self) -> list[Invoice]:
        """All invoices, the oldest first."""
        self.catch_up()
        return list(self._invoices.values())

    def invoice(self, reference: str) -> Invoice:
        """One invoice. Raises NotFoundError."""
        self.catch_up()
        if reference not in self._invoices:
            raise NotFoundError(f"There is no invoice {reference!r}.")
        return self._invoices[reference]

    def pay(self, reference: str, payer: Scan | None) -> Invoice:
        """The customer pays. Raises NotFoundError, ConflictError."""
        invoice = self._payable(reference, "paid")
        now = self._clock.now()
        self._sequence += 1
        invoice.move(Status.PAID)
        invoice.paid_at = now
        invoice.payer = payer
        invoice.ers_reference = f"{now:%Y%m%d%H%M%S%f}"[:17] + f"{self._sequence:08d}"
        heapq.heappush(self._reversals, (now + self._reversal_after, reference))
        self._on_paid(invoice)
        return invoice

    def end(self, reference: str, status: Status) -> Invoice:
        """The invoice ends unpaid, as that status. Raises NotFoundError, ConflictError."""
        invoice = self._payable(reference, status.lower())
        invoice.move(status)
        return invoice

    def hold(self, reference: str, *, held: bool) -> Invoice:
        """The customer is about to pay, or not any more. Raises NotFoundError, ConflictError."""
        invoice = self._payable(reference, "held" if held else "released")
        invoice.held = held
        return invoice

    def _payable(self, reference: str, done: str) -> Invoice:
        invoice = self.invoice(reference)
        if invoice.status is not Status.ISSUED:
            raise ConflictError(
                f"Invoice {reference} is {invoice.status}: only an ISSUED one can be {done}."
            )
        return invoice

    def redirect_url(self, invoice: Invoice, scan: Scan | None) -> str | None:
        """Where the app goes when it has done with the invoice: a URL of the scanned service.

        Without a scan it is the invoice's backURL, if it has one.
        """
        if scan is None:
            back_url: str | None = invoice.content.get("backURL")
            return back_url
        service = self.services[scan.service_id]
        base = {Status.PAID: service.success_url, Status.CANCELED: service.cancel_url}.get(
            invoice.status, service.failure_url
        )
        return f"{base}#{scan.token}_{invoice.reference}"

    def notes(self, msisdn: str) -> list[Note]:
        """The text messages to a phone, the latest first."""
        self.catch_up()
        return [note for note in self._notes if note.msisdn in (None, msisdn)]
