"""The customer's side of SEQR: scanning codes, opening bills, paying them.

What the shop does is in `shop`, `refunds`, `terminals` and `periods`, over the same state.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

from payments.sandbox.clock import Clock
from payments.sandbox.operations import loyalty
from payments.sandbox.soap.result_codes import UNKNOWN_TOKEN, RefusedError
from payments.sandbox.storage.ledger import Ledger, NotFoundError
from payments.sandbox.storage.models import Invoice, Scan, Status
from payments.sandbox.storage.records import Records

__all__ = ["DEFAULT_MSISDN", "ConflictError", "NotFoundError", "SeqrSimulator"]

DEFAULT_MSISDN: Final = "46700643933"

SERVICE_ROUTING_KEY: Final = "000"

SUCCESSES: Final = frozenset({Status.PAID, Status.RESERVED})


class ConflictError(Exception):
    """The invoice's state forbids it; the text is a sentence."""


class SeqrSimulator(Ledger):
    """All that SEQR knows. `on_paid` is told of each payment, once; it must not block."""

    def __init__(
        self,
        clock: Clock,
        on_paid: Callable[[Invoice], None],
        *,
        records: Records | None = None,
        reversal_seconds: float = 20,
        token_seconds: float = 3600,
    ) -> None:
        super().__init__(clock, Records() if records is None else records, reversal_seconds)
        self._on_paid = on_paid
        self._token_lifetime = timedelta(seconds=token_seconds)

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
        scan = Scan(
            token=f"{self.records.next_number():010d}-{secrets.randbelow(10**8):08d}",
            service_id=segments[2],
            msisdn=msisdn,
            subscriber_key=hashlib.sha256(msisdn.encode()).hexdigest()[:24],
            auth_key=secrets.token_hex(16),
            query=parts.query,
            scanned_at=self.now(),
        )
        self.records.scans[scan.token] = scan
        return scan

    def order_url(self, scan: Scan) -> str:
        """Where the app goes after a scan."""
        return f"{self.services[scan.service_id].order_url}#{scan.token}"

    def session(self, token: str) -> Scan:
        """The scan that a token stands for. Raises RefusedError."""
        scan = self.records.scans.get(token)
        if scan is None:
            raise RefusedError(UNKNOWN_TOKEN, "no such token")
        if self.now() >= scan.scanned_at + self._token_lifetime:
            raise RefusedError(UNKNOWN_TOKEN, "the token has expired")
        return scan

    def scan_of(self, token: str | None) -> Scan | None:
        """The scan by its token, expired or not, or the latest one. Raises NotFoundError."""
        token = self.records.scans.latest_key() if token is None else token
        if token is None:
            return None
        if token not in self.records.scans:
            raise NotFoundError("token: no scan has given out this token.")
        return self.records.scans[token]

    # What the customer does, and what a test makes happen

    def open(self, reference: str, msisdn: str) -> Invoice:
        """A customer opens the bill; their cards may go to the shop. Raises NotFoundError."""
        invoice = self.invoice(reference)
        customer = self.records.customers.get(msisdn)
        opened = loyalty.opened(invoice, customer.cards if customer else ())
        if opened is not invoice:
            self.save(opened)
        return opened

    def pay(self, reference: str, payer: Scan | None) -> Invoice:
        """The customer opens the bill and pays, or has the money reserved, as the shop wished.

        Raises NotFoundError, ConflictError.
        """
        self.open(reference, payer.msisdn if payer else DEFAULT_MSISDN)
        invoice = self._payable(reference, "paid")
        if invoice.waits_for_the_shop:
            raise ConflictError(
                f"Invoice {reference} cannot be paid yet: "
                "the shop has to answer with updateInvoice first."
            )
        invoice = replace(invoice, payer=payer)
        if invoice.content["paymentMode"] == "IMMEDIATE_DEBIT":
            return self.settle(invoice, invoice.amount)
        seconds: int | None = invoice.content.get("commitReservationTimeout")
        reserved = invoice.moved(
            Status.RESERVED,
            reserved_amount=invoice.amount,
            reserved_until=None if seconds is None else self.now() + timedelta(seconds=seconds),
        )
        self.save(reserved)
        return reserved

    def settle(
        self, invoice: Invoice, amount: Decimal, confirmed_at: datetime | None = None
    ) -> Invoice:
        """The money moves: `amount` in major units of the invoice's currency."""
        paid = invoice.moved(
            Status.PAID,
            paid_amount=amount,
            paid_at=self.now(),
            confirmed_at=confirmed_at,
            ers_reference=self.next_ers_reference(),
        )
        self.save(paid)
        self._on_paid(paid)
        return paid

    def end(self, reference: str, status: Status) -> Invoice:
        """The invoice ends unpaid, as that status. Raises NotFoundError, ConflictError."""
        ended = self._payable(reference, status.lower()).moved(status)
        self.save(ended)
        return ended

    def hold(self, reference: str, *, held: bool) -> Invoice:
        """The customer is about to pay, or not any more. Raises NotFoundError, ConflictError."""
        invoice = replace(self._payable(reference, "held" if held else "released"), held=held)
        self.save(invoice)
        return invoice

    def _payable(self, reference: str, done: str) -> Invoice:
        invoice = self.invoice(reference)
        if not invoice.is_open:
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
        base = service.failure_url
        if invoice.status in SUCCESSES:
            base = service.success_url
        elif invoice.status is Status.CANCELED:
            base = service.cancel_url
        return f"{base}#{scan.token}_{invoice.reference}"
