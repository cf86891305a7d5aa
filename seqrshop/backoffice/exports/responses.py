"""Answers a request with an exported file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from payments.exports.csv_file import csv_parts
from payments.exports.export import CONTENT_TYPES, parts_of, today, write_file, write_rows
from payments.exports.selection import Selection
from payments.exports.table import Table
from payments.models import ExportedContent, FileFormat

MAX_EXCEL_ROWS_IN_REQUEST = 100_000  # which take 20 s; a schedule writes larger files


def selection_response(selection: Selection) -> HttpResponseBase:
    """Answer with the file of a selection. Raises ExportProblem."""
    is_sie = selection.content == ExportedContent.SIE
    if is_sie or selection.file_format == FileFormat.CSV:
        return _streamed(parts_of(selection), selection.file_name, selection.extension)
    with TemporaryDirectory() as directory:
        path = Path(directory) / selection.file_name
        write_file(selection, path, most_rows=MAX_EXCEL_ROWS_IN_REQUEST)
        return _of_disk(path)


def rows_response(table: Table, rows: QuerySet[Any], file_format: FileFormat) -> HttpResponseBase:
    """Answer with the file of some rows of a table. Raises ExportProblem."""
    name = f"{table.name}-{today()}.{file_format.value}"
    if file_format == FileFormat.CSV:
        return _streamed(csv_parts(table.columns, table.batches(rows)), name, file_format.value)
    with TemporaryDirectory() as directory:
        path = Path(directory) / name
        write_rows(table, rows, path, most_rows=MAX_EXCEL_ROWS_IN_REQUEST)
        return _of_disk(path)


def _streamed(parts: Iterator[bytes], name: str, extension: str) -> HttpResponseBase:
    return StreamingHttpResponse(
        parts,
        content_type=CONTENT_TYPES[extension],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _of_disk(path: Path) -> HttpResponseBase:
    """Answer with a file that is deleted once it is open: its content lives until it is closed."""
    content_type = CONTENT_TYPES[path.suffix.removeprefix(".")]
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=path.name, content_type=content_type
    )
