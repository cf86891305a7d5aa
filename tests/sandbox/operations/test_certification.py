"""SEQR's certification procedure, step by step.

Every response is checked against the published types. Source: SEQR's certification procedure.
"""

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.operations.published_types import RETURNS, assert_published_form
from tests.sandbox.raw_soap import (
    RESELLER,
    TERMINAL,
    SoapClient,
    SoapResponse,
    amount,
    parameters,
    token,
)
from tests.sandbox_process import SandboxProcess

PLAIN = ["resultCode", "resultDescription"]
STATUS = [*PLAIN, "status", "version"]
PAID = ["ersReference", *PLAIN, "status", "receipt", "version"]


def context(principal: str) -> str:
    """For certification clientId is the company, clientReference the system and its version."""
    return (
        "<context><channel>ClientWS</channel><clientComment>certification</clientComment>"
        "<clientId>Söders Café AB</clientId><clientReference>tillsoft 1.4</clientReference>"
        f"<clientRequestTimeout>0</clientRequestTimeout>{principal}</context>"
    )


def invoice(total: str = "12.50", *, acknowledgment: str = "NO_ACKNOWLEDGMENT") -> str:
    """An invoice whose only row has itemQuantity and itemTotalAmount."""
    return (
        "<invoice><paymentMode>IMMEDIATE_DEBIT</paymentMode>"
        f"<acknowledgmentMode>{acknowledgment}</acknowledgmentMode>"
        "<issueDate>2026-03-01T12:30:00.000+01:00</issueDate><title>Söders Café</title>"
        "<clientInvoiceId>1017</clientInvoiceId><invoiceRows><invoiceRow>"
        f"<itemQuantity>1</itemQuantity>{amount('itemTotalAmount', total)}"
        f"</invoiceRow></invoiceRows>{amount('totalAmount', total)}"
        "<cashierId>bob</cashierId><footer>Order 1017</footer>"
        "<backURL>https://cafe.example/back</backURL>"
        "<notificationUrl>http://127.0.0.1:1/notify</notificationUrl></invoice>"
    )


class CheckedClient:
    """A SOAP client that checks the form of each response."""

    def __init__(self, soap: SoapClient) -> None:
        self._soap = soap

    def call(self, operation: str, content: str, principal: str = TERMINAL) -> SoapResponse:
        response = self._soap.call(operation, content, with_context=context(principal))
        assert_published_form(response, operation)
        return response

    def new_invoice(self) -> str:
        response = self.call("sendInvoice", invoice())
        reference = response.text("invoiceReference")
        assert reference is not None
        assert response.names() == [*PLAIN, "invoiceQRCode", "invoiceReference"]
        assert response.text("invoiceQRCode") == f"HTTP://SEQR.SE/R{reference}"
        return reference

    def status(self, reference: str, version: int, elements: list[str]) -> SoapResponse:
        content = (
            f"<invoiceReference>{reference}</invoiceReference>"
            f"<invoiceVersion>{version}</invoiceVersion>"
        )
        response = self.call("getPaymentStatus", content)
        assert response.names() == elements
        return response


@pytest.fixture
def client(soap: SoapClient, cafe: SandboxProcess) -> CheckedClient:
    cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")
    return CheckedClient(soap)


def test_step_1_send_invoice(client: CheckedClient) -> None:
    reference = client.new_invoice()

    assert reference.isdigit()


def test_step_2_get_status_before_scan_after_it_and_after_30_seconds(
    client: CheckedClient, cafe: SandboxProcess
) -> None:
    reference = client.new_invoice()
    responses = [client.status(reference, 0, STATUS)]
    cafe.act(reference, "open")
    responses.append(client.status(reference, 1, STATUS))
    client.new_invoice()
    cafe.advance(30)
    responses.append(client.status(reference, 1, STATUS))

    assert [response.text("status") for response in responses] == ["ISSUED"] * 3
    assert [response.text("version") for response in responses] == ["1"] * 3


def test_step_3_submit_receipt_after_payment(client: CheckedClient, cafe: SandboxProcess) -> None:
    reference = client.new_invoice()
    cafe.pay(reference)
    ers_reference = client.status(reference, 1, PAID).text("ersReference")

    response = client.call(
        "submitPaymentReceipt",
        f"<ersReference>{ers_reference}</ersReference><receiptDocument>"
        "<mimeType>text/xml</mimeType><receiptData>PHJlY2VpcHQvPg==</receiptData>"
        "<receiptType>XML</receiptType></receiptDocument>",
    )

    assert (response.code, response.names()) == (0, PLAIN)


def test_step_4_send_get_status_and_cancel(client: CheckedClient) -> None:
    reference = client.new_invoice()
    client.status(reference, 0, STATUS)

    response = client.call("cancelInvoice", f"<invoiceReference>{reference}</invoiceReference>")

    assert (response.code, response.names()) == (0, PLAIN)
    assert client.status(reference, 1, STATUS).text("status") == "CANCELED"


