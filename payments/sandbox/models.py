"""What the sandbox remembers: services, scans, invoices and what the phone was told."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from urllib.parse import parse_qsl

from payments.sandbox.messages import Message


class Status(StrEnum):
    """invoiceStatus, as far as the sandbox sets it. Source: API reference 2.6.0."""

    ISSUED = "ISSUED"
    PAID = "PAID"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


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


@dataclass
class Invoice:
    """One sendInvoice and what became of it.

    `content` is the invoice as sent. `version` is 1 when issued and grows with every change of
    status. `held` means that the customer is about to pay: the shop cannot cancel it. `asked_at` is
    the shop's last getPaymentStatus, `confirmed_at` the first one that answered PAID.
    """

    reference: str
    terminal_id: str
    content: Message
    created_at: datetime
    status: Status = Status.ISSUED
    version: int = 1
    held: bool = False
    asked_at: datetime | None = None
    asked_version: int | None = None
    paid_at: datetime | None = None
    confirmed_at: datetime | None = None
    reversed_at: datetime | None = None
    ers_reference: str | None = None
    payer: Scan | None = None

    @property
    def title(self) -> str:
        title: str = self.content["title"]
        return title

    @property
    def amount(self) -> Decimal:
        """The total in major units (149.99 SEK, not öre)."""
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

    def move(self, status: Status) -> None:
        """Change the status; the version grows with it."""
        self.status = status
        self.version += 1
        self.held = False


@dataclass(frozen=True)
class Note:
    """A text message to the customer's phone."""

    at: datetime
    msisdn: str | None
    text: str
    invoice_reference: str = field(default="")
