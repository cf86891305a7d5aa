"""Reads the response to executeReport from a file: its envelope, and then the report in it.

SEQR sends the report as text (contentString) and in base64 (content). It may have 100 MB, so
neither is ever in memory as a whole.

Source: API reference 2.6.0, executeReport and reporting.
"""

import base64
import binascii
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from payments.seqr.bounded_text import shortened_reference
from payments.seqr.errors import SeqrReportTooLarge
from payments.seqr.reports import (
    MAX_REPORT_ROWS,
    CashierTransactionSummary,
    Report,
    ReportMeta,
    SummaryRow,
    TransactionReport,
    TransactionRow,
)
from payments.seqr.response_parser import (
    SEQR_NAMESPACE,
    SOAP_NAMESPACE,
    ResponseElement,
    UnreadableResponseError,
    return_element,
)
from payments.seqr.response_readers import to_cents
from payments.seqr.xml_stream import End, SmallTree, Start, xml_events

OPERATION = "executeReport"
MAX_ENVELOPE_SIZE = 1024 * 1024  # of the response without the report, by SmallTree's count
MAX_ROW_SIZE = 64 * 1024  # SEQR's have about 1,300
MAX_SUMMARY_ROWS = 1000
MAX_MEMORY_BYTES = 1024 * 1024  # of a response or a report; the rest is on disk

_TEXT = "contentString"
_BASE64 = "content"
_REPORT_PATH = [
    f"{{{SOAP_NAMESPACE}}}Envelope",
    f"{{{SOAP_NAMESPACE}}}Body",
    f"{{{SEQR_NAMESPACE}}}{OPERATION}Response",
    "return",
    "report",
]
_TRANSACTIONS_ELEMENT = "TransactionDetails"
# SEQR's examples name a shop's summary by the first, and a terminal's by the second and the third.
_SUMMARY_ELEMENTS = {
    "ResellerTransactionSummary",
    "CashierTransactionSummary",
    "TerminalTransactionSummary",
}


def temporary_file() -> BinaryIO:
    """Return a file that nobody else sees; it is in memory until it grows."""
    file = tempfile.SpooledTemporaryFile(MAX_MEMORY_BYTES)  # noqa: SIM115  # the caller closes it
    return cast(BinaryIO, file)


class ReportResponse:
    """The response in `body`, and the report in it, which is written to `content`.

    The report's rows are read from `content`, so it must stay open as long as they are needed.
    """

    def __init__(self, body: BinaryIO, content: BinaryIO) -> None:
        self._body = body
        self._content = _Content(content)

    def parse(self) -> ResponseElement:
        """Return the `return` element, without the texts of the report in it.

        Raises UnreadableResponseError for any other body.
        """
        tree = SmallTree(MAX_ENVELOPE_SIZE)
        path: list[str] = []
        for event in xml_events(self._body, "response"):
            if isinstance(event, Start):
                path.append(event.name)
            elif isinstance(event, End):
                path.pop()
            elif path[:-1] == _REPORT_PATH and path[-1] in (_TEXT, _BASE64):
                self._content.write(path[-1], event.text)
                continue
            tree.add(event)
        return return_element(tree.close(), OPERATION)

    def read(self, response: ResponseElement) -> Report:
        """Return the report. One unreadable row makes all of it unreadable.

        Raises SeqrReportTooLarge and UnreadableResponseError.
        """
        report = response.required_child("report")
        for name in (_TEXT, _BASE64):
            report.text(name)  # Raises if there are two.
        return _read(self._content.finish())


