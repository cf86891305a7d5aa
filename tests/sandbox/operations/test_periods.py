"""markTransactionPeriod and executeReport."""

import base64
import re

import pytest
from lxml import etree

from tests.sandbox.raw_soap import Answer, Soap, amount, invoice
from tests.sandbox.shows import shows
from tests.sandbox_process import SandboxProcess

TERMINAL_ID = "public_test_shop_terminal"
SHOP = "Reconciliation/Shop.xml"
SHOP_ROWS = "Reconciliation/STD_RECON_003.xml"
TERMINAL_SUMMARY = "Reconciliation/STD_RECON_006.xml"
TERMINAL_ROWS = "Reconciliation/STD_RECON_007.xml"

Rows = list[dict[str, str | None]]


def marked(soap: Soap, sandbox: SandboxProcess, **entries: str) -> str:
    """The id of a period whose reports are ready."""
    period_id = soap.mark(**entries).text("transactionPeriodId")
    assert period_id is not None
    sandbox.advance(3)
    return period_id


def document(answer: Answer) -> etree._Element:
    content = answer.text("report/contentString")
    assert content is not None
    return etree.fromstring(content)


def rows(answer: Answer) -> Rows:
    return [{str(cell.tag): cell.text for cell in row} for row in document(answer).iter("Row")]


def refunded(soap: Soap, ers_reference: str, total: str) -> str:
    """The ersReference of a refund."""
    content = f"<invoice>{amount('totalAmount', total)}<cashierId>eva</cashierId></invoice>"
    return soap.refund(ers_reference, content).text("ersReference") or ""


@shows("markTransactionPeriod", 0)
def test_marking_gives_the_period_an_id(soap: Soap) -> None:
    first, second = soap.mark(), soap.mark(TERMINALID=TERMINAL_ID)

    assert first.names() == ["resultCode", "resultDescription", "transactionPeriodId"]
    assert re.fullmatch(r"\d{25}", first.text("transactionPeriodId") or "")
    assert first.text("transactionPeriodId") != second.text("transactionPeriodId")


def test_a_period_whose_id_got_lost_can_be_looked_up(soap: Soap, sandbox: SandboxProcess) -> None:
    of_the_shop, of_a_terminal = (
        marked(soap, sandbox),
        marked(soap, sandbox, TERMINALID=TERMINAL_ID),
    )

    first, second = sandbox.control("GET", "/periods")["periods"]

    assert (first["transaction_period_id"], first["terminal_id"]) == (of_the_shop, None)
    assert (second["transaction_period_id"], second["terminal_id"]) == (of_a_terminal, TERMINAL_ID)
    assert first["marked_at"] < second["marked_at"]


