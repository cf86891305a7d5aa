"""The cells of an exported table, before they are written in a format."""

from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from payments.receipts.content import STOCKHOLM

Cell: TypeAlias = str | int | Decimal | datetime | date | None
"""Numbers stay numbers. A time is one of Stockholm's clock, without its zone."""
Row: TypeAlias = tuple[Cell, ...]


def local(moment: datetime | None) -> datetime | None:
    """Return a time of Stockholm's clock, to the second and without its zone."""
    if moment is None:
        return None
    return moment.astimezone(STOCKHOLM).replace(microsecond=0, tzinfo=None)
