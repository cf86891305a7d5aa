"""What the sandbox remembers. Every record is immutable: a change is a new record in its place."""

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


OPEN: Final = frozenset({Status.ISSUED, Status.PENDING_ISSUER_ACKNOWLEDGE})
"""The customer may still pay or cancel."""


def status_named(name: str) -> Status | str:
    """The status of that name; a name that SEQR does not have stays a text."""
    return Status(name) if name in Status.__members__ else name


class TokenStatus(IntEnum):
    """customerToken.status. Source: API reference 2.6.0, customer tokens."""

    PENDING = 0
    USED = 1
    BLOCKED = 90
    INVALID = 99


@dataclass(frozen=True)
class Service:
    """A merchant's service with its four URLs.

    `codes` are the parameters of its printed codes, such as "TABLE=4"; "" is a code without any.
    """

    service_id: str
    name: str
    order_url: str
    success_url: str
    failure_url: str
    cancel_url: str
    codes: tuple[str, ...] = ("",)

    def payload(self, parameters: str) -> str:
        """What the printed code with these parameters says."""
        query = f"?{parameters}" if parameters else ""
        return f"HTTP://SEQR.SE/000/{self.service_id}{query}"


@dataclass(frozen=True)
class Scan:
    """One scan of a printed code: the customer's session, known to the shop by its token."""

    token: str
    service_id: str
    msisdn: str
    subscriber_key: str
    auth_key: str
    query: str
    scanned_at: datetime

    def parameters(self) -> dict[str, str]:
        """The entries of getClientSessionInfo; the code cannot overwrite who the customer is."""
        return dict(parse_qsl(self.query, keep_blank_values=True)) | {
            "msisdn": self.msisdn,
            "subscriberKey": self.subscriber_key,
            "authKey": self.auth_key,
        }


@dataclass(frozen=True)
class CustomerToken:
    """A loyalty card as it travels with an invoice: `id` names the scheme, `value` the card."""

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
    """One refund of a payment. `ers_reference` is its own; `amount` is positive.

    `client_invoice_id` is the shop's number for it; a state file of an earlier version lacks it.
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
class Forced:
    """What getPaymentStatus answers differently because the control interface says so.

    None leaves a field as it is; True or False sends the ersReference, or the receipt, in any
    status or in none.
    """

    ers_reference: bool | None = None
    receipt: bool | None = None
    receipt_amount: Decimal | None = None
    receipt_currency: str | None = None


@dataclass(frozen=True)
class Invoice:
    """One sendInvoice and what became of it.

    `content` is the invoice as sent, or as last updated. `version` is 1 when issued and grows with
    every change of status. `held` means that the customer is about to pay: the shop cannot cancel
    it. `acknowledged`: the shop has answered the customer's cards. `confirmed_at` is the shop's
    first getPaymentStatus that answered PAID; a payment that nobody asked about is returned at
    `reversed_at`, a reservation that nobody took at `released_at`. Amounts are in major units
    (149.99 SEK, not öre).
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
    forced: Forced = field(default_factory=Forced)

    @property
    def title(self) -> str:
        title: str = self.content["title"]
        return title

    @property
    def amount(self) -> Decimal:
        """The bill's total."""
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
    def is_open(self) -> bool:
        """The customer may still pay or cancel."""
        return self.status in OPEN

    @property
    def waits_for_the_shop(self) -> bool:
        """The customer cannot pay before the shop has answered with updateInvoice."""
        return (
            self.status is Status.PENDING_ISSUER_ACKNOWLEDGE
            and self.content["acknowledgmentMode"] == "REQUIRE_ACKNOWLEDGMENT"
        )

    @property
    def due_amount(self) -> Decimal:
        """What was paid, or else the bill's total; a reservation may be taken in part."""
        return self.amount if self.paid_amount is None else self.paid_amount

    @property
    def refunded_amount(self) -> Decimal:
        """All refunds together."""
        return sum((refund.amount for refund in self.refunds), Decimal())

    def moved(self, status: Status | str, **changes: Any) -> Self:
        """The invoice in another status; the version grows with it."""
        return replace(self, status=status, version=self.version + 1, held=False, **changes)


@dataclass(frozen=True)
class Asked:
    """The shop's latest getPaymentStatus about an invoice, and the version it named."""

    at: datetime
    version: int
