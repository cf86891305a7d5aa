"""Reads a CSV or Excel file into rows of text, within limits of size, and writes such files.

openpyxl is imported with the first Excel file: it takes as long as a tenth of a process's start.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from orders.formulas import protect_formula, restore_formula
from orders.menu_file.columns import Column, columns_by_heading

MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_UNPACKED_BYTES = 40 * 1024 * 1024  # of an Excel file, which is a ZIP archive
MAX_PACKED_FILES = 500
MAX_ROWS = 2_000
MAX_COLUMNS = 60
MAX_CELL_LENGTH = 2_000
DELIMITERS = ",;\t"
FORMULA_STARTS = ("=", "+", "-", "@")
# Windows-1252 has these above the letters; another byte of 0x80–0x9F means another encoding.
_TYPOGRAPHIC = frozenset(b"\x80\x82\x84\x85\x91\x92\x93\x94\x95\x96\x97\x99")


class UnreadableFile(Exception):
    """The file cannot be read. `reason` is a sentence for the person who uploads it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Row:
    """A row of a file by its number there; `cells` are the texts of its columns by their keys."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """The rows of a file. `notes` are sentences about how it was read."""

    rows: list[Row]
    notes: list[str]


def read_table(content: bytes) -> Table:
    """Return the rows of a CSV or Excel file, told apart by its content. Raises UnreadableFile."""
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFile(
            _("The file has more than %(n)d MB. A menu is smaller: remove what is not the menu.")
            % {"n": MAX_FILE_BYTES // 1024 // 1024}
        )
    if content.startswith(b"PK"):
        return _table(_excel_lines(content), [])
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            _("This is an old Excel file or one with a password. Save it as an .xlsx file.")
        )
    text, notes = _decoded(content)
    return _table(_csv_lines(text), notes)


def _decoded(content: bytes) -> tuple[str, list[str]]:
    """Return a CSV file's text. Raises UnreadableFile for an encoding that is not recognised."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decode(content, "utf-16"), []
    if b"\0" in content:
        raise UnreadableFile(_unknown_encoding())
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        if any(0x80 <= byte <= 0x9F and byte not in _TYPOGRAPHIC for byte in content):
            raise UnreadableFile(_unknown_encoding()) from None
        text = _decode(content, "cp1252")
        return text, [_("The file was read as Windows-1252. Check å, ä and ö in the names below.")]
    return text, []


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableFile(_unknown_encoding()) from None


def _unknown_encoding() -> str:
    return _("The file's encoding is not recognised. Save it as “CSV UTF-8” or as an .xlsx file.")


def _csv_lines(text: str) -> Iterator[list[str]]:
    delimiter = max(DELIMITERS, key=lambda each: _known_headings(text, each))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for line in reader:
            yield [restore_formula(cell) for cell in line]
    except csv.Error:
        raise UnreadableFile(
            _("Row %(n)d is not CSV: check its quotation marks.") % {"n": reader.line_num}
        ) from None


def _known_headings(text: str, delimiter: str) -> int:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    headings = columns_by_heading()
    return sum(cell.strip(' "\r').casefold() in headings for cell in first.split(delimiter))


