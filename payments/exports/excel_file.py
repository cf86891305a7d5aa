"""Writes a table as an Excel file, row by row to the disk.

XlsxWriter is imported with the first file, so that no process needs it for its start.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext

from orders.formulas import escape_formula
from payments.exports.cells import Cell, Row
from payments.exports.problem import ExportProblem

MAX_EXCEL_ROWS = 1_048_575  # of a sheet, without the row of the columns' names
_COLUMN_WIDTH = 18
# Excel keeps 15 digits of a number. A longer one, such as a reference, is text in every table.
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


class TooManyRows(ExportProblem):
    """The table has more rows than the Excel file may have."""

    def __init__(self, most: int) -> None:
        sentence = gettext("This would be more than %(most)d rows. Choose fewer days, or CSV.")
        super().__init__(sentence % {"most": most})


def write_excel(
    path: Path,
    sheet: str,
    columns: Sequence[str],
    batches: Iterable[Iterable[Row]],
    *,
    most_rows: int = MAX_EXCEL_ROWS,
) -> None:
    """Write a file with one sheet. Raises TooManyRows, and leaves the file unusable then."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - see above

    book = Workbook(str(path), {**_OPTIONS, "tmpdir": str(path.parent)})
    try:
        page = book.add_worksheet(sheet)
        page.freeze_panes(1, 0)
        page.set_column(0, len(columns) - 1, _COLUMN_WIDTH)
        formats = {
            Decimal: book.add_format({"num_format": "0.00"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        page.write_row(0, 0, columns, book.add_format({"bold": True}))
        rows = (row for batch in batches for row in batch)
        for number, row in enumerate(rows, 1):
            if number > most_rows:
                raise TooManyRows(most_rows)
            for column, cell in enumerate(row):
                if cell is not None and cell != "":
                    _write(page, number, column, cell, formats.get(type(cell)))
    finally:
        book.close()


def _write(page: Any, row: int, column: int, cell: Cell, form: Any) -> None:
    if isinstance(cell, str):
        page.write_string(row, column, escape_formula(cell))
    elif isinstance(cell, datetime | date):
        page.write_datetime(row, column, cell, form)
    else:
        page.write_number(row, column, cell, form)