class _Content:
    """Collects the report from the pieces of either element, and prefers the text."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.encoding: str | None = None
        self._from = ""
        self._undecoded = ""
        self._is_padded = False
        self._is_invalid = False

    def write(self, element: str, text: str) -> None:
        """Add a piece of an element's text."""
        if element == _TEXT:
            self._write_text(text)
        elif self._from != _TEXT:
            self._write_base64(text)

    def finish(self) -> "_Content":
        """Check that there is a complete report, and return it."""
        if self._from == _BASE64 and (self._is_invalid or self._undecoded):
            raise UnreadableResponseError(f"the response's {_BASE64} is not base64")
        if not self._from:
            raise UnreadableResponseError("the response has no report")
        return self

    def _write_text(self, text: str) -> None:
        if self._from != _TEXT:
            text = text.lstrip()  # A declaration must not follow white space.
            if not text:
                return
            self._from, self.encoding = _TEXT, "utf-8"
            self.file.seek(0)
            self.file.truncate()
        self.file.write(text.encode())

    def _write_base64(self, text: str) -> None:
        self._undecoded += "".join(text.split())
        if not self._undecoded or self._is_invalid:
            return
        self._from = _BASE64
        whole = len(self._undecoded) // 4 * 4
        encoded, self._undecoded = self._undecoded[:whole], self._undecoded[whole:]
        try:
            self.file.write(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            self._is_invalid = True
        self._is_invalid |= self._is_padded and bool(encoded)
        self._is_padded |= encoded.endswith("=")


class _Rows:
    """The transactions of a report, read from its file by each iteration."""

    def __init__(self, content: _Content) -> None:
        self._content = content

    def __iter__(self) -> Iterator[TransactionRow]:
        for name, element in _elements(self._content):
            if name == "Row":
                yield _transaction_row(element)


def _read(content: _Content) -> Report:
    """Read all of a report, so that a later iteration over its rows finds no error."""
    kind = _outermost_element(content)
    if kind != _TRANSACTIONS_ELEMENT and kind not in _SUMMARY_ELEMENTS:
        raise UnreadableResponseError("the report is of an unknown kind")
    meta: ReportMeta | None = None
    max_rows = MAX_REPORT_ROWS if kind == _TRANSACTIONS_ELEMENT else MAX_SUMMARY_ROWS
    row_count = 0
    summary_rows: list[SummaryRow] = []
    for name, element in _elements(content):
        if name == "Meta":
            if meta is not None:
                raise UnreadableResponseError("the response has more than one Meta")
            meta = _meta(element)
            continue
        row_count += 1
        if kind == _TRANSACTIONS_ELEMENT:
            _transaction_row(element)
        else:
            summary_rows.append(_summary_row(element))
        if row_count > max_rows:
            raise SeqrReportTooLarge(OPERATION, f"the report has more than {max_rows:,} rows", 0)
    meta = meta or ReportMeta(None, None, None, None)
    if kind == _TRANSACTIONS_ELEMENT:
        return TransactionReport(meta, row_count, _Rows(content))
    return CashierTransactionSummary(meta, tuple(summary_rows))


def _outermost_element(content: _Content) -> str:
    events = xml_events(content.file, "report", content.encoding)  # which refuses an empty file
    return next(event.name for event in events if isinstance(event, Start))


def _elements(content: _Content) -> Iterator[tuple[str, ResponseElement]]:
    """Yield the Meta and Row elements below the outermost one, with their names."""
    depth = 0
    tree: SmallTree | None = None
    for event in xml_events(content.file, "report", content.encoding):
        if isinstance(event, Start):
            depth += 1
            if depth == 2 and event.name in ("Meta", "Row"):
                tree = SmallTree(MAX_ROW_SIZE)
        if tree is not None:
            tree.add(event)
        if isinstance(event, End):
            depth -= 1
            if depth == 1 and tree is not None:
                yield event.name, ResponseElement(tree.close())
                tree = None


def _meta(meta: ResponseElement) -> ReportMeta:
    return ReportMeta(
        reseller_id=meta.text("ResellerId"),
        terminal_id=meta.text("TerminalId"),
        transaction_period_id=meta.text("TransactionPeriodId"),
        generated_at=meta.text("GeneratedAt"),
    )


def _transaction_row(row: ResponseElement) -> TransactionRow:
    return TransactionRow(
        terminal_id=row.text("TerminalId"),
        cashier_id=row.text("CashierId"),
        sales_amount=to_cents(row.required_decimal("SalesAmount")),
        ers_reference=shortened_reference(row.text("ErsReference")),
    )


def _summary_row(row: ResponseElement) -> SummaryRow:
    return SummaryRow(
        sales_count=row.required_integer("SalesCount"),
        sales_total=to_cents(row.required_decimal("SalesTotal")),
    )
