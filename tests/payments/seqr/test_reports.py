"""What is made of SEQR's reports, and which are refused."""

from base64 import b64encode
from dataclasses import replace
from decimal import Decimal
from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments.seqr import (
    CashierTransactionSummary,
    Report,
    ReportId,
    ReportMeta,
    SeqrClient,
    SeqrProtocolError,
    SummaryRow,
    TransactionReport,
    TransactionRow,
)
from payments.seqr.operations import MAX_REPORT_RESPONSE_BYTES
from payments.seqr.transport import MAX_RESPONSE_BYTES
from tests.payments.seqr.hostile_server import HostileServer, http
from tests.payments.seqr.sample_answers import answer, report

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
READ = TransactionReport(
    ReportMeta("hm1", None, "2012071711291546101000028", "2012-07-18 15:21"), (TRANSACTION,)
)
SUMS = "<Row><SalesCount>202</SalesCount><SalesTotal>-5476.52000</SalesTotal></Row>"
UTF_8 = '<?xml version="1.0" encoding="UTF-8"?>\n'
LATIN_1 = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'


def ask(client: SeqrClient) -> Report:
    return client.execute_report(ReportId.SHOP_TRANSACTIONS, "2012071711291546101000028")


def in_base64(content: bytes) -> bytes:
    """Return the answer that holds these bytes, in lines as some encoders write them."""
    text = b64encode(content).decode()
    lines = "\n".join(text[start : start + 76] for start in range(0, len(text), 76))
    return answer("executeReport", f"<report><content>{lines}</content></report>")


WITH_UNKNOWN_ELEMENTS = DETAILS.replace(
    "><", '><New at="all"><SalesAmount>1</SalesAmount></New><x:Row xmlns:x="urn:vendor"/><'
)
READABLE: dict[str, bytes] = {
    "as text and in base64": report(DETAILS),
    "as text": report(DETAILS, as_bytes=False),
    "in base64": report(DETAILS, as_text=False),
    "with a declaration": report(UTF_8 + DETAILS),
    "as text that once had another charset": report(LATIN_1 + DETAILS, as_bytes=False),
    "in base64 with another charset": in_base64((LATIN_1 + DETAILS).encode("latin-1")),
    "in base64 with a byte order mark": in_base64((UTF_8 + DETAILS).encode("utf-8-sig")),
    "with unknown elements": report(WITH_UNKNOWN_ELEMENTS),
    "in CDATA": answer(
        "executeReport",
        f"<report><contentString><![CDATA[\n{UTF_8}{DETAILS}\n]]></contentString></report>",
    ),
}


@pytest.mark.parametrize("how", READABLE)
def test_a_report_is_read(how: str, client: SeqrClient, hostile_server: HostileServer) -> None:
    hostile_server.answer_with(READABLE[how])

    assert ask(client) == READ


