"""The VAT of credit receipts: all of a payment's together credit exactly what it was.

A refund by rows credits the VAT of its rows. Any other amount is spread over the VAT rates, in
proportion to what has not been credited of each. So is the part of a row that an earlier amount has
credited already.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from payments.receipts.content import VatLine, vat_line

_ORE = Decimal("0.01")
ByRate = Mapping[Decimal, Decimal]
"""Amounts in major units, VAT included, by VAT rate in per cent."""


def credit_of(
    paid: ByRate, earlier: Sequence[ByRate | Decimal], credit: ByRate | Decimal
) -> tuple[VatLine, ...]:
    """Return the VAT lines of a credit receipt, each below 0, the highest rate first.

    `paid` is what was paid at each rate. A credit is the amounts of its rows by rate, or one amount
    to spread; `earlier` are the credits before, the oldest first.
    """
    before: ByRate = dict.fromkeys(paid, Decimal(0))
    for each in earlier:
        before = _credited(paid, before, each)
    after = _credited(paid, before, credit)
    lines = (_difference(rate, before[rate], after[rate]) for rate in sorted(paid, reverse=True))
    return tuple(line for line in lines if line.gross)


def _credited(paid: ByRate, before: ByRate, credit: ByRate | Decimal) -> ByRate:
    """Return what is credited at each rate after one more credit."""
    if not isinstance(credit, Mapping):
        return _added(before, _shares(credit, paid, before))
    fitting = {rate: min(credit[rate], paid[rate] - before[rate]) for rate in credit}
    after = _added(before, fitting)
    excess = sum(credit.values(), Decimal(0)) - sum(fitting.values(), Decimal(0))
    return _added(after, _shares(excess, paid, after))


def _shares(amount: Decimal, paid: ByRate, credited: ByRate) -> ByRate:
    """Spread an amount over the rates; more than was paid is spread as the payment was."""
    rest = {rate: max(paid[rate] - credited[rate], Decimal(0)) for rate in paid}
    weights = rest if any(rest.values()) else paid
    whole = sum(weights.values(), Decimal(0))
    shares, part, before = {}, Decimal(0), Decimal(0)
    for rate in sorted(weights, reverse=True):
        part += weights[rate]
        after = (amount * part / whole).quantize(_ORE, ROUND_HALF_UP)
        shares[rate], before = after - before, after
    return shares


def _added(amounts: ByRate, more: ByRate) -> ByRate:
    return {rate: amounts[rate] + more.get(rate, Decimal(0)) for rate in amounts}


def _difference(rate: Decimal, before: Decimal, after: Decimal) -> VatLine:
    """Return the credit that leads from one credited sum to the next.

    So the VAT of all credits adds up to the VAT of the payment, which was rounded once.
    """
    vat = vat_line(rate, before).vat - vat_line(rate, after).vat
    gross = before - after
    return VatLine(rate=rate, net=gross - vat, vat=vat, gross=gross)
