"""markTransactionPeriod and executeReport."""

import base64
import re

import pytest
from lxml import etree

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.raw_soap import SoapClient, SoapResponse, amount, invoice
from tests.sandbox_process import ControlError, SandboxProcess

TERMINAL_ID = "public_test_shop_terminal"
SHOP = "Reconciliation/Shop.xml"
SHOP_ROWS = "Reconciliation/STD_RECON_003.xml"
TERMINAL_SUMMARY = "Reconciliation/STD_RECON_006.xml"
TERMINAL_ROWS = "Reconciliation/STD_RECON_007.xml"

Rows = list[dict[str, str | None]]


def new_period(soap: SoapClient, sandbox: SandboxProcess, **entries: str) -> str:
    """Mark a period and wait for its reports; return its id."""
    period_id = soap.mark_period(**entries).text("transactionPeriodId")
    assert period_id is not None
    sandbox.advance(3)
    return period_id


def document(response: SoapResponse) -> etree._Element:
    content = response.text("report/contentString")
    assert content is not None
    return etree.fromstring(content)


def rows(response: SoapResponse) -> Rows:
    return [{str(cell.tag): cell.text for cell in row} for row in document(response).iter("Row")]


def new_refund(soap: SoapClient, ers_reference: str, total: str) -> str:
    """Refund a payment; return the refund's ersReference."""
    content = f"<invoice>{amount('totalAmount', total)}<cashierId>eva</cashierId></invoice>"
    return soap.refund(ers_reference, content).text("ersReference") or ""


@covers_codes("markTransactionPeriod", 0)
def test_marked_period_has_an_id(soap: SoapClient) -> None:
    first, second = soap.mark_period(), soap.mark_period(TERMINALID=TERMINAL_ID)

    assert first.names() == ["resultCode", "resultDescription", "transactionPeriodId"]
    assert re.fullmatch(r"\d{25}", first.text("transactionPeriodId") or "")
    assert first.text("transactionPeriodId") != second.text("transactionPeriodId")


def test_lost_period_id_can_be_looked_up(soap: SoapClient, sandbox: SandboxProcess) -> None:
    shop_period, terminal_period = (
        new_period(soap, sandbox),
        new_period(soap, sandbox, TERMINALID=TERMINAL_ID),
    )

    first, second = sandbox.control("GET", "/periods")["periods"]

    assert (first["transaction_period_id"], first["terminal_id"]) == (shop_period, None)
    assert (second["transaction_period_id"], second["terminal_id"]) == (
        terminal_period,
        TERMINAL_ID,
    )
    assert first["marked_at"] < second["marked_at"]


