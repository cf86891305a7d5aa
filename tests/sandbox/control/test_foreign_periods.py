"""Another till of the reseller marks transaction periods, by the control API and the console."""

import pytest

from tests.sandbox.http_pages import Browser
from tests.sandbox.raw_soap import SoapClient
from tests.sandbox_process import ControlError, SandboxProcess

TERMINAL_ID = "public_test_shop_terminal"
SHOP_REPORT = "Reconciliation/STD_RECON_003.xml"
TERMINAL_REPORT = "Reconciliation/STD_RECON_007.xml"


def mark_as_another_till(sandbox: SandboxProcess, terminal_id: str | None = None) -> str:
    """Mark a period; return its id."""
    marked = sandbox.control("POST", "/periods", {"terminal_id": terminal_id})
    period_id: str = marked["transaction_period_id"]
    return period_id


def report_of(soap: SoapClient, report_id: str, period_id: str, terminal_id: str = "") -> str:
    """The text of a period's report."""
    of_terminal = {"TERMINALID": terminal_id} if terminal_id else {}
    response = soap.report(report_id, transactionPeriodId=period_id, **of_terminal)
    return response.text("report/contentString") or ""


def test_foreign_mark_takes_payments_out_of_the_shops_next_period(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    before = soap.new_payment()
    foreign = mark_as_another_till(sandbox)
    after = soap.new_payment()
    own = soap.mark_period().text("transactionPeriodId") or ""
    sandbox.advance(3)

    reports = [report_of(soap, SHOP_REPORT, each) for each in (foreign, own)]

    assert [before in each for each in reports] == [True, False]
    assert [after in each for each in reports] == [False, True]


def test_foreign_mark_of_reseller_leaves_period_of_terminal_whole(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    before = soap.new_payment()
    mark_as_another_till(sandbox)
    own = soap.mark_period(TERMINALID=TERMINAL_ID).text("transactionPeriodId") or ""
    sandbox.advance(3)

    assert before in report_of(soap, TERMINAL_REPORT, own, TERMINAL_ID)


def test_foreign_mark_of_terminal_ends_its_period(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    before = soap.new_payment()
    foreign = mark_as_another_till(sandbox, TERMINAL_ID)
    own = soap.mark_period(TERMINALID=TERMINAL_ID).text("transactionPeriodId") or ""
    sandbox.advance(3)

    reports = [report_of(soap, TERMINAL_REPORT, each, TERMINAL_ID) for each in (foreign, own)]

    assert [before in each for each in reports] == [True, False]
    assert [each["terminal_id"] for each in sandbox.control("GET", "/periods")["periods"]] == [
        TERMINAL_ID,
        TERMINAL_ID,
    ]


def test_period_of_unknown_terminal_is_not_marked(sandbox: SandboxProcess) -> None:
    with pytest.raises(ControlError, match="404: terminal_id: there is no terminal 'till-9'"):
        mark_as_another_till(sandbox, "till-9")

    assert sandbox.control("GET", "/periods") == {"periods": []}


@pytest.mark.parametrize(
    ("scope", "terminal_id", "closes_terminals"),
    [
        ("reseller public_test_shop", None, False),
        ("all public_test_shop", None, True),
        (f"terminal {TERMINAL_ID}", TERMINAL_ID, False),
    ],
)
def test_console_marks_and_lists_periods(
    sandbox: SandboxProcess, scope: str, terminal_id: str | None, closes_terminals: bool
) -> None:
    console = Browser(sandbox)
    before = console.get("/console").text

    marked = console.submit("/console/periods", scope=scope)

    (period,) = sandbox.control("GET", "/periods")["periods"]
    after = console.get("/console").text
    assert "No periods marked yet." in before
    assert marked.status == 303
    assert f'value="{scope}"' in before
    assert (period["reseller_id"], period["terminal_id"], period["closes_terminals"]) == (
        "public_test_shop",
        terminal_id,
        closes_terminals,
    )
    assert f'<span class="number">{period["transaction_period_id"]}</span>' in after


@pytest.mark.parametrize("scope", ["terminal till-9", "reseller chain", "", "till"])
def test_console_refuses_unknown_scope_of_period(sandbox: SandboxProcess, scope: str) -> None:
    page = Browser(sandbox).submit("/console/periods", scope=scope)

    assert (page.status, 'role="alert"' in page.text) == (400, True)