@pytest.mark.parametrize(
    "name",
    ["ResellerTransactionSummary", "CashierTransactionSummary", "TerminalTransactionSummary"],
)
def test_a_summary_is_read_under_each_name_that_seqr_gives_it(
    name: str, client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(report(f"<{name}>{META}{SUMS}{SUMS}</{name}>"))

    summary = client.execute_report(ReportId.SHOP, "2012071711291546101000028")

    row = SummaryRow(202, Decimal("-5476.52"))
    assert summary == CashierTransactionSummary(READ.meta, (row, row))


def test_a_period_without_transactions_is_an_empty_report(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(report("<TransactionDetails/>"))

    assert ask(client) == TransactionReport(ReportMeta(None, None, None, None), ())


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("93.31000", "93.31"),
        ("-30.00000", "-30.00"),
        ("0.01", "0.01"),
        ("99999999.99", "99999999.99"),
        ("340", "340.00"),
        ("0.00500", "0.00500"),
    ],
)
def test_an_amount_has_hundredths_and_what_is_finer_stays(
    sent: str, read: str, client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(report(DETAILS.replace("93.31000", sent)))

    found = ask(client)

    assert isinstance(found, TransactionReport)
    assert str(found.rows[0].sales_amount) == read


def test_a_row_that_names_only_its_amount_is_not_left_out(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    bare = "<Row><SalesAmount>1</SalesAmount></Row>"
    hostile_server.answer_with(report(DETAILS.replace(ROW, ROW + bare)))

    found = ask(client)

    assert found.rows == (TRANSACTION, TransactionRow(None, None, Decimal(1), None))


def test_ten_thousand_rows_are_read(client: SeqrClient, hostile_server: HostileServer) -> None:
    rows = "".join(ROW.replace("000101<", f"{number:06}<") for number in range(10_000))
    whole = report(UTF_8 + DETAILS.replace(ROW, rows))
    hostile_server.answer_with(whole)

    found = ask(client)

    assert MAX_RESPONSE_BYTES < len(whole) < MAX_REPORT_RESPONSE_BYTES / 2
    assert len(found.rows) == 10_000
    assert found.rows[9_999] == replace(TRANSACTION, ers_reference="2012060410485453001009999")


def test_only_a_report_may_be_as_large_as_a_report(
    client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(http(b" " * (MAX_REPORT_RESPONSE_BYTES + 1)))

    with pytest.raises(SeqrProtocolError, match="larger than anything SEQR would send"):
        ask(client)


ENTITY = '<!DOCTYPE TransactionDetails [<!ENTITY a "93.31">]>'
BOMB = (
    '<!DOCTYPE x [<!ENTITY e0 "0123456789">'
    + "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(8))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
UNREADABLE: dict[str, bytes] = {
    "no report": answer("executeReport"),
    "an empty report": answer("executeReport", "<report/>"),
    "a report of blanks": answer("executeReport", "<report><content> </content></report>"),
    "two reports": answer("executeReport", "<report/><report/>"),
    "two texts": answer(
        "executeReport",
        f"<report>{f'<contentString>{escape(DETAILS)}</contentString>' * 2}</report>",
    ),
    "no base64": answer("executeReport", "<report><content>¤¤¤</content></report>"),
    "base64 broken off": answer("executeReport", "<report><content>PD94b</content></report>"),
    "no XML": report("115792"),
    "XML broken off": report(DETAILS[:-30]),
    "another kind of document": report("<html><Row/></html>"),
    "another namespace": report(
        DETAILS.replace("<TransactionDetails>", '<TransactionDetails xmlns="urn:x">')
    ),
    "a document type": report("<!DOCTYPE TransactionDetails>" + DETAILS),
    "an entity": report(ENTITY + DETAILS.replace("93.31000", "&a;")),
    "an entity bomb": report(BOMB + DETAILS.replace("93.31000", "&e8;")),
    "an entity bomb in an attribute": report(BOMB + DETAILS.replace("<Row>", '<Row a="&e8;">')),
    "an external entity": report(OUTSIDE + DETAILS.replace("Åsa", "&f;")),
    "a row without an amount": report(DETAILS.replace(ROW, ROW + "<Row/>")),
    "a row with two amounts": report(
        DETAILS.replace("</Row>", "<SalesAmount>1</SalesAmount></Row>")
    ),
    "two descriptions of itself": report(DETAILS.replace(ROW, META + ROW)),
    "a sum without its count": report(
        "<CashierTransactionSummary><Row><SalesTotal>1</SalesTotal></Row>"
        "</CashierTransactionSummary>"
    ),
} | {
    f"an amount of {amount!r}": report(DETAILS.replace("93.31000", amount))
    for amount in ("", "ten", "93,31", "1 000.00", "1E2", "NaN", "-", "٣", "9" * 400)
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_report_that_cannot_be_trusted_is_refused_as_a_whole(
    what: str, client: SeqrClient, hostile_server: HostileServer
) -> None:
    hostile_server.answer_with(UNREADABLE[what])

    with pytest.raises(SeqrProtocolError) as caught:
        ask(client)

    assert caught.value.result_code == 0


names = st.none() | st.text("aZ09-åÄ☕𝄞<&>\"']", min_size=1, max_size=40)
money = st.decimals(Decimal("-99999999.99"), Decimal("99999999.99"), places=2)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(st.builds(TransactionRow, names, names, money, names), max_size=5))
def test_any_rows_are_read_as_they_were_written(
    rows: list[TransactionRow], client: SeqrClient, hostile_server: HostileServer
) -> None:
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
    whole = f"<TransactionDetails>{document}</TransactionDetails>"
    hostile_server.answer_with(report(whole, as_bytes=False), report(whole, as_text=False))

    assert ask(client).rows == tuple(rows)
    assert ask(client).rows == tuple(rows)
