"""Divides a receipt's VAT lines among the rows of its order, exact to the öre, without a database.

The lines say how much was sold or credited at each VAT rate; the rows say of which products, and
how much of it was the tip. Both add up to the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from payments.receipts.content import VatLine
from payments.receipts.credits import ByRate, credit_of

_ORE = Decimal("0.01")
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class SoldRow:
    """An order row: `paid` is its total less its part of the discounts, in major units.

    A tip has no `product_id`. `units` is 0 for an option, whose units are those of its product.
    """

    pk: int
    product_id: int | None
    vat_rate: Decimal
    paid: Decimal
    units: int = 0
    is_tip: bool = False


@dataclass(frozen=True)
class Credit:
    """A credit receipt: its amount, and what it refunds of each row by its ID, if of any.

    Amounts are above 0. `units` are the refunded units by the row's ID.
    """

    amount: Decimal
    rows: Mapping[int, Decimal]
    units: Mapping[int, int]


@dataclass(frozen=True)
class RowShare:
    """The part of a receipt that belongs to one row; below 0 on a credit receipt."""

    row: SoldRow
    units: int
    net: Decimal
    gross: Decimal


@dataclass(frozen=True)
class Allotment:
    """A receipt's VAT lines, and the part of each row in them. Both have the same sums."""

    lines: tuple[VatLine, ...]
    shares: tuple[RowShare, ...]


def allot_payment(rows: Sequence[SoldRow], amount: Decimal) -> Allotment:
    """Divide what was paid among the rows.

    Another amount than the rows add up to is divided in proportion to what was ordered.
    """
    rows = rows or (_unknown_row(amount),)
    lines = tuple(
        VatLine(line.rate, -line.net, -line.vat, -line.gross)
        for line in credit_of(_by_rate(rows), (), amount)
    )
    units = {row.pk: row.units for row in rows}
    return _allotment(lines, rows, {row.pk: row.paid for row in rows}, units)


def allot_credit(rows: Sequence[SoldRow], earlier: Sequence[Credit], credit: Credit) -> Allotment:
    """Divide a credit receipt among the rows, after the earlier ones of the same payment.

    A refund by rows is of these rows, as far as they are not credited yet. All else is divided in
    proportion to what is left of each row of a VAT rate.
    """
    rows = rows or (_unknown_row(credit.amount),)
    paid, rate_of = _by_rate(rows), {row.pk: row.vat_rate for row in rows}
    left = {row.pk: row.paid for row in rows}
    before: list[ByRate | Decimal] = []
    allotment = Allotment((), ())
    for each in (*earlier, credit):
        this = _credited_by_rate(each, rate_of)
        lines = credit_of(paid, before, this)
        before.append(this)
        weights = {
            pk: weight
            for line in lines
            for pk, weight in _weights(line, rows, each.rows, left).items()
        }
        units = {pk: -units for pk, units in each.units.items()}
        allotment = _allotment(lines, rows, weights, units)
        for share in allotment.shares:
            left[share.row.pk] += share.gross
    return allotment


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Divide an amount in proportion to the weights; the parts add up to it.

    Weights of 0 alone count as equal ones.
    """
    whole = sum(weights, _NOTHING)
    if not whole:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    parts, reached, before = [], _NOTHING, _NOTHING
    for weight in weights:
        reached += weight
        after = (amount * reached / whole).quantize(_ORE, ROUND_HALF_UP)
        parts.append(after - before)
        before = after
    return parts


def _unknown_row(amount: Decimal) -> SoldRow:
    """Return the row of a payment whose order has none: an amount without VAT."""
    return SoldRow(0, None, _NOTHING, amount)


def _by_rate(rows: Iterable[SoldRow]) -> ByRate:
    sums: dict[Decimal, Decimal] = {}
    for row in rows:
        sums[row.vat_rate] = sums.get(row.vat_rate, _NOTHING) + row.paid
    return sums


def _credited_by_rate(credit: Credit, rate_of: Mapping[int, Decimal]) -> ByRate | Decimal:
    """Return the amounts of a credit receipt's rows by VAT rate, or its amount without rows."""
    sums: dict[Decimal, Decimal] = {}
    for pk, amount in credit.rows.items():
        rate = rate_of[pk]
        sums[rate] = sums.get(rate, _NOTHING) + amount
    return sums or credit.amount


def _weights(
    line: VatLine,
    rows: Sequence[SoldRow],
    refunded: Mapping[int, Decimal],
    left: Mapping[int, Decimal],
) -> dict[int, Decimal]:
    """Return how much of a credited line belongs to each row of its rate, above 0."""
    pks = [row.pk for row in rows if row.vat_rate == line.rate]
    taken = {pk: min(refunded.get(pk, _NOTHING), max(left[pk], _NOTHING)) for pk in pks}
    rest = -line.gross - sum(taken.values(), _NOTHING)
    after = [max(left[pk] - taken[pk], _NOTHING) for pk in pks]
    if not any(after):  # more than was paid is divided as the payment was
        after = [row.paid for row in rows if row.vat_rate == line.rate]
    shares = spread(rest, after) if rest > 0 else [_NOTHING] * len(pks)
    return {pk: taken[pk] + share for pk, share in zip(pks, shares, strict=True)}


def _allotment(
    lines: Sequence[VatLine],
    rows: Sequence[SoldRow],
    weights: Mapping[int, Decimal],
    units: Mapping[int, int],
) -> Allotment:
    """Divide each line among the rows of its rate, in proportion to their weights."""
    of_rate: dict[Decimal, list[SoldRow]] = {}
    for row in rows:
        of_rate.setdefault(row.vat_rate, []).append(row)
    sums = {line.rate: (line.net, line.gross) for line in lines}
    shares: list[RowShare] = []
    for rate, rows_of_rate in of_rate.items():
        net, gross = sums.get(rate, (_NOTHING, _NOTHING))
        parts = [weights.get(row.pk, _NOTHING) for row in rows_of_rate]
        divided = zip(rows_of_rate, spread(net, parts), spread(gross, parts), strict=True)
        shares += (RowShare(row, units.get(row.pk, 0), *of_row) for row, *of_row in divided)
    return Allotment(tuple(lines), tuple(shares))
