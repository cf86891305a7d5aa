"""The customer's side of SEQR: scan codes, open invoices, pay them.

The shop's side is in `invoices`, `refunds`, `terminals` and `periods`.
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

SUCCESS_STATUSES: Final = frozenset({Status.PAID, Status.RESERVED})


class ConflictError(Exception):
    """The invoice's status does not allow this; the text is a sentence."""


class SeqrSimulator(Ledger):
    """SEQR with its customers. Calls `on_paid` once for each payment; it must not block."""

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
        """Scan a printed code, HTTP://SEQR.SE/000/<service id>?….

        Raises ValueError for any other text, NotFoundError for an unknown service ID.
        """
        parts = urlsplit(url)
        segments = parts.path.split("/")
        if (
            parts.scheme.lower() != "http"
            or parts.netloc.lower() != "seqr.se"
            or len(segments) != 3
            or segments[1] != SERVICE_ROUTING_KEY
        ):
            raise ValueError("a printed code reads HTTP://SEQR.SE/000/<service id>")
        if segments[2] not in self.shops:
            raise NotFoundError(f"No shop has the service ID {segments[2]!r}.")
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
        """The page that the app opens after a scan."""
        return f"{self.shops[scan.service_id].order_url}#{scan.token}"

    def session(self, token: str) -> Scan:
        """The scan of a token. Raises RefusedError for an unknown or expired token."""
        scan = self.records.scans.get(token)
        if scan is None:
            raise RefusedError(UNKNOWN_TOKEN, "no such token")
        if self.now() >= scan.scanned_at + self._token_lifetime:
            raise RefusedError(UNKNOWN_TOKEN, "the token has expired")
        return scan

    def scan_of(self, token: str | None) -> Scan | None:
        """The scan of a token, expired or not; by default the latest. Raises NotFoundError."""
        token = self.records.scans.latest_key() if token is None else token
        if token is None:
            return None
        if token not in self.records.scans:
            raise NotFoundError("token: no scan has this token.")
        return self.records.scans[token]

    # Paying

    def open_invoice(self, reference: str, msisdn: str) -> Invoice:
        """The customer opens the invoice. This may send cards to the shop. Raises NotFoundError."""
        invoice = self.invoice(reference)
        customer = self.records.customers.get(msisdn)
        opened = loyalty.after_opening(invoice, customer.cards if customer else ())
        if opened is not invoice:
            self.save(opened)
        return opened

    def pay(self, reference: str, payer: Scan | None) -> Invoice:
        """The customer pays, or has the amount reserved if the shop asked for that.

        Raises NotFoundError, ConflictError.
        """
        self.open_invoice(reference, payer.msisdn if payer else DEFAULT_MSISDN)
        invoice = self._payable(reference, "paid")
        if invoice.awaits_acknowledgment:
            raise ConflictError(
                f"Invoice {reference} cannot be paid yet: the shop has to call updateInvoice first."
            )
        invoice = replace(invoice, payer=payer)
        if invoice.payment_mode == "IMMEDIATE_DEBIT":
            return self.complete_payment(invoice, invoice.amount)
        seconds: int | None = invoice.content.get("commitReservationTimeout")
        reserved = invoice.with_status(
            Status.RESERVED,
            reserved_amount=invoice.amount,
            reserved_until=None if seconds is None else self.now() + timedelta(seconds=seconds),
        )
        self.save(reserved)
        return reserved

    def complete_payment(
        self, invoice: Invoice, amount: Decimal, confirmed_at: datetime | None = None
    ) -> Invoice:
        """Pay `amount`, in major units of the invoice's currency."""
        paid = invoice.with_status(
            Status.PAID,
            paid_amount=amount,
            paid_at=self.now(),
            confirmed_at=confirmed_at,
            ers_reference=self.next_ers_reference(),
        )
        self.save(paid)
        self._on_paid(paid)
        return paid

    def end_unpaid(self, reference: str, status: Status) -> Invoice:
        """End the invoice unpaid, in that status. Raises NotFoundError, ConflictError."""
        ended = self._payable(reference, status.lower()).with_status(status)
        self.save(ended)
        return ended

    def hold(self, reference: str, *, held: bool) -> Invoice:
        """Block the shop's cancelInvoice, as while a customer enters the PIN; or unblock it.

        Raises NotFoundError, ConflictError.
        """
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
        """The page that the app opens when the invoice is done: one of the scanned shop's URLs.

        Without a scan it is the invoice's backURL, if there is one.
        """
        if scan is None:
            back_url: str | None = invoice.content.get("backURL")
            return back_url
        shop = self.shops[scan.service_id]
        base = shop.failure_url
        if invoice.status in SUCCESS_STATUSES:
            base = shop.success_url
        elif invoice.status is Status.CANCELED:
            base = shop.cancel_url
        return f"{base}#{scan.token}_{invoice.reference}"
