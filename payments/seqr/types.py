"""What is said to SEQR and what it answers, as immutable values with SEQR's own names.

Money is a Decimal in major units (149.99 SEK, not öre). Fields that are personal or secret are left
out of every repr.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

# Far above any bill, and far below what would make a plain notation long.
_LARGEST_NUMBER = Decimal(10) ** 15
_SMALLEST_STEP = Decimal("0.000001")
_CENT = Decimal("0.01")


class PaymentMode(StrEnum):
    """How the customer is charged."""

    IMMEDIATE_DEBIT = "IMMEDIATE_DEBIT"
    RESERVATION_DESIRED = "RESERVATION_DESIRED"
    RESERVATION_REQUIRED = "RESERVATION_REQUIRED"
    RESERVATION_REQUIRED_PRELIMINARY_AMOUNT = "RESERVATION_REQUIRED_PRELIMINARY_AMOUNT"


class AcknowledgmentMode(StrEnum):
    """Whether the merchant answers a customer's loyalty token before the customer may pay."""

    NO_ACKNOWLEDGMENT = "NO_ACKNOWLEDGMENT"
    OPTIONAL_ACKNOWLEDGMENT = "OPTIONAL_ACKNOWLEDGMENT"
    REQUIRE_ACKNOWLEDGMENT = "REQUIRE_ACKNOWLEDGMENT"


class InvoiceStatus(StrEnum):
    """Where an invoice stands at SEQR."""

    ISSUED = "ISSUED"
    PAID = "PAID"
    PENDING_ISSUER_ACKNOWLEDGE = "PENDING_ISSUER_ACKNOWLEDGE"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    RESERVED = "RESERVED"
    EXPIRED = "EXPIRED"
    PARTIALLY_PAID = "PARTIALLY_PAID"


class CustomerTokenStatus(IntEnum):
    """What became of a customer's token. SEQR sends PENDING, the merchant answers the others."""

    PENDING = 0
    USED = 1
    BLOCKED = 90
    INVALID = 99


def _require_number(name: str, value: object, step: Decimal) -> None:
    """Raise ValueError unless `value` is a finite, sensible Decimal and a multiple of `step`."""
    if not (isinstance(value, Decimal) and value.is_finite() and abs(value) < _LARGEST_NUMBER):
        raise ValueError(f"{name} must be a finite Decimal below {_LARGEST_NUMBER:f}.")
    if value != value.quantize(step):
        raise ValueError(f"{name} must not be finer than {step:f}.")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money in major units. `currency` is an ISO 4217 code such as SEK.

    Raises ValueError for anything but a finite Decimal with at most two significant decimals.
    """

    value: Decimal
    currency: str

    def __post_init__(self) -> None:
        _require_number("An amount", self.value, _CENT)
        code = self.currency
        if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
            raise ValueError("A currency must be three capital letters, such as SEK.")


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One line of the bill. A negative total is a discount; `item_tax_rate` is in per cent."""

    item_description: str
    item_quantity: Decimal
    item_total_amount: Amount
    item_unit_price: Amount | None = None
    item_tax_rate: Decimal | None = None
    item_unit: str | None = None
    item_sku: str | None = None
    item_ean: str | None = None
    item_discount: Amount | None = None

    def __post_init__(self) -> None:
        _require_number("item_quantity", self.item_quantity, _SMALLEST_STEP)
        if self.item_tax_rate is not None:
            _require_number("item_tax_rate", self.item_tax_rate, _SMALLEST_STEP)


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill for one customer, or what is given back of one.

    `client_invoice_id` is the shop's own number. `footer` is shown on the receipt in the app, so
    it names the order. `notification_url` is called once when the invoice is paid, `back_url` is
    where a mobile browser returns to; a refund has neither. `commit_reservation_timeout_seconds`
    is how long a reservation waits to be committed. SEQR, not this class, judges whether the rows
    add up.

    Raises ValueError for an issue date without a time zone.
    """

    title: str
    client_invoice_id: str
    issue_date: datetime
    rows: tuple[InvoiceRow, ...]
    total_amount: Amount
    cashier_id: str
    footer: str
    # Both hold an unguessable part that opens a door of the shop.
    notification_url: str | None = field(repr=False)
    back_url: str | None = field(repr=False)
    payment_mode: PaymentMode = PaymentMode.IMMEDIATE_DEBIT
    acknowledgment_mode: AcknowledgmentMode = AcknowledgmentMode.NO_ACKNOWLEDGMENT
    commit_reservation_timeout_seconds: int | None = None

    def __post_init__(self) -> None:
        if self.issue_date.utcoffset() is None:
            raise ValueError("issue_date must carry a time zone.")


@dataclass(frozen=True, slots=True)
class SentInvoice:
    """SEQR's reference of a new invoice, and the content of the QR code that leads to it.

    `invoice_qr_code` is empty if SEQR sent none; `links.invoice_url` makes the same address.
    """

    invoice_reference: str
    invoice_qr_code: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What SEQR says about a payment. Anything missing or unreadable is None.

    `total_amount` is the total of the invoice inside the receipt: what the customer paid.
    `payment_date` always carries a time zone.
    """

    terminal_id: str | None
    payment_date: datetime | None
    client_invoice_id: str | None
    invoice_reference: str | None
    payment_reference: str | None
    payer_terminal_id: str | None = field(repr=False)
    receiver_name: str | None
    total_amount: Amount | None


@dataclass(frozen=True, slots=True)
class CustomerToken:
    """A loyalty card or the like. `status` is a CustomerTokenStatus, or a number new to us."""

    id: str | None
    description: str | None
    status: int
    value: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """Where an invoice stands. `version` is to be sent with the next question about it.

    `ers_reference` identifies the payment; it should come with PAID and is None before.
    """

    status: InvoiceStatus
    version: int
    ers_reference: str | None
    receipt: Receipt | None
    customer_tokens: tuple[CustomerToken, ...]


@dataclass(frozen=True, slots=True)
class ReceiptDocument:
    """The shop's own receipt of a payment, in full.

    `receipt_data` is the document as bytes, an HTML page or ARTS XML, which `mime_type` names;
    `receipt_type` is the shop's word for it. Raises ValueError if one of the three is empty.
    """

    mime_type: str
    receipt_data: bytes = field(repr=False)
    receipt_type: str

    def __post_init__(self) -> None:
        if not (self.mime_type and self.receipt_data and self.receipt_type):
            raise ValueError("A receipt needs its mime_type, its receipt_data and a receipt_type.")


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back. `ers_reference` is the refund's own, not that of the payment."""

    ers_reference: str


@dataclass(frozen=True, slots=True)
class ClientSession:
    """Who scanned the code. `parameters` are those printed in the code, such as TABLE.

    `msisdn` is the phone number in international form without a plus sign, `subscriber_key` the
    customer's lasting key; both are personal.
    """

    msisdn: str = field(repr=False)
    subscriber_key: str = field(repr=False)
    parameters: Mapping[str, str]
