"""Reports are read up to their limits of time, bytes and rows, in little memory."""

import errno
import tempfile
import time
import tracemalloc
from dataclasses import replace

import pytest

from payments.seqr import (
    Report,
    ReportId,
    SeqrClient,
    SeqrConfig,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrReportTooLarge,
    TransactionReport,
)
from payments.seqr.transport import MAX_RESPONSE_BYTES
from tests.payments.report_size import REPORT_ROWS
from tests.payments.seqr.conftest import CREDENTIALS, ReadReport
from tests.payments.seqr.sample_calls import fetch_report
from tests.payments.seqr.sample_responses import report_response, seqr_response
from tests.payments.seqr.scripted_server import (
    Connection,
    Handler,
    ScriptedServer,
    http_response,
)
from tests.payments.seqr.test_reports import DETAILS, ROW, UTF_8

MEBIBYTE = 1024 * 1024
MAX_MEMORY_BYTES = 5 * MEBIBYTE  # of the reader, whatever the number of rows
BYTES_OF_A_REFERENCE = 150


def large_report(rows: int) -> bytes:
    """Return a response with a report of so many rows."""
    row = "".join(ROW.replace("000101<", f"{number:06}<") for number in range(rows))
    return report_response(UTF_8 + DETAILS.replace(ROW, row))


def row_count(report: Report) -> int:
    """Return the number of rows in a report of transactions."""
    assert isinstance(report, TransactionReport)
    return report.row_count


def test_report_above_the_limit_of_other_calls_is_read_in_little_memory(
    client: SeqrClient, server: ScriptedServer
) -> None:
    response = large_report(REPORT_ROWS)
    assert len(response) > MAX_RESPONSE_BYTES
    server.respond_with(response)

    tracemalloc.start()
    with client.execute_report(ReportId.SHOP_TRANSACTIONS, "1") as report:
        assert isinstance(report, TransactionReport)
        references = {row.ers_reference for row in report.rows}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (row_count(report), len(references)) == (REPORT_ROWS, REPORT_ROWS)
    assert peak < MAX_MEMORY_BYTES + REPORT_ROWS * BYTES_OF_A_REFERENCE


def test_report_with_too_many_rows_is_refused(
    read_report: ReadReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.seqr.report_reader.MAX_REPORT_ROWS", 3)

    assert row_count(read_report(large_report(3))) == 3
    with pytest.raises(SeqrReportTooLarge, match="the report has more than 3 rows"):
        read_report(large_report(4))


def test_oversized_report_is_aborted(
    read_report: ReadReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.seqr.transport.MAX_REPORT_RESPONSE_BYTES", MEBIBYTE)

    with pytest.raises(SeqrReportTooLarge, match="the response has more than 1,048,576 bytes"):
        read_report(http_response(b" " * (MEBIBYTE + 1)))


def send_slowly(response: bytes, parts: int, interval_seconds: float) -> Handler:
    """Send a response in so many parts."""
    length = len(response) // parts + 1

    def handler(connection: Connection) -> None:
        for start in range(0, len(response), length):
            connection.send(response[start : start + length])
            time.sleep(interval_seconds)

    return handler


def test_report_may_take_longer_than_another_call(
    short_timeout_client: SeqrClient, server: ScriptedServer
) -> None:
    server.handler = send_slowly(large_report(1000), parts=4, interval_seconds=0.5)

    report = fetch_report(short_timeout_client, ReportId.SHOP_TRANSACTIONS, "1")

    assert row_count(report) == 1000


def test_summary_may_not_take_longer_than_another_call(
    short_timeout_client: SeqrClient, server: ScriptedServer
) -> None:
    server.handler = send_slowly(large_report(1000), parts=8, interval_seconds=0.5)

    with pytest.raises(SeqrOutcomeUnknown, match="no complete response in time"):
        fetch_report(short_timeout_client, ReportId.TERMINAL_SUMMARY, "1", "t1")


@pytest.mark.parametrize("prefix", [b"", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_trickling_report_is_aborted_when_it_stalls(
    config: SeqrConfig, server: ScriptedServer, prefix: bytes
) -> None:
    client = SeqrClient(replace(config, report_stall_seconds=1), CREDENTIALS)

    def handler(connection: Connection) -> None:
        connection.send(prefix)
        connection.trickle(large_report(1), 0.05)  # takes over a minute

    server.handler = handler
    started = time.monotonic()

    with pytest.raises(SeqrOutcomeUnknown, match="no complete response in time"):
        fetch_report(client, ReportId.SHOP_TRANSACTIONS, "1")

    assert time.monotonic() - started < 20


def test_endless_report_is_aborted_after_its_time(
    config: SeqrConfig, server: ScriptedServer
) -> None:
    client = SeqrClient(replace(config, report_timeout_seconds=1), CREDENTIALS)
    server.handler = send_slowly(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 1_000_000, 1000, 0.05)
    started = time.monotonic()

    with pytest.raises(SeqrOutcomeUnknown, match="no complete response in time"):
        fetch_report(client, ReportId.SHOP_TRANSACTIONS, "1")

    assert time.monotonic() - started < 20


@pytest.mark.parametrize("writes", [0, 1], ids=["response", "report"])
def test_full_disk_leaves_the_report_to_a_later_call(
    read_report: ReadReport, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    write_once = tempfile.SpooledTemporaryFile.write
    left = writes

    def write(file: tempfile.SpooledTemporaryFile[bytes], content: bytes) -> int:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_once(file, content)

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "write", write)

    with pytest.raises(SeqrOutcomeUnknown, match="could not be written to the temporary folder"):
        read_report(report_response(DETAILS))


def test_response_of_very_many_elements_is_refused(read_report: ReadReport) -> None:
    with pytest.raises(SeqrProtocolError, match="an element that is too large"):
        read_report(seqr_response("executeReport", f"{'<a/>' * 100_000}<report/>"))


def test_response_with_a_namespace_that_is_no_uri_is_refused(read_report: ReadReport) -> None:
    with pytest.raises(SeqrProtocolError, match="an invalid namespace"):
        read_report(seqr_response("executeReport", '<a xmlns="$http://seqr.se"/><report/>'))


def test_truncated_report_is_refused(client: SeqrClient, server: ScriptedServer) -> None:
    server.respond_and_close(large_report(1000)[:-200])

    with pytest.raises(SeqrProtocolError, match="is truncated"):
        fetch_report(client, ReportId.SHOP_TRANSACTIONS, "1")
