"""A receipt's rows, VAT and sums, exact to the öre, without database access."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_ORE = Decimal("0.01")


@dataclass(frozen=True)
class SellerDetails:
    """The company that sold, as its receipts name it. An unknown part is empty."""

    legal_name: str
    organisation_number: str
    vat_number: str
    street: str
    postal_code: str
    city: str

    @property
    def address(self) -> str:
        """The address in one line."""
        town = f"{self.postal_code} {self.city}".strip()
        return ", ".join(filter(None, (self.street, town)))


@dataclass(frozen=True)
class ReceiptRow:
    """A quantity of one product or option, or an amount by itself. `vat_rate` is in per cent.

    Amounts are in major units, including VAT; those of a discount or a credit receipt are below 0.
    A discount, a tip and a refunded amount have no quantity. `is_option` is a choice that belongs
    to the product above it; `note` is the customer's.
    """

    name: str
    quantity: int | None
    unit_price: Decimal | None
    vat_rate: Decimal
    total: Decimal
    is_option: bool = False
    note: str = ""


@dataclass(frozen=True)
class VatLine:
    """The sums at one VAT rate, in major units: `net` + `vat` = `gross`."""

    rate: Decimal
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True)
class RelatedReceipt:
    """Another receipt of the same payment, as this one refers to it. `amount` is above 0."""

    number: int
    issued_at: datetime
    amount: Decimal

    @property
    def date_and_time(self) -> str:
        """The time in Sweden, as `2026-06-30 14:05`."""
        return swedish_time(self.issued_at)


@dataclass(frozen=True)
class ReceiptContent:
    """What one receipt says, in the order's language, without the customer.

    A credit receipt has the receipt that it credits in `credited`, and amounts below 0. The receipt
    of a payment has its credit receipts in `credits`. Raises ValueError if the rows or the VAT do
    not add up to the total.
    """

    seller: SellerDetails
    shop: str
    number: int
    order_number: str
    language: str
    issued_at: datetime
    rows: tuple[ReceiptRow, ...]
    vat_lines: tuple[VatLine, ...]
    total: Decimal
    currency: str
    payment_number: str
    credited: RelatedReceipt | None = None
    credits: tuple[RelatedReceipt, ...] = ()

    def __post_init__(self) -> None:
        rows = sum((row.total for row in self.rows), Decimal(0))
        gross = sum((line.gross for line in self.vat_lines), Decimal(0))
        if not rows == gross == self.total:
            raise ValueError(f"Receipt {self.number} of order {self.order_number} does not add up.")

    @property
    def date_and_time(self) -> str:
        """The time of the payment, or of the refund, in Sweden, as `2026-06-30 14:05`."""
        return swedish_time(self.issued_at)


def swedish_time(moment: datetime) -> str:
    """Return a time in Sweden, as `2026-06-30 14:05`."""
    return f"{moment.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"


def vat_by_rate(rows: Iterable[ReceiptRow]) -> tuple[VatLine, ...]:
    """Sum the rows for each VAT rate, the highest rate first.

    The VAT of a rate is calculated once, from the sum, and rounded half up to the öre. The net
    amount is the rest, so that net and VAT always add up to the gross amount.
    """
    gross_of: dict[Decimal, Decimal] = {}
    for row in rows:
        gross_of[row.vat_rate] = gross_of.get(row.vat_rate, Decimal(0)) + row.total
    return tuple(vat_line(rate, gross_of[rate]) for rate in sorted(gross_of, reverse=True))


def vat_line(rate: Decimal, gross: Decimal) -> VatLine:
    """Return the VAT in a sum at one rate."""
    # The same as gross - gross / (1 + rate), in one division.
    vat = (gross * rate / (100 + rate)).quantize(_ORE, ROUND_HALF_UP)
    return VatLine(rate=rate, net=gross - vat, vat=vat, gross=gross)
