"""Writes a table as CSV: UTF-8, commas, a point in decimals, and the columns' names first."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from orders.formulas import escape_formula
from payments.exports.cells import Cell, Row

# Without it, Excel reads the file in a Windows encoding and garbles å, ä and ö.
BYTE_ORDER_MARK = "\ufeff"


def csv_parts(columns: Sequence[str], batches: Iterable[Iterable[Row]]) -> Iterator[bytes]:
    """Yield the file, a part for each batch of rows."""
    yield (BYTE_ORDER_MARK + _text([columns])).encode()
    for batch in batches:
        yield _text([_written(cell) for cell in row] for row in batch).encode()


def _written(cell: Cell) -> object:
    return escape_formula(cell) if isinstance(cell, str) else cell


def _text(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
