"""SEQR's reports: which are read, and which are refused."""

from base64 import b64encode
from decimal import Decimal
from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments.seqr import (
    CashierTransactionSummary,
    ReportMeta,
    SeqrProtocolError,
    SummaryRow,
    TransactionReport,
    TransactionRow,
)
from tests.payments.seqr.conftest import ReadReport
from tests.payments.seqr.sample_responses import report_response, seqr_response

MEBIBYTE = 1024 * 1024

META = (
    "<Meta><ResellerId>hm1</ResellerId>"
    "<TransactionPeriodId>2012071711291546101000028</TransactionPeriodId>"
    "<GeneratedAt>2012-07-18 15:21</GeneratedAt></Meta>"
)
ROW = (
    "<Row><TerminalId>d8e0ff10ea214e5282899aa9697117c1</TerminalId><CashierId>Åsa</CashierId>"
    "<SalesAmount>93.31000</SalesAmount>"
    "<ErsReference>2012060410485453001000101</ErsReference></Row>"
)
DETAILS = f"<TransactionDetails>{META}{ROW}</TransactionDetails>"
TRANSACTION = TransactionRow(
    terminal_id="d8e0ff10ea214e5282899aa9697117c1",
    cashier_id="Åsa",
    sales_amount=Decimal("93.31"),
    ers_reference="2012060410485453001000101",
)
EXPECTED = TransactionReport(
    ReportMeta("hm1", None, "2012071711291546101000028", "2012-07-18 15:21"), 1, (TRANSACTION,)
)
SUMS = "<Row><SalesCount>202</SalesCount><SalesTotal>-5476.52000</SalesTotal></Row>"
UTF_8 = '<?xml version="1.0" encoding="UTF-8"?>\n'
LATIN_1 = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'


def in_base64(content: bytes) -> bytes:
    """Return a response with these bytes, in lines as some encoders write them."""
    text = b64encode(content).decode()
    lines = "\n".join(text[start : start + 76] for start in range(0, len(text), 76))
    return seqr_response("executeReport", f"<report><content>{lines}</content></report>")


ENCODED = b64encode(DETAILS.encode()).decode()
WITH_UNKNOWN_ELEMENTS = DETAILS.replace(
    "><", '><New at="all"><SalesAmount>1</SalesAmount></New><x:Row xmlns:x="urn:vendor"/><'
)
READABLE: dict[str, bytes] = {
    "as text and in base64": report_response(DETAILS),
    "as text": report_response(DETAILS, as_bytes=False),
    "in base64": report_response(DETAILS, as_text=False),
    "with a declaration": report_response(UTF_8 + DETAILS),
    "as text that declares another encoding": report_response(LATIN_1 + DETAILS, as_bytes=False),
    "in base64 in parts that end within a group": seqr_response(
        "executeReport", f"<report><content>{ENCODED[:9]}<x/>{ENCODED[9:]}</content></report>"
    ),
    "in base64 with another encoding": in_base64((LATIN_1 + DETAILS).encode("latin-1")),
    "in base64 with a byte order mark": in_base64((UTF_8 + DETAILS).encode("utf-8-sig")),
    "as text beside invalid base64": seqr_response(
        "executeReport",
        f"<report><content>¤</content><contentString>{escape(DETAILS)}</contentString></report>",
    ),
    "in base64 beside blank text": seqr_response(
        "executeReport",
        f"<report><content>{ENCODED}</content><contentString> </contentString></report>",
    ),
    "with unknown elements": report_response(WITH_UNKNOWN_ELEMENTS),
    "in CDATA": seqr_response(
        "executeReport",
        f"<report><contentString><![CDATA[\n{UTF_8}{DETAILS}\n]]></contentString></report>",
    ),
}


@pytest.mark.parametrize("name", READABLE)
def test_report_is_read_in_every_encoding(name: str, read_report: ReadReport) -> None:
    assert read_report(READABLE[name]) == EXPECTED


@pytest.mark.parametrize(
    "name",
    ["ResellerTransactionSummary", "CashierTransactionSummary", "TerminalTransactionSummary"],
)
def test_summary_is_read_under_each_of_its_names(name: str, read_report: ReadReport) -> None:
    row = SummaryRow(202, Decimal("-5476.52"))

    summary = read_report(report_response(f"<{name}>{META}{SUMS}{SUMS}</{name}>"))

    assert summary == CashierTransactionSummary(EXPECTED.meta, (row, row))


def test_period_without_transactions_is_an_empty_report(read_report: ReadReport) -> None:
    report = read_report(report_response("<TransactionDetails/>"))

    assert report == TransactionReport(ReportMeta(None, None, None, None), 0, ())


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("93.31000", "93.31"),
        ("-30.00000", "-30.00"),
        ("0.01", "0.01"),
        ("99999999.99", "99999999.99"),
        ("340", "340.00"),
        ("0.00500", "0.00500"),
    ],
)
def test_amount_has_two_decimals_unless_it_has_a_fraction_of_a_cent(
    sent: str, expected: str, read_report: ReadReport
) -> None:
    report = read_report(report_response(DETAILS.replace("93.31000", sent)))

    [row] = report.rows
    assert isinstance(row, TransactionRow)
    assert str(row.sales_amount) == expected