def _excel_lines(content: bytes) -> Iterator[list[str]]:
    """Yield the lines of the first sheet. A formula is the text that it is typed as."""
    from openpyxl import load_workbook  # noqa: PLC0415 - see above

    unreadable = _("This is not an Excel workbook (.xlsx), or it is damaged.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = archive.infolist()
        _require_small(files)
        workbook = load_workbook(io.BytesIO(content), read_only=True)
        sheet = workbook.worksheets[0]
        for line in sheet.iter_rows(max_row=MAX_ROWS + 100, max_col=MAX_COLUMNS + 1):
            yield _without_empty_end([_cell_text(cell) for cell in line])
    except UnreadableFile:
        raise
    except Exception as error:  # openpyxl raises errors of many kinds for damaged files
        raise UnreadableFile(unreadable) from error


def _without_empty_end(line: list[str]) -> list[str]:
    """Return a line without the empty cells that fill it up to the last column read."""
    filled = [number for number, text in enumerate(line, start=1) if text]
    return line[: max(filled, default=0)]


def _require_small(files: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse a ZIP bomb; unpacking stops at the size that an archive declares."""
    if len(files) > MAX_PACKED_FILES or sum(f.file_size for f in files) > MAX_UNPACKED_BYTES:
        raise UnreadableFile(_("The Excel file unpacks to far more than a menu."))


def _cell_text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        number = Decimal(str(value))
        if "%" in (cell.number_format or ""):
            number *= 100
        return f"{number.normalize():f}"
    return str(value)


def _table(lines: Iterable[list[str]], notes: list[str]) -> Table:
    """Return the rows below the first line that is not empty, which has the headings."""
    numbered = enumerate(lines, start=1)
    filled = ((number, line) for number, line in numbered if any(map(str.strip, line)))
    first = next(filled, None)
    if first is None:
        raise UnreadableFile(_("The file is empty."))
    columns, unknown = _columns(first[1])
    if unknown:
        notes = [
            *notes,
            _("These columns are not known and are left out: %(names)s.")
            % {"names": ", ".join(unknown)},
        ]
    rows: list[Row] = []
    for number, line in filled:
        if len(rows) == MAX_ROWS:
            raise UnreadableFile(
                _("The file has more than %(n)d products. Divide it.") % {"n": MAX_ROWS}
            )
        rows.append(Row(number, _cells(columns, line, number)))
    if not rows:
        raise UnreadableFile(_("The file has headings and no products."))
    return Table(rows, notes)


def _columns(headings: Sequence[str]) -> tuple[list[Column | None], list[str]]:
    """Return the column of each heading, and the headings that are not known."""
    known = columns_by_heading()
    columns = [known.get(" ".join(heading.split()).casefold()) for heading in headings]
    found = [column for column in columns if column is not None]
    if len(headings) > MAX_COLUMNS:
        raise UnreadableFile(_("The file has more than %(n)d columns.") % {"n": MAX_COLUMNS})
    if not {"id", "sku", "name_sv", "name_en"} & {column.key for column in found}:
        raise UnreadableFile(
            _(
                "The first row must have the columns' names, such as “%(names)s”. Export the menu "
                "to see all of them."
            )
            % {"names": "name_sv, name_en, price"}
        )
    for column in found:
        if found.count(column) > 1:
            raise UnreadableFile(
                _("The column “%(name)s” is there twice.") % {"name": column.heading}
            )
    named = zip(headings, columns, strict=True)
    unknown = [heading.strip() for heading, column in named if column is None and heading.strip()]
    return columns, unknown


def _cells(columns: Sequence[Column | None], line: list[str], number: int) -> dict[str, str]:
    cells = {}
    for column, text in zip(columns, [*line, *[""] * len(columns)], strict=False):
        if column is None:
            continue
        if len(text) > MAX_CELL_LENGTH:
            raise UnreadableFile(
                _("Row %(row)d, column “%(name)s”: the text is too long.")
                % {"row": number, "name": column.heading}
            )
        cells[column.key] = text.strip()
    return cells


def write_csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a CSV file that Excel opens in the active language: UTF-8 with its mark.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    file = io.StringIO(newline="")
    delimiter = ";" if get_format("DECIMAL_SEPARATOR") == "," else ","
    writer = csv.writer(file, delimiter=delimiter)
    for row in (headings, *rows):
        writer.writerow(protect_formula(str(cell)) for cell in row)
    return codecs.BOM_UTF8 + file.getvalue().encode()


def write_excel(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return an Excel workbook. Each text is stored as text, also one that begins with “=”."""
    from openpyxl import Workbook  # noqa: PLC0415 - see above
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(str(_("Menu"))[:31])
    sheet.freeze_panes = "A2"
    for column, heading in enumerate(headings, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = len(heading) + 4
    for number, row in enumerate((headings, *rows)):
        cells = [_excel_cell(sheet, value) for value in row]
        if number == 0:
            for cell in cells:
                cell.font = Font(bold=True)
        sheet.append(cells)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _excel_cell(sheet: Any, value: object) -> Any:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - see above
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    if isinstance(value, Decimal):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "0.00"
    elif isinstance(value, int) and not isinstance(value, bool):
        cell = WriteOnlyCell(sheet, value=value)
    else:
        text = ILLEGAL_CHARACTERS_RE.sub("", str(value))
        cell = WriteOnlyCell(sheet, value=text)
        cell.data_type = "s"
        cell.quotePrefix = text.startswith(FORMULA_STARTS)
    return cell