@shows("executeReport", 0, 2)
def test_a_report_is_ready_three_seconds_after_the_mark(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    period_id = soap.mark().text("transactionPeriodId") or ""
    at_once = soap.report(SHOP, transactionPeriodId=period_id)

    sandbox.advance(3)

    later = soap.report(SHOP, transactionPeriodId=period_id)
    assert (at_once.code, at_once.names()) == (2, ["resultCode", "resultDescription"])
    assert (later.code, later.names()) == (0, ["resultCode", "resultDescription", "report"])
    assert later.names("report") == ["title", "mimeType", "content", "contentString"]


@pytest.mark.parametrize("report_id", [SHOP, SHOP_ROWS])
def test_a_shops_report_has_its_sales_and_refunds_one_by_one(
    soap: Soap, sandbox: SandboxProcess, report_id: str
) -> None:
    sale = soap.paid(invoice("93.31"))
    refund = refunded(soap, sale, "13.30")
    period_id = marked(soap, sandbox)

    answer = soap.report(report_id, transactionPeriodId=period_id)

    root = document(answer)
    assert root.tag == "TransactionDetails"
    assert [(child.tag, child.text) for child in root[0]][:2] == [
        ("ResellerId", "public_test_shop"),
        ("TransactionPeriodId", period_id),
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", root.findtext("Meta/GeneratedAt") or "")
    assert rows(answer) == [
        {
            "TerminalId": TERMINAL_ID,
            "CashierId": "web",
            "SalesAmount": "93.31000",
            "ErsReference": sale,
        },
        {
            "TerminalId": TERMINAL_ID,
            "CashierId": "eva",
            "SalesAmount": "-13.30000",
            "ErsReference": refund,
        },
    ]


def test_the_report_is_there_as_text_and_in_base64(soap: Soap, sandbox: SandboxProcess) -> None:
    soap.paid(invoice().replace("<cashierId>web", "<cashierId>Åsa &amp; Bo 🥐"))
    period_id = marked(soap, sandbox)

    answer = soap.report(SHOP, transactionPeriodId=period_id)

    text = answer.text("report/contentString")
    assert base64.b64decode(answer.text("report/content") or "").decode() == text
    assert rows(answer)[0]["CashierId"] == "Åsa & Bo 🥐"
    assert answer.text("report/mimeType") == "text/xml"


def test_a_terminals_reports_are_about_that_terminal_only(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    soap.paid(invoice("20.00"))
    refunded(soap, soap.paid(invoice("10.00")), "4.00")
    till = soap.till()
    till_id = sandbox.control("GET", "/terminals")["terminals"][1]["terminal_id"]
    reference = soap.call("sendInvoice", invoice("7.00"), with_context=till).text(
        "invoiceReference"
    )
    sandbox.pay(reference or "")
    soap.status(reference or "")
    period_id = marked(soap, sandbox)

    def report(report_id: str, terminal_id: str) -> Answer:
        return soap.report(report_id, transactionPeriodId=period_id, TERMINALID=terminal_id)

    amounts = [row["SalesAmount"] for row in rows(report(TERMINAL_ROWS, TERMINAL_ID))]
    assert amounts == ["20.00000", "10.00000", "-4.00000"]
    summary = report(TERMINAL_SUMMARY, TERMINAL_ID)
    assert document(summary).tag == "CashierTransactionSummary"
    assert rows(summary) == [{"SalesCount": "3", "SalesTotal": "26.00000"}]
    assert rows(report(TERMINAL_SUMMARY, till_id)) == [{"SalesCount": "1", "SalesTotal": "7.00000"}]
    assert len(rows(soap.report(SHOP, transactionPeriodId=period_id))) == 4


def test_each_period_has_what_came_after_the_one_before(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    soap.paid(invoice("1.00"))
    first = marked(soap, sandbox)
    soap.paid(invoice("2.00"))
    of_terminal = marked(soap, sandbox, TERMINALID=TERMINAL_ID)
    soap.paid(invoice("3.00"))
    second = marked(soap, sandbox)
    empty = marked(soap, sandbox)

    def amounts(report_id: str, period_id: str, **entries: str) -> list[str | None]:
        answer = soap.report(report_id, transactionPeriodId=period_id, **entries)
        return [row["SalesAmount"] for row in rows(answer)]

    assert amounts(SHOP, first) == ["1.00000"]
    assert amounts(TERMINAL_ROWS, of_terminal, TERMINALID=TERMINAL_ID) == ["1.00000", "2.00000"]
    assert amounts(SHOP, second) == ["2.00000", "3.00000"]
    assert amounts(SHOP, empty) == []


def test_a_payment_that_nobody_asked_about_is_no_sale(soap: Soap, sandbox: SandboxProcess) -> None:
    sandbox.pay(soap.issued())

    period_id = marked(soap, sandbox)

    assert rows(soap.report(SHOP, transactionPeriodId=period_id)) == []


def test_a_committed_reservation_is_a_sale_of_what_was_taken(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    reference = soap.issued(invoice("45.00", payment_mode="RESERVATION_REQUIRED"))
    sandbox.pay(reference)
    soap.commit(reference, "30.00")
    soap.status(reference, 2)

    period_id = marked(soap, sandbox)

    found = rows(soap.report(SHOP, transactionPeriodId=period_id))
    assert [row["SalesAmount"] for row in found] == ["30.00000"]


@shows("markTransactionPeriod", 10)
@pytest.mark.parametrize("terminal_id", ["", "no_such_terminal"])
def test_a_period_of_an_unknown_terminal_is_refused(soap: Soap, terminal_id: str) -> None:
    answer = soap.mark(TERMINALID=terminal_id)

    assert answer.code == 10
    assert answer.names() == ["resultCode", "resultDescription"]


@shows("executeReport", 10)
@pytest.mark.parametrize(
    ("report_id", "entries"),
    [
        ("Reconciliation/STD_RECON_999.xml", {}),
        ("", {}),
        (SHOP, {"transactionPeriodId": "77"}),
        (SHOP, {"transactionPeriodId": ""}),
        (TERMINAL_SUMMARY, {}),
        (TERMINAL_ROWS, {"TERMINALID": "no_such_terminal"}),
    ],
    ids=["report", "no report", "period", "no period", "no terminal", "terminal"],
)
def test_a_report_about_what_is_not_there_is_refused(
    soap: Soap, sandbox: SandboxProcess, report_id: str, entries: dict[str, str]
) -> None:
    period_id = marked(soap, sandbox)

    answer = soap.report(report_id, **{"transactionPeriodId": period_id, **entries})

    assert answer.code == 10


def test_one_terminals_period_is_not_the_shops_nor_another_terminals(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    soap.till()
    till_id = sandbox.control("GET", "/terminals")["terminals"][1]["terminal_id"]
    period_id = marked(soap, sandbox, TERMINALID=TERMINAL_ID)

    shop = soap.report(SHOP, transactionPeriodId=period_id)
    other = soap.report(TERMINAL_ROWS, transactionPeriodId=period_id, TERMINALID=till_id)

    assert (shop.code, other.code) == (10, 10)
