"""Answers a request with an exported file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from orders.audit import ChangeSource
from payments.exports.csv_file import csv_parts
from payments.exports.excel_file import write_excel
from payments.exports.export import CONTENT_TYPES, parts_of, today, write_file
from payments.exports.record import ExportRecord
from payments.exports.selection import Selection
from payments.exports.table import Table
from payments.models import ExportedContent, FileFormat

MAX_EXCEL_ROWS_IN_REQUEST = 100_000  # which take 20 s; a schedule writes larger files


def selection_response(selection: Selection, source: ChangeSource) -> HttpResponseBase:
    """Answer with the file of a selection, which the audit records. Raises ExportProblem."""
    record = ExportRecord(selection.file_name, selection.choice, source)
    is_sie = selection.content == ExportedContent.SIE
    if is_sie or selection.file_format == FileFormat.CSV:
        return _streamed(parts_of(selection, record.count), record)
    with TemporaryDirectory() as directory:
        path = Path(directory) / selection.file_name
        write_file(selection, path, record.count, most_rows=MAX_EXCEL_ROWS_IN_REQUEST)
        return _of_disk(path, record)


def rows_response(
    table: Table,
    rows: QuerySet[Any],
    file_format: FileFormat,
    choice: str,
    source: ChangeSource,
) -> HttpResponseBase:
    """Answer with the file of some rows of a table, which the audit records.

    `choice` says which rows, without personal data. Raises ExportProblem.
    """
    name = f"{table.name}-{today()}.{file_format.value}"
    record = ExportRecord(name, choice, source)
    batches = record.count.of(table.batches(rows))
    if file_format == FileFormat.CSV:
        return _streamed(csv_parts(table.columns, batches), record)
    with TemporaryDirectory() as directory:
        path = Path(directory) / name
        write_excel(path, table.name, table.columns, batches, most_rows=MAX_EXCEL_ROWS_IN_REQUEST)
        return _of_disk(path, record)


def _streamed(parts: Iterator[bytes], record: ExportRecord) -> HttpResponseBase:
    name = record.file_name
    return StreamingHttpResponse(
        record.streamed(parts),
        content_type=_content_type(Path(name)),
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _of_disk(path: Path, record: ExportRecord) -> HttpResponseBase:
    """Answer with a file that is deleted once it is open: its content lives until it is closed."""
    record.made()
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=path.name, content_type=_content_type(path)
    )


def _content_type(path: Path) -> str:
    return CONTENT_TYPES[path.suffix.removeprefix(".")]
