"""Records of shops, customers and invoices.

Every record is immutable: a change puts a new record in its place.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, Final, Self
from urllib.parse import parse_qsl

from payments.sandbox.soap.messages import Message


class Status(StrEnum):
    """invoiceStatus. Source: API reference 2.6.0."""

    ISSUED = "ISSUED"
    PAID = "PAID"
    PENDING_ISSUER_ACKNOWLEDGE = "PENDING_ISSUER_ACKNOWLEDGE"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    RESERVED = "RESERVED"
    EXPIRED = "EXPIRED"


OPEN_STATUSES: Final = frozenset({Status.ISSUED, Status.PENDING_ISSUER_ACKNOWLEDGE})
"""The customer can still pay or cancel."""


def status_named(name: str) -> Status | str:
    """Return the status of that name, or the name itself if SEQR has no such status."""
    return Status(name) if name in Status.__members__ else name


class TokenStatus(IntEnum):
    """customerToken.status. Source: API reference 2.6.0, customer tokens."""

    PENDING = 0
    USED = 1
    BLOCKED = 90
    INVALID = 99


@dataclass(frozen=True)
class Shop:
    """A merchant's service with its service ID and four URLs.

    `codes` are the parameters of its printed codes, such as "TABLE=4"; "" has no parameters.
    """

    service_id: str
    name: str
    order_url: str
    success_url: str
    failure_url: str
    cancel_url: str
    codes: tuple[str, ...] = ("",)

    def payload(self, parameters: str) -> str:
        """The text in the printed code with these parameters."""
        query = f"?{parameters}" if parameters else ""
        return f"HTTP://SEQR.SE/000/{self.service_id}{query}"


@dataclass(frozen=True)
class Scan:
    """One scan of a printed code. Its token identifies the customer's session to the shop."""

    token: str
    service_id: str
    msisdn: str
    subscriber_key: str
    auth_key: str
    query: str
    scanned_at: datetime

    def parameters(self) -> dict[str, str]:
        """The entries of getClientSessionInfo; the code's own cannot replace the customer's."""
        return dict(parse_qsl(self.query, keep_blank_values=True)) | {
            "msisdn": self.msisdn,
            "subscriberKey": self.subscriber_key,
            "authKey": self.auth_key,
        }


@dataclass(frozen=True)
class CustomerToken:
    """A loyalty card sent with an invoice: `id` names the scheme, `value` the card."""

    id: str
    value: str
    status: int = TokenStatus.PENDING
    description: str | None = None

    def as_message(self) -> Message:
        """The customerToken element."""
        return {
            "description": self.description,
            "id": self.id,
            "status": self.status,
            "value": self.value,
        }


@dataclass(frozen=True)
class Customer:
    """A customer who has loyalty cards in the app."""

    msisdn: str
    cards: tuple[CustomerToken, ...]


@dataclass(frozen=True)
class Refund:
    """A refund of a payment. `ers_reference` is the refund's own; `amount` is positive.

    `client_invoice_id` is the shop's number for the refund.
    """

    ers_reference: str
    amount: Decimal
    currency: str
    title: str | None
    terminal_id: str
    cashier_id: str | None
    refunded_at: datetime
    client_invoice_id: str | None = None


@dataclass(frozen=True)
class ReceiptDocument:
    """A receipt that the shop has added to a payment; `data` is base64, as sent."""

    mime_type: str
    receipt_type: str
    data: str
    submitted_at: datetime


@dataclass(frozen=True)
class ForcedAnswer:
    """What the control API makes getPaymentStatus return.

    None leaves a field as it is. True sends the ersReference, or the receipt, in every status;
    False sends it in none.
    """

    ers_reference: bool | None = None
    receipt: bool | None = None
    receipt_amount: Decimal | None = None
    receipt_currency: str | None = None


@dataclass(frozen=True)
class Invoice:
    """An invoice from its sendInvoice to its end.

    - `content`: the invoice as sent, or as last updated.
    - `version`: 1 when issued; each change of status adds 1.
    - `held`: the customer is about to pay, so the shop cannot cancel.
    - `acknowledged`: the shop has answered the customer's loyalty cards.
    - `confirmed_at`: the shop's first getPaymentStatus that returned PAID.
    - `reversed_at`: SEQR reversed a payment, since the shop had not queried its status.
    - `released_at`: SEQR released a reservation that the shop had not committed.

    Amounts are in major units (149.99 SEK, not öre).
    """

    reference: str
    terminal_id: str
    content: Message
    created_at: datetime
    status: Status | str = Status.ISSUED
    version: int = 1
    held: bool = False
    tokens: tuple[CustomerToken, ...] = ()
    acknowledged: bool = False
    reserved_amount: Decimal | None = None
    reserved_until: datetime | None = None
    paid_amount: Decimal | None = None
    paid_at: datetime | None = None
    confirmed_at: datetime | None = None
    reversed_at: datetime | None = None
    released_at: datetime | None = None
    ers_reference: str | None = None
    payer: Scan | None = None
    refunds: tuple[Refund, ...] = ()
    receipts: tuple[ReceiptDocument, ...] = ()
    forced: ForcedAnswer = field(default_factory=ForcedAnswer)

    @property
    def title(self) -> str:
        title: str = self.content["title"]
        return title

    @property
    def amount(self) -> Decimal:
        """The invoice's total."""
        value: Decimal = self.content["totalAmount"]["value"]
        return value

    @property
    def currency(self) -> str:
        currency: str = self.content["totalAmount"]["currency"]
        return currency

    @property
    def rows(self) -> list[Message]:
        rows: list[Message] = self.content["invoiceRows"]["invoiceRow"]
        return rows

    @property
    def payment_mode(self) -> str:
        """How the customer is debited; at once, unless the shop sent another mode."""
        mode: str = self.content.get("paymentMode", "IMMEDIATE_DEBIT")
        return mode

    @property
    def is_open(self) -> bool:
        """The customer can still pay or cancel."""
        return self.status in OPEN_STATUSES

    @property
    def awaits_acknowledgment(self) -> bool:
        """The customer cannot pay until the shop has called updateInvoice."""
        return (
            self.status is Status.PENDING_ISSUER_ACKNOWLEDGE
            and self.content["acknowledgmentMode"] == "REQUIRE_ACKNOWLEDGMENT"
        )

    @property
    def charged_amount(self) -> Decimal:
        """The amount paid, else the total. They differ if a reservation was committed in part."""
        return self.amount if self.paid_amount is None else self.paid_amount

    @property
    def refunded_amount(self) -> Decimal:
        return sum((refund.amount for refund in self.refunds), Decimal())

    def with_status(self, status: Status | str, **changes: Any) -> Self:
        """The invoice in another status and with the next version."""
        return replace(self, status=status, version=self.version + 1, held=False, **changes)


@dataclass(frozen=True)
class StatusQuery:
    """The shop's latest getPaymentStatus for an invoice, with the version it sent.

    `longest_silence_seconds` is the longest time without a query, from the invoice's issue to the
    confirmation of its payment; it ended at `longest_silence_until`.
    """

    at: datetime
    version: int
    longest_silence_seconds: float = 0.0
    longest_silence_until: datetime | None = None
