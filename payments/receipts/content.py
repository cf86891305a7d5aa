"""A receipt's rows, VAT and sums, exact to the öre, without database access."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_ORE = Decimal("0.01")


@dataclass(frozen=True)
class ReceiptRow:
    """A quantity of one product, or a discount. `vat_rate` is in per cent.

    Amounts are in major units, including VAT; a discount's are below 0.
    """

    name: str
    quantity: int
    unit_price: Decimal
    vat_rate: Decimal
    total: Decimal

    @property
    def is_discount(self) -> bool:
        """Whether it is a discount; quantity and unit price then have no meaning."""
        return self.total < 0


@dataclass(frozen=True)
class VatLine:
    """The sums at one VAT rate, in major units: `net` + `vat` = `gross`."""

    rate: Decimal
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True)
class Receipt:
    """The receipt of one payment, in the order's language, without the customer.

    Raises ValueError if the rows do not add up to the total.
    """

    shop: str
    number: str
    language: str
    paid_at: datetime
    rows: tuple[ReceiptRow, ...]
    total: Decimal
    currency: str
    invoice_reference: str
    ers_reference: str
    payment_reference: str

    def __post_init__(self) -> None:
        if sum((row.total for row in self.rows), Decimal(0)) != self.total:
            raise ValueError(f"The rows of order {self.number} do not add up to the amount paid.")

    @property
    def date_and_time(self) -> str:
        """The time of the payment in Sweden, as `2026-06-30 14:05`."""
        return f"{self.paid_at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"

    @property
    def vat_lines(self) -> tuple[VatLine, ...]:
        """The VAT for each rate, the highest rate first."""
        return vat_by_rate(self.rows)


def vat_by_rate(rows: Iterable[ReceiptRow]) -> tuple[VatLine, ...]:
    """Sum the rows for each VAT rate, the highest rate first.

    The VAT of a rate is calculated once, from the sum, and rounded half up to the öre. The net
    amount is the rest, so that net and VAT always add up to the gross amount.
    """
    gross_of: dict[Decimal, Decimal] = {}
    for row in rows:
        gross_of[row.vat_rate] = gross_of.get(row.vat_rate, Decimal(0)) + row.total
    return tuple(_vat_line(rate, gross_of[rate]) for rate in sorted(gross_of, reverse=True))


def _vat_line(rate: Decimal, gross: Decimal) -> VatLine:
    # The same as gross - gross / (1 + rate), in one division.
    vat = (gross * rate / (100 + rate)).quantize(_ORE, ROUND_HALF_UP)
    return VatLine(rate=rate, net=gross - vat, vat=vat, gross=gross)