@covers_codes("executeReport", 0, 2)
def test_report_is_ready_three_seconds_after_mark(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    period_id = soap.mark_period().text("transactionPeriodId") or ""
    too_early = soap.report(SHOP, transactionPeriodId=period_id)

    sandbox.advance(3)

    later = soap.report(SHOP, transactionPeriodId=period_id)
    assert (too_early.code, too_early.names()) == (2, ["resultCode", "resultDescription"])
    assert (later.code, later.names()) == (0, ["resultCode", "resultDescription", "report"])
    assert later.names("report") == ["title", "mimeType", "content", "contentString"]


@pytest.mark.parametrize("report_id", [SHOP, SHOP_ROWS])
def test_shop_report_lists_each_sale_and_refund(
    soap: SoapClient, sandbox: SandboxProcess, report_id: str
) -> None:
    sale = soap.new_payment(invoice("93.31"))
    refund = new_refund(soap, sale, "13.30")
    period_id = new_period(soap, sandbox)

    response = soap.report(report_id, transactionPeriodId=period_id)

    root = document(response)
    assert root.tag == "TransactionDetails"
    assert [(child.tag, child.text) for child in root[0]][:2] == [
        ("ResellerId", "public_test_shop"),
        ("TransactionPeriodId", period_id),
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", root.findtext("Meta/GeneratedAt") or "")
    assert rows(response) == [
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


def test_report_is_sent_as_text_and_base64(soap: SoapClient, sandbox: SandboxProcess) -> None:
    soap.new_payment(invoice().replace("<cashierId>web", "<cashierId>Åsa &amp; Bo 🥐"))
    period_id = new_period(soap, sandbox)

    response = soap.report(SHOP, transactionPeriodId=period_id)

    text = response.text("report/contentString")
    assert base64.b64decode(response.text("report/content") or "").decode() == text
    assert rows(response)[0]["CashierId"] == "Åsa & Bo 🥐"
    assert response.text("report/mimeType") == "text/xml"


def test_terminal_reports_hold_only_that_terminal(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    soap.new_payment(invoice("20.00"))
    new_refund(soap, soap.new_payment(invoice("10.00")), "4.00")
    till = soap.new_till()
    till_id = sandbox.control("GET", "/terminals")["terminals"][1]["terminal_id"]
    reference = soap.call("sendInvoice", invoice("7.00"), with_context=till).text(
        "invoiceReference"
    )
    sandbox.pay(reference or "")
    soap.status(reference or "", with_context=till)
    period_id = new_period(soap, sandbox)

    def report(report_id: str, terminal_id: str) -> SoapResponse:
        return soap.report(report_id, transactionPeriodId=period_id, TERMINALID=terminal_id)

    amounts = [row["SalesAmount"] for row in rows(report(TERMINAL_ROWS, TERMINAL_ID))]
    assert amounts == ["20.00000", "10.00000", "-4.00000"]
    summary = report(TERMINAL_SUMMARY, TERMINAL_ID)
    assert document(summary).tag == "CashierTransactionSummary"
    assert rows(summary) == [{"SalesCount": "3", "SalesTotal": "26.00000"}]
    assert rows(report(TERMINAL_SUMMARY, till_id)) == [{"SalesCount": "1", "SalesTotal": "7.00000"}]
    assert len(rows(soap.report(SHOP, transactionPeriodId=period_id))) == 4


def test_period_holds_transactions_since_previous_mark(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    soap.new_payment(invoice("1.00"))
    first = new_period(soap, sandbox)
    soap.new_payment(invoice("2.00"))
    of_terminal = new_period(soap, sandbox, TERMINALID=TERMINAL_ID)
    soap.new_payment(invoice("3.00"))
    second = new_period(soap, sandbox)
    empty = new_period(soap, sandbox)

    def amounts(report_id: str, period_id: str, **entries: str) -> list[str | None]:
        response = soap.report(report_id, transactionPeriodId=period_id, **entries)
        return [row["SalesAmount"] for row in rows(response)]

    assert amounts(SHOP, first) == ["1.00000"]
    assert amounts(TERMINAL_ROWS, of_terminal, TERMINALID=TERMINAL_ID) == ["1.00000", "2.00000"]
    assert amounts(SHOP, second) == ["2.00000", "3.00000"]
    assert amounts(SHOP, empty) == []


def test_unconfirmed_payment_is_no_sale(soap: SoapClient, sandbox: SandboxProcess) -> None:
    sandbox.pay(soap.new_invoice())

    period_id = new_period(soap, sandbox)

    assert rows(soap.report(SHOP, transactionPeriodId=period_id)) == []


def test_committed_reservation_is_a_sale_of_the_committed_amount(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    reference = soap.paid_invoice(invoice("45.00", payment_mode="RESERVATION_REQUIRED"))
    soap.commit(reference, "30.00")
    soap.status(reference, 2)

    period_id = new_period(soap, sandbox)

    found = rows(soap.report(SHOP, transactionPeriodId=period_id))
    assert [row["SalesAmount"] for row in found] == ["30.00000"]


@covers_codes("markTransactionPeriod", 10)
@pytest.mark.parametrize("terminal_id", ["", "no_such_terminal"])
def test_period_of_unknown_terminal_is_refused(soap: SoapClient, terminal_id: str) -> None:
    response = soap.mark_period(TERMINALID=terminal_id)

    assert response.code == 10
    assert response.names() == ["resultCode", "resultDescription"]


@covers_codes("executeReport", 10)
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
def test_report_with_unknown_parameters_is_refused(
    soap: SoapClient, sandbox: SandboxProcess, report_id: str, entries: dict[str, str]
) -> None:
    period_id = new_period(soap, sandbox)

    response = soap.report(report_id, **{"transactionPeriodId": period_id, **entries})

    assert response.code == 10


def test_terminal_period_is_refused_for_shop_and_other_terminal(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    soap.new_till()
    till_id = sandbox.control("GET", "/terminals")["terminals"][1]["terminal_id"]
    period_id = new_period(soap, sandbox, TERMINALID=TERMINAL_ID)

    shop = soap.report(SHOP, transactionPeriodId=period_id)
    other = soap.report(TERMINAL_ROWS, transactionPeriodId=period_id, TERMINALID=till_id)

    assert (shop.code, other.code) == (10, 10)


def terminal_amounts(soap: SoapClient, sandbox: SandboxProcess) -> list[str | None]:
    """End the terminal's period; return the amounts in its report."""
    period_id = new_period(soap, sandbox, TERMINALID=TERMINAL_ID)
    report = soap.report(TERMINAL_ROWS, transactionPeriodId=period_id, TERMINALID=TERMINAL_ID)
    return [row["SalesAmount"] for row in rows(report)]


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ({}, ["1.00000", "2.00000"]),
        ({"closes_terminals": False}, ["1.00000", "2.00000"]),
        ({"closes_terminals": True}, ["2.00000"]),
        ({"terminal_id": TERMINAL_ID}, ["2.00000"]),
        ({"terminal_id": "other till"}, ["1.00000", "2.00000"]),
    ],
    ids=str,
)
def test_mark_of_another_till_hides_sales_only_if_it_ends_the_terminals_period(
    soap: SoapClient,
    sandbox: SandboxProcess,
    mark: dict[str, object],
    expected: list[str],
) -> None:
    if mark.get("terminal_id") == "other till":
        soap.new_till()
        mark = {"terminal_id": sandbox.control("GET", "/terminals")["terminals"][1]["terminal_id"]}
    soap.new_payment(invoice("1.00"))

    marked = sandbox.control("POST", "/periods", mark)

    soap.new_payment(invoice("2.00"))
    assert terminal_amounts(soap, sandbox) == expected
    assert sandbox.control("GET", "/periods")["periods"][0] == marked


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"closes_terminals": "yes"}, 400, "closes_terminals: true, false or null is needed."),
        (
            {"terminal_id": TERMINAL_ID, "closes_terminals": True},
            400,
            "closes_terminals: only for a whole reseller, without a terminal_id.",
        ),
        ({"terminal_id": "till-9"}, 404, "there is no terminal 'till-9'."),
        ({"reseller_id": "chain"}, 404, "reseller_id: there is no reseller 'chain'."),
        (
            {"terminal_id": TERMINAL_ID, "reseller_id": "public_test_shop"},
            400,
            "reseller_id: only for a whole reseller, without a terminal_id.",
        ),
    ],
    ids=["flag", "terminal", "unknown terminal", "unknown reseller", "terminal and reseller"],
)
def test_invalid_mark_of_another_till_is_refused(
    sandbox: SandboxProcess, body: dict[str, object], status: int, sentence: str
) -> None:
    with pytest.raises(ControlError, match=re.escape(sentence)) as refused:
        sandbox.control("POST", "/periods", body)

    assert refused.value.status == status
    assert sandbox.control("GET", "/periods")["periods"] == []
