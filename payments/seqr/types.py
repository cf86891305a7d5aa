"""The values in SEQR's requests and responses: immutable, with SEQR's own field names.

Money is a Decimal in major units (149.99 SEK, not öre). Every repr leaves out personal and secret
fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

CENT = Decimal("0.01")

_MAX_NUMBER = Decimal(10) ** 15  # above any invoice; keeps numbers short in plain notation
_MIN_STEP = Decimal("0.000001")


class PaymentMode(StrEnum):
    """How the customer is charged."""

    IMMEDIATE_DEBIT = "IMMEDIATE_DEBIT"
    RESERVATION_DESIRED = "RESERVATION_DESIRED"
    RESERVATION_REQUIRED = "RESERVATION_REQUIRED"
    RESERVATION_REQUIRED_PRELIMINARY_AMOUNT = "RESERVATION_REQUIRED_PRELIMINARY_AMOUNT"


class AcknowledgmentMode(StrEnum):
    """Whether the shop confirms a loyalty token before the customer may pay."""

    NO_ACKNOWLEDGMENT = "NO_ACKNOWLEDGMENT"
    OPTIONAL_ACKNOWLEDGMENT = "OPTIONAL_ACKNOWLEDGMENT"
    REQUIRE_ACKNOWLEDGMENT = "REQUIRE_ACKNOWLEDGMENT"


class InvoiceStatus(StrEnum):
    """An invoice's status at SEQR."""

    ISSUED = "ISSUED"
    PAID = "PAID"
    PENDING_ISSUER_ACKNOWLEDGE = "PENDING_ISSUER_ACKNOWLEDGE"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    RESERVED = "RESERVED"
    EXPIRED = "EXPIRED"
    PARTIALLY_PAID = "PARTIALLY_PAID"


class CustomerTokenStatus(IntEnum):
    """A customer token's status. SEQR sends PENDING, the shop sends the others."""

    PENDING = 0
    USED = 1
    BLOCKED = 90
    INVALID = 99


def _require_number(name: str, value: object, step: Decimal) -> None:
    """Raise ValueError unless `value` is a finite Decimal in range and a multiple of `step`."""
    if not (isinstance(value, Decimal) and value.is_finite() and abs(value) < _MAX_NUMBER):
        raise ValueError(f"{name} must be a finite Decimal below {_MAX_NUMBER:f}.")
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
        _require_number("An amount", self.value, CENT)
        code = self.currency
        if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
            raise ValueError("A currency must be three capital letters, such as SEK.")


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One row of an invoice. A negative total is a discount. `item_tax_rate` is in per cent."""

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
        _require_number("item_quantity", self.item_quantity, _MIN_STEP)
        if self.item_tax_rate is not None:
            _require_number("item_tax_rate", self.item_tax_rate, _MIN_STEP)


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice to one customer, or the part of one to refund.

    `client_invoice_id` is the shop's own number. The app shows `footer` on the receipt, so it
    names the order. SEQR calls `notification_url` once, when the invoice is paid. `back_url` is
    the page that a mobile browser returns to. A refund has neither. A reservation lapses after
    `commit_reservation_timeout_seconds`. SEQR checks that the rows add up; this class does not.

    Raises ValueError for an issue date without a time zone.
    """

    title: str
    client_invoice_id: str
    issue_date: datetime
    rows: tuple[InvoiceRow, ...]
    total_amount: Amount
    cashier_id: str
    footer: str
    # Both URLs contain a secret.
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
    """SEQR's reference of a new invoice, and the content of its QR code.

    `invoice_qr_code` is empty if SEQR sent none; `links.invoice_url` returns the same content.
    """

    invoice_reference: str
    invoice_qr_code: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """SEQR's receipt of a payment. A missing or unreadable field is None.

    `total_amount` is the total of the invoice in the receipt: the amount that the customer paid.
    `payment_date` has a time zone.
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
    """A loyalty card or similar. `status` is a CustomerTokenStatus or an undocumented number."""

    id: str | None
    description: str | None
    status: int
    value: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """An invoice's status. The next status call sends `version`.

    `ers_reference` identifies the payment. SEQR should send it with PAID; before, it is None.
    """

    status: InvoiceStatus
    version: int
    ers_reference: str | None
    receipt: Receipt | None
    customer_tokens: tuple[CustomerToken, ...]


@dataclass(frozen=True, slots=True)
class ReceiptDocument:
    """The shop's own receipt of a payment.

    `receipt_data` is an HTML page or ARTS XML, of type `mime_type`. `receipt_type` is the shop's
    own name for the kind of receipt. Raises ValueError if one of the three is empty.
    """

    mime_type: str
    receipt_data: bytes = field(repr=False)
    receipt_type: str

    def __post_init__(self) -> None:
        if not (self.mime_type and self.receipt_data and self.receipt_type):
            raise ValueError("A receipt needs its mime_type, its receipt_data and a receipt_type.")


@dataclass(frozen=True, slots=True)
class Refund:
    """A completed refund. `ers_reference` is the refund's own, not the payment's."""

    ers_reference: str


@dataclass(frozen=True, slots=True)
class ClientSession:
    """The customer who scanned the QR code, and the code's own parameters, such as TABLE.

    `msisdn` is the phone number in international form without a plus sign. `subscriber_key` is
    the customer's permanent key. Both are personal data.
    """

    msisdn: str = field(repr=False)
    subscriber_key: str = field(repr=False)
    parameters: Mapping[str, str]
