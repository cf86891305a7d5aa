"""Several resellers: each has its own periods, reports, terminals and receipts."""

import pytest
from lxml import etree

from tests.sandbox.raw_soap import SoapClient, amount, invoice, reseller, terminal
from tests.sandbox_process import SandboxProcess

TERMINAL_ID = "public_test_shop_terminal"
SHOP_ROWS = "Reconciliation/STD_RECON_003.xml"
TERMINAL_SUMMARY = "Reconciliation/STD_RECON_006.xml"
TERMINAL_ROWS = "Reconciliation/STD_RECON_007.xml"


@pytest.fixture
def chain(sandbox: SandboxProcess) -> SoapClient:
    """A second reseller with a terminal, branch."""
    sandbox.add_reseller("chain", "17", "secret-2")
    sandbox.add_terminal("branch", "secret-1", reseller_id="chain")
    return SoapClient(
        sandbox,
        as_terminal=terminal("branch", "secret-1"),
        as_reseller=reseller("chain", "17", "secret-2"),
    )


def period_of(caller: SoapClient, sandbox: SandboxProcess, **entries: str) -> str:
    """Mark a period and wait for its reports; return its id."""
    period_id = caller.mark_period(**entries).text("transactionPeriodId") or ""
    sandbox.advance(3)
    return period_id


def references_in(caller: SoapClient, report_id: str, **entries: str) -> list[str | None]:
    """The ersReferences in a report."""
    content = caller.report(report_id, **entries).text("report/contentString") or ""
    return [cell.text for cell in etree.fromstring(content).iter("ErsReference")]


def test_mark_and_report_of_a_reseller_leave_the_other_resellers_sales(
    soap: SoapClient, sandbox: SandboxProcess, chain: SoapClient
) -> None:
    own, theirs = soap.new_payment(), chain.new_payment()

    first = period_of(soap, sandbox)
    second = period_of(chain, sandbox)

    assert references_in(soap, SHOP_ROWS, transactionPeriodId=first) == [own]
    assert references_in(chain, SHOP_ROWS, transactionPeriodId=second) == [theirs]


def test_report_of_a_reseller_holds_all_its_terminals(
    sandbox: SandboxProcess, chain: SoapClient
) -> None:
    sandbox.add_terminal("branch-2", "secret-3", reseller_id="chain")
    second = SoapClient(sandbox, as_terminal=terminal("branch-2", "secret-3"))
    sales = [chain.new_payment(), second.new_payment()]

    period_id = period_of(chain, sandbox)

    assert references_in(chain, SHOP_ROWS, transactionPeriodId=period_id) == sales
    for terminal_id, sale in zip(("branch", "branch-2"), sales, strict=True):
        entries = {"transactionPeriodId": period_id, "TERMINALID": terminal_id}
        assert references_in(chain, TERMINAL_ROWS, **entries) == [sale]


def test_mark_of_a_terminal_leaves_the_period_of_the_resellers_other_terminal(
    sandbox: SandboxProcess, chain: SoapClient
) -> None:
    sandbox.add_terminal("branch-2", "secret-3", reseller_id="chain")
    second = SoapClient(sandbox, as_terminal=terminal("branch-2", "secret-3"))
    sale = second.new_payment()

    period_of(chain, sandbox, TERMINALID="branch")

    period_id = period_of(chain, sandbox, TERMINALID="branch-2")
    entries = {"transactionPeriodId": period_id, "TERMINALID": "branch-2"}
    assert references_in(chain, TERMINAL_ROWS, **entries) == [sale]


def test_refund_is_in_the_report_of_its_own_reseller_alone(
    soap: SoapClient, sandbox: SandboxProcess, chain: SoapClient
) -> None:
    sale = chain.new_payment()
    content = f"<invoice>{amount('totalAmount', '5.00')}</invoice>"
    refund = chain.refund(sale, content).text("ersReference")

    own, theirs = period_of(soap, sandbox), period_of(chain, sandbox)

    assert references_in(soap, SHOP_ROWS, transactionPeriodId=own) == []
    assert references_in(chain, SHOP_ROWS, transactionPeriodId=theirs) == [sale, refund]