def test_step_5_pay_and_refund(client: CheckedClient, cafe: SandboxProcess) -> None:
    reference = client.new_invoice()
    client.status(reference, 0, STATUS)
    cafe.pay(reference)
    paid = client.status(reference, 1, PAID)
    acknowledged = client.status(reference, 2, PAID)

    refund = client.call(
        "refundPayment",
        f"<ersReference>{paid.text('ersReference')}</ersReference>{invoice()}",
    )

    assert (paid.text("status"), paid.text("version")) == ("PAID", "2")
    assert acknowledged.text("ersReference") == paid.text("ersReference")
    assert paid.names("receipt/invoice/invoiceRows/invoiceRow") == [
        "itemQuantity",
        "itemTotalAmount",
    ]
    assert paid.text("receipt/invoice/footer") == "Order 1017"
    assert (refund.code, refund.names()) == (0, ["ersReference", *PLAIN])
    assert refund.text("ersReference") != paid.text("ersReference")


@pytest.mark.parametrize(
    ("report_id", "of_terminal"),
    [
        ("Reconciliation/Shop.xml", False),
        ("Reconciliation/STD_RECON_003.xml", False),
        ("Reconciliation/STD_RECON_006.xml", True),
        ("Reconciliation/STD_RECON_007.xml", True),
    ],
)
def test_step_6_mark_period_and_execute_report(
    client: CheckedClient, cafe: SandboxProcess, report_id: str, of_terminal: bool
) -> None:
    reference = client.new_invoice()
    cafe.pay(reference)
    client.status(reference, 1, PAID)
    terminal = {"TERMINALID": "public_test_shop_terminal"} if of_terminal else {}

    marked = client.call("markTransactionPeriod", parameters(**terminal), RESELLER)
    period = {"transactionPeriodId": marked.text("transactionPeriodId") or ""}
    request = (
        f"<reportId>{report_id}</reportId><language>en</language>{parameters(**period, **terminal)}"
    )
    too_early = client.call("executeReport", request, RESELLER)
    cafe.advance(3)
    report = client.call("executeReport", request, RESELLER)

    assert marked.names() == [*PLAIN, "transactionPeriodId"]
    assert (too_early.code, too_early.names()) == (2, PLAIN)
    assert (report.code, report.names()) == (0, [*PLAIN, "report"])
    assert "12.50000" in (report.text("report/contentString") or "")


def test_session_response_has_published_form(client: CheckedClient, cafe: SandboxProcess) -> None:
    session_token = cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")["token"]

    response = client.call("getClientSessionInfo", f"<key>{session_token}</key>")

    assert response.names() == [*PLAIN, "parameters"]
    assert response.names("parameters/entry") == ["key", "value"]


def test_loyalty_card_has_published_form(client: CheckedClient, cafe: SandboxProcess) -> None:
    cards = [{"id": "CLUB", "value": "77001"}, {"id": "BEAN", "value": "5"}]
    cafe.control("POST", "/customers", {"msisdn": "46700643933", "cards": cards})
    sent = client.call("sendInvoice", invoice(acknowledgment="REQUIRE_ACKNOWLEDGMENT"))
    reference = sent.text("invoiceReference") or ""
    cafe.act(reference, "open")

    opened = client.status(reference, 1, [*PLAIN, "status", "customerTokens", "version"])
    content = f"<invoiceReference>{reference}</invoiceReference>{invoice('10.00')}"
    tokens = token("77001") + token("5", 99, card_id="BEAN")
    updated = client.call("updateInvoice", content + tokens)

    assert opened.text("status") == "PENDING_ISSUER_ACKNOWLEDGE"
    assert opened.names("customerTokens") == ["token", "token"]
    assert (updated.code, updated.names()) == (0, PLAIN)


def test_terminal_operations_have_published_form(client: CheckedClient) -> None:
    registered = client.call(
        "registerTerminal",
        "<externalTerminalId>till-1</externalTerminalId><password>secret-1</password>"
        "<name>Till 1</name>",
        RESELLER,
    )
    till = TERMINAL.replace(
        "public_test_shop_terminal", registered.text("terminalId") or ""
    ).replace("12345678", "secret-1")

    responses = [
        client.call("assignSeqrId", "<seqrId>TILL-1</seqrId>", till),
        client.call("unregisterTerminal", "", till),
    ]

    assert registered.names() == [*PLAIN, "terminalId"]
    assert [(response.code, response.names()) for response in responses] == [(0, PLAIN)] * 2


@covers_codes(None, 20)
@pytest.mark.parametrize("operation", RETURNS)
def test_refusal_has_published_form(client: CheckedClient, operation: str) -> None:
    version = "<invoiceVersion>0</invoiceVersion>" if operation == "getPaymentStatus" else ""

    response = client.call(operation, version, TERMINAL.replace("12345678", "wrong"))

    required = {"getPaymentStatus": ["version"], "getClientSessionInfo": ["parameters"]}
    assert response.code == 20
    assert response.names() == [*PLAIN, *required.get(operation, [])]
