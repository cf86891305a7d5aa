"""What a receipt says: the rows, the VAT that is in them, the sums. Pure, and to the öre."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_ORE = Decimal("0.01")


@dataclass(frozen=True)
class ReceiptRow:
    """So many of one thing, or a discount. `vat_rate` is in per cent.

    Amounts are in major units, VAT included; a discount's are below 0.
    """

    name: str
    quantity: int
    unit_price: Decimal
    vat_rate: Decimal
    total: Decimal

    @property
    def is_discount(self) -> bool:
        """Whether it takes something off; then there is no number of it and no price of one."""
        return self.total < 0


@dataclass(frozen=True)
class VatLine:
    """All that was bought at one rate: `net` + `vat` = `gross`."""

    rate: Decimal
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True)
class Receipt:
    """The receipt of one payment, in the order's language. It names no customer.

    Raises ValueError where the rows do not come to the total: no receipt may say so.
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
            raise ValueError(f"The rows of order {self.number} do not come to what was paid.")

    @property
    def date_and_time(self) -> str:
        """When it was paid, by Sweden's clocks: `2026-06-30 14:05`."""
        return f"{self.paid_at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"

    @property
    def vat_lines(self) -> tuple[VatLine, ...]:
        """The VAT by rate, the highest rate first."""
        return vat_by_rate(self.rows)


def vat_by_rate(rows: Iterable[ReceiptRow]) -> tuple[VatLine, ...]:
    """Sum the rows up by their rate, the highest rate first.

    The VAT of a rate is reckoned once, from the sum, and rounded half up to the öre. What is left
    is the net amount, so that nothing is lost between them.
    """
    gross_of: dict[Decimal, Decimal] = {}
    for row in rows:
        gross_of[row.vat_rate] = gross_of.get(row.vat_rate, Decimal(0)) + row.total
    return tuple(_vat_line(rate, gross_of[rate]) for rate in sorted(gross_of, reverse=True))


def _vat_line(rate: Decimal, gross: Decimal) -> VatLine:
    # The same as gross - gross / (1 + rate), in one division.
    vat = (gross * rate / (100 + rate)).quantize(_ORE, ROUND_HALF_UP)
    return VatLine(rate=rate, net=gross - vat, vat=vat, gross=gross)
