"""Reads exported files by the programs that others read them with."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl

from orders.models import Shop
from payments.exports.export import parts_of, write_file
from payments.exports.record import RowCount
from payments.exports.selection import Selection
from payments.models import ExportedContent, FileFormat

YEAR_2026 = (date(2026, 1, 1), date(2026, 12, 31))


def selection(
    content: ExportedContent,
    shops: Iterable[Shop],
    days: tuple[date, date] = YEAR_2026,
    file_format: FileFormat = FileFormat.CSV,
) -> Selection:
    """Return a selection of these shops, of the year 2026 if no days are given."""
    return Selection(content, file_format, *days, frozenset(shop.pk for shop in shops))


def csv_rows(chosen: Selection) -> list[dict[str, str]]:
    """Return the rows of an exported CSV file by the columns' names."""
    return read_csv(b"".join(parts_of(chosen, RowCount())))


def read_csv(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file by the columns' names."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def excel_rows(chosen: Selection, path: Path) -> list[dict[str, Any]]:
    """Return the rows of an exported Excel file by the columns' names."""
    write_file(chosen, path, RowCount())
    return read_excel(path)


def read_excel(file: Path | io.BytesIO) -> list[dict[str, Any]]:
    """Return the rows of an Excel file by the columns' names; a formula would be its text."""
    book = openpyxl.load_workbook(file)
    (sheet,) = book.worksheets
    names, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in rows]