def test_row_with_only_an_amount_is_kept(read_report: ReadReport) -> None:
    bare = "<Row><SalesAmount>1</SalesAmount></Row>"

    report = read_report(report_response(DETAILS.replace(ROW, ROW + bare)))

    assert report.rows == (TRANSACTION, TransactionRow(None, None, Decimal(1), None))


ENTITY = '<!DOCTYPE TransactionDetails [<!ENTITY a "93.31">]>'
ENTITY_BOMB = (
    '<!DOCTYPE x [<!ENTITY e0 "0123456789">'
    + "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(8))
    + "]>"
)
EXTERNAL_ENTITY = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
HEAD, REST = (b64encode(part.encode()).decode() for part in (DETAILS[:4], DETAILS[4:]))
UNREADABLE: dict[str, bytes] = {
    "no report": seqr_response("executeReport"),
    "an empty report": seqr_response("executeReport", "<report/>"),
    "a report of blanks": seqr_response("executeReport", "<report><content> </content></report>"),
    "two reports": seqr_response("executeReport", "<report/><report/>"),
    "two texts": seqr_response(
        "executeReport",
        f"<report>{f'<contentString>{escape(DETAILS)}</contentString>' * 2}</report>",
    ),
    "no base64": seqr_response("executeReport", "<report><content>¤¤¤</content></report>"),
    "truncated base64": seqr_response("executeReport", "<report><content>PD94b</content></report>"),
    "base64 with an invalid part": seqr_response(
        "executeReport",
        f"<report><content>¤¤¤¤<x/>{ENCODED}</content></report>",
    ),
    "base64 in two padded parts": seqr_response(
        "executeReport", f"<report><content>{HEAD}<x/>{REST}</content></report>"
    ),
    "base64 in three padded parts": seqr_response(
        "executeReport", f"<report><content>{HEAD}<x/>{REST[:2]}<x/>{REST[2:]}</content></report>"
    ),
    "no XML": report_response("115792"),
    "a very long comment": report_response(DETAILS.replace(ROW, f"<!--{'x' * 3 * MEBIBYTE}-->")),
    "a very long attribute": report_response(
        DETAILS.replace("<Row>", f'<Row a="{"x" * 3 * MEBIBYTE}">')
    ),
    "a row of very many elements": report_response(
        DETAILS.replace("<SalesAmount>", f"{'<a/>' * 100_000}<SalesAmount>")
    ),
    "truncated XML": report_response(DETAILS[:-30]),
    "another kind of document": report_response("<html><Row/></html>"),
    "another namespace": report_response(
        DETAILS.replace("<TransactionDetails>", '<TransactionDetails xmlns="urn:x">')
    ),
    "a document type": report_response("<!DOCTYPE TransactionDetails>" + DETAILS),
    "an entity": report_response(ENTITY + DETAILS.replace("93.31000", "&a;")),
    "an entity bomb": report_response(ENTITY_BOMB + DETAILS.replace("93.31000", "&e8;")),
    "an entity bomb in an attribute": report_response(
        ENTITY_BOMB + DETAILS.replace("<Row>", '<Row a="&e8;">')
    ),
    "an external entity": report_response(EXTERNAL_ENTITY + DETAILS.replace("Åsa", "&f;")),
    "a row without an amount": report_response(DETAILS.replace(ROW, ROW + "<Row/>")),
    "a row with two amounts": report_response(
        DETAILS.replace("</Row>", "<SalesAmount>1</SalesAmount></Row>")
    ),
    "two headers": report_response(DETAILS.replace(ROW, META + ROW)),
    "a total without its count": report_response(
        "<CashierTransactionSummary><Row><SalesTotal>1</SalesTotal></Row>"
        "</CashierTransactionSummary>"
    ),
} | {
    f"an amount of {amount!r}": report_response(DETAILS.replace("93.31000", amount))
    for amount in ("", "ten", "93,31", "1 000.00", "1E2", "NaN", "-", "٣", "9" * 400)
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_report_is_refused_as_a_whole(name: str, read_report: ReadReport) -> None:
    with pytest.raises(SeqrProtocolError) as caught:
        read_report(UNREADABLE[name])

    assert caught.value.result_code == 0


names = st.none() | st.text("aZ09-åÄ☕𝄞<&>\"']", min_size=1, max_size=40)
money = st.decimals(Decimal("-99999999.99"), Decimal("99999999.99"), places=2)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(st.builds(TransactionRow, names, names, money, names), max_size=5))
def test_any_rows_are_read_unchanged(rows: list[TransactionRow], read_report: ReadReport) -> None:
    def element(name: str, text: object) -> str:
        return "" if text is None else f"<{name}>{escape(str(text))}</{name}>"

    document = "".join(
        "<Row>"
        + element("TerminalId", row.terminal_id)
        + element("CashierId", row.cashier_id)
        + f"<SalesAmount>{row.sales_amount}000</SalesAmount>"
        + element("ErsReference", row.ers_reference)
        + "</Row>"
        for row in rows
    )
    details = f"<TransactionDetails>{document}</TransactionDetails>"

    assert read_report(report_response(details, as_bytes=False)).rows == tuple(rows)
    assert read_report(report_response(details, as_text=False)).rows == tuple(rows)
