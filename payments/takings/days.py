"""The takings of shops by local day, as the receipts have them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from payments.models import ReceiptKind, TakingsDay
from payments.receipts.content import VatLine
from payments.takings.update import update_takings

_NOTHING = Decimal(0)


@dataclass(frozen=True)
class DayTakings:
    """The receipts of one shop, one day of Stockholm's clock and one currency, in major units.

    `sales`, `refunds` and `reversals` are the goods by VAT rate, the highest rate first, without
    tips; what was credited is below 0. `discounts` are below 0, and have lowered the sales already.
    The numbers are the first and the last of the seller's receipts on the day.
    """

    shop_id: int
    day: date
    currency: str
    sales: tuple[VatLine, ...]
    refunds: tuple[VatLine, ...]
    reversals: tuple[VatLine, ...]
    tips: Decimal
    tips_refunded: Decimal
    discounts: Decimal
    payments: int
    credits: int
    first_number: int | None
    last_number: int | None

    @property
    def lines(self) -> tuple[VatLine, ...]:
        """All goods by VAT rate: what was sold less what was credited."""
        sums: dict[Decimal, VatLine] = {}
        for line in (*self.sales, *self.refunds, *self.reversals):
            before = sums.get(line.rate, VatLine(line.rate, _NOTHING, _NOTHING, _NOTHING))
            sums[line.rate] = VatLine(
                line.rate,
                before.net + line.net,
                before.vat + line.vat,
                before.gross + line.gross,
            )
        return tuple(sums[rate] for rate in sorted(sums, reverse=True))

    @property
    def net(self) -> Decimal:
        """The goods without VAT, less what was credited of them."""
        return sum((line.net for line in self.lines), _NOTHING)

    @property
    def vat(self) -> Decimal:
        """The VAT of the goods, less what was credited of it."""
        return sum((line.vat for line in self.lines), _NOTHING)

    @property
    def gross(self) -> Decimal:
        """The goods with VAT, less what was credited of them, without tips."""
        return self.net + self.vat

    @property
    def total(self) -> Decimal:
        """What SEQR owes for the day: the goods and the tips, less what was credited."""
        return self.gross + self.tips + self.tips_refunded


def takings_of_days(shop_ids: Collection[int], first: date, last: date) -> list[DayTakings]:
    """Return the takings of these shops from the first day to the last, both included.

    They are ordered by day, shop and currency; a day without receipts has none. The receipts that
    are committed when the function is called are counted first.
    """
    update_takings()
    # One statement, so that a day and its lines are of one moment.
    found = (
        TakingsDay.objects.filter(shop__in=shop_ids, day__gte=first, day__lte=last)
        .order_by("day", "shop", "currency", "-vat_lines__rate")
        .values_list(*_COLUMNS, *_LINE_COLUMNS)
    )
    lines: dict[tuple[Any, ...], dict[str, list[VatLine]]] = {}
    for row in found:
        kind, rate, net, vat = row[len(_COLUMNS) :]
        of_kind = lines.setdefault(row[: len(_COLUMNS)], defaultdict(list))
        if kind is not None:
            of_kind[kind].append(VatLine(rate, net, vat, net + vat))
    return [_day_takings(day, of_kind) for day, of_kind in lines.items()]


_COLUMNS = (
    *("shop", "day", "currency", "payments", "refunds", "reversals", "first_number"),
    *("last_number", "tips", "tips_refunded", "discounts"),
)
_LINE_COLUMNS = tuple(f"vat_lines__{name}" for name in ("kind", "rate", "net", "vat"))


def _day_takings(day: tuple[Any, ...], lines: Mapping[str, list[VatLine]]) -> DayTakings:
    columns = dict(zip(_COLUMNS, day, strict=True))
    return DayTakings(
        shop_id=columns.pop("shop"),
        credits=columns.pop("refunds") + columns.pop("reversals"),
        sales=tuple(lines[ReceiptKind.PAYMENT]),
        refunds=tuple(lines[ReceiptKind.REFUND]),
        reversals=tuple(lines[ReceiptKind.REVERSAL]),
        **columns,
    )