def test_report_names_its_reseller(sandbox: SandboxProcess, chain: SoapClient) -> None:
    period_id = period_of(chain, sandbox)

    report = chain.report(SHOP_ROWS, transactionPeriodId=period_id)

    content = report.text("report/contentString") or ""
    assert "<ResellerId>chain</ResellerId>" in content


def test_period_of_another_resellers_terminal_is_not_marked(
    soap: SoapClient, sandbox: SandboxProcess, chain: SoapClient
) -> None:
    codes = [
        soap.mark_period(TERMINALID="branch").code,
        chain.mark_period(TERMINALID=TERMINAL_ID).code,
    ]

    assert codes == [10, 10]
    assert sandbox.control("GET", "/periods") == {"periods": []}


@pytest.mark.parametrize("report_id", [SHOP_ROWS, TERMINAL_SUMMARY, TERMINAL_ROWS])
@pytest.mark.parametrize("period_of_terminal", [True, False])
def test_report_of_another_resellers_period_is_refused_like_an_unknown_one(
    soap: SoapClient,
    sandbox: SandboxProcess,
    chain: SoapClient,
    report_id: str,
    period_of_terminal: bool,
) -> None:
    period_id = period_of(
        chain, sandbox, **({"TERMINALID": "branch"} if period_of_terminal else {})
    )

    refused, unknown = (
        soap.report(report_id, transactionPeriodId=each, TERMINALID="branch")
        for each in (period_id, "77")
    )

    assert refused.code == 10
    assert refused.text("resultDescription") == unknown.text("resultDescription")


def test_report_of_another_resellers_terminal_is_refused_for_an_own_period(
    soap: SoapClient, sandbox: SandboxProcess, chain: SoapClient
) -> None:
    period_id = period_of(soap, sandbox)

    response = soap.report(TERMINAL_ROWS, transactionPeriodId=period_id, TERMINALID="branch")

    assert response.code == 10


@pytest.mark.parametrize(
    ("mark", "reseller_id", "is_reported"),
    [
        ({}, "public_test_shop", True),
        ({"closes_terminals": True}, "public_test_shop", True),
        ({"reseller_id": "chain"}, "chain", True),
        ({"reseller_id": "chain", "closes_terminals": True}, "chain", False),
        ({"terminal_id": "branch"}, "chain", False),
    ],
    ids=str,
)
def test_mark_of_another_till_ends_only_periods_of_its_own_reseller(
    sandbox: SandboxProcess,
    chain: SoapClient,
    mark: dict[str, object],
    reseller_id: str,
    is_reported: bool,
) -> None:
    sale = chain.new_payment()

    marked = sandbox.control("POST", "/periods", mark)

    period_id = period_of(chain, sandbox, TERMINALID="branch")
    entries = {"transactionPeriodId": period_id, "TERMINALID": "branch"}
    assert (sale in references_in(chain, TERMINAL_ROWS, **entries)) is is_reported
    assert marked["reseller_id"] == reseller_id


def test_receipt_names_the_reseller_and_the_terminal(
    sandbox: SandboxProcess, chain: SoapClient
) -> None:
    status = chain.status(chain.paid_invoice())

    assert status.text("receipt/receiverName") == "chain"
    assert status.text("receipt/terminalId") == "branch"


def test_cash_registers_of_two_resellers_may_share_an_external_id(
    soap: SoapClient, sandbox: SandboxProcess, chain: SoapClient
) -> None:
    codes = [caller.register_terminal("till-1").code for caller in (soap, chain, chain)]

    registered = [each["reseller_id"] for each in sandbox.terminals() if each["external_id"]]
    assert codes == [0, 0, 10]
    assert registered == ["public_test_shop", "chain"]


def test_seqr_id_is_unique_among_all_resellers(soap: SoapClient, chain: SoapClient) -> None:
    codes = [
        caller.call("assignSeqrId", "<seqrId>COUNTER-1</seqrId>").code for caller in (soap, chain)
    ]

    assert codes == [0, 53]


def test_cash_registers_next_invoice_leaves_other_terminals_invoices(
    soap: SoapClient, sandbox: SandboxProcess, chain: SoapClient
) -> None:
    till = chain.new_till()
    kept = [soap.new_invoice(), chain.new_invoice()]

    for _ in range(2):
        chain.call("sendInvoice", invoice(), with_context=till)

    assert [sandbox.invoice(each)["status"] for each in kept] == ["ISSUED", "ISSUED"]
