"""The figures of a shop's day, and how a closing stores them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from payments.receipts.content import VatLine
from payments.takings.days import DayTakings

ShopDay = tuple[int, date]
"""The ID of a shop, and a day."""

Sums = tuple[tuple[str, Decimal], ...]
"""Amounts in major units by currency."""


@dataclass(frozen=True)
class NumberRange:
    """The receipt numbers of a shop's day in the series of one seller.

    `receipts` of the numbers from `first` to `last` are the shop's own of that day, and `others`
    are of the seller's other shops, or of the days beside it. The rest is missing.
    """

    seller: str
    organisation_number: str
    first: int
    last: int
    receipts: int
    others: int

    @property
    def missing(self) -> int:
        """How many numbers the series lacks; 0 unless the database was tampered with."""
        return self.last - self.first + 1 - self.receipts - self.others


@dataclass(frozen=True)
class ReportComparison:
    """The day's payments and refunds compared with SEQR's reports, by their number.

    A transaction is matched, different, missing at SEQR, or awaited: its report has not arrived.
    SEQR's reports need not contain refunds: while they never have, a refund is `unlisted`.
    `missing_here` are the rows in reports that cover the day, or a part of it, that are none of the
    terminal's payments and refunds: a report names neither their shop nor their time.
    `is_complete`: the reports cover the whole day. `reported` has the sums of the rows that are
    matched or different by currency, in major units.
    """

    is_complete: bool
    matched: int = 0
    different: int = 0
    missing_there: int = 0
    missing_here: int = 0
    awaited: int = 0
    unlisted: int = 0
    reported: Sums = ()


@dataclass(frozen=True)
class DayFigures:
    """What a shop's day comes to. `takings` has one entry for each currency, and is often one.

    `is_over`: the day has ended. `receipts` has the sums of the receipts' own amounts by currency,
    which the takings equal. `reversals` is the number of SEQR's reversals. `open_cases` has the IDs
    of the cases about the day that are open.
    """

    shop_id: int
    day: date
    is_over: bool
    takings: tuple[DayTakings, ...]
    receipts: Sums
    numbers: tuple[NumberRange, ...]
    reversals: int
    report: ReportComparison
    open_cases: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as a closing stores them: amounts as text, exact to the öre."""
        return {str(key): _plain(value) for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> DayFigures:
        """Return the figures that a closing has stored."""
        report = stored["report"]
        return cls(
            shop_id=stored["shop_id"],
            day=date.fromisoformat(stored["day"]),
            is_over=stored["is_over"],
            takings=tuple(map(_takings, stored["takings"])),
            receipts=_sums(stored["receipts"]),
            numbers=tuple(NumberRange(**each) for each in stored["numbers"]),
            reversals=stored["reversals"],
            report=ReportComparison(**{**report, "reported": _sums(report["reported"])}),
            open_cases=tuple(stored["open_cases"]),
        )

    @property
    def digest(self) -> str:
        """What identifies exactly these figures: a person signs those that the page has shown."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return sha256(text.encode()).hexdigest()[:32]

    @property
    def adds_up(self) -> bool:
        """Whether the takings equal the sums of the receipts' own amounts."""
        return self.receipts == tuple((each.currency, each.total) for each in self.takings)


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Decimal | date) else value


def _sums(stored: list[list[str]]) -> Sums:
    return tuple((currency, Decimal(amount)) for currency, amount in stored)


def _takings(stored: dict[str, Any]) -> DayTakings:
    amounts = {name: Decimal(stored[name]) for name in ("tips", "tips_refunded", "discounts")}
    lines = {
        name: tuple(
            VatLine(**{key: Decimal(value) for key, value in line.items()}) for line in stored[name]
        )
        for name in ("sales", "refunds", "reversals")
    }
    return DayTakings(**{**stored, "day": date.fromisoformat(stored["day"]), **amounts, **lines})
