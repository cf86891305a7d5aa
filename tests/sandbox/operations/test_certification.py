"""SEQR's certification procedure, step by step, by a bare client.

Every answer is held against the published types. Source: SEQR's certification procedure.
"""

import pytest

from tests.sandbox.operations.published_types import RETURNS, check
from tests.sandbox.raw_soap import RESELLER, TERMINAL, Answer, Soap, amount, parameters, token
from tests.sandbox.shows import shows
from tests.sandbox_process import SandboxProcess

PLAIN = ["resultCode", "resultDescription"]
STATUS = [*PLAIN, "status", "version"]
PAID = ["ersReference", *PLAIN, "status", "receipt", "version"]


def context(principal: str) -> str:
    """While certifying: clientId is the company, clientReference the system and its version."""
    return (
        "<context><channel>ClientWS</channel><clientComment>certification</clientComment>"
        "<clientId>Söders Café AB</clientId><clientReference>tillsoft 1.4</clientReference>"
        f"<clientRequestTimeout>0</clientRequestTimeout>{principal}</context>"
    )


def invoice(total: str = "12.50", *, acknowledgment: str = "NO_ACKNOWLEDGMENT") -> str:
    """One row with no more than itemQuantity and itemTotalAmount."""
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


class Certified:
    """A bare client that holds each answer against the reference."""

    def __init__(self, soap: Soap) -> None:
        self._soap = soap

    def call(self, operation: str, content: str, principal: str = TERMINAL) -> Answer:
        answer = self._soap.call(operation, content, with_context=context(principal))
        check(answer, operation)
        return answer

    def issued(self) -> str:
        answer = self.call("sendInvoice", invoice())
        reference = answer.text("invoiceReference")
        assert reference is not None
        assert answer.names() == [*PLAIN, "invoiceQRCode", "invoiceReference"]
        assert answer.text("invoiceQRCode") == f"HTTP://SEQR.SE/R{reference}"
        return reference

    def status(self, reference: str, version: int, elements: list[str]) -> Answer:
        content = (
            f"<invoiceReference>{reference}</invoiceReference>"
            f"<invoiceVersion>{version}</invoiceVersion>"
        )
        answer = self.call("getPaymentStatus", content)
        assert answer.names() == elements
        return answer


@pytest.fixture
def client(soap: Soap, cafe: SandboxProcess) -> Certified:
    cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")
    return Certified(soap)


def test_step_1_an_invoice_is_sent(client: Certified) -> None:
    reference = client.issued()

    assert reference.isdigit()


def test_step_2_the_status_is_asked_for_before_the_scan_after_it_and_half_a_minute_later(
    client: Certified, cafe: SandboxProcess
) -> None:
    reference = client.issued()
    answers = [client.status(reference, 0, STATUS)]
    cafe.act(reference, "open")
    answers.append(client.status(reference, 1, STATUS))
    client.issued()
    cafe.advance(30)
    answers.append(client.status(reference, 1, STATUS))

    assert [answer.text("status") for answer in answers] == ["ISSUED"] * 3
    assert [answer.text("version") for answer in answers] == ["1"] * 3


def test_step_3_a_receipt_is_submitted_after_the_payment(
    client: Certified, cafe: SandboxProcess
) -> None:
    reference = client.issued()
    cafe.pay(reference)
    ers_reference = client.status(reference, 1, PAID).text("ersReference")

    answer = client.call(
        "submitPaymentReceipt",
        f"<ersReference>{ers_reference}</ersReference><receiptDocument>"
        "<mimeType>text/xml</mimeType><receiptData>PHJlY2VpcHQvPg==</receiptData>"
        "<receiptType>XML</receiptType></receiptDocument>",
    )

    assert (answer.code, answer.names()) == (0, PLAIN)


def test_step_4_an_invoice_is_sent_asked_about_and_cancelled(client: Certified) -> None:
    reference = client.issued()
    client.status(reference, 0, STATUS)

    answer = client.call("cancelInvoice", f"<invoiceReference>{reference}</invoiceReference>")

    assert (answer.code, answer.names()) == (0, PLAIN)
    assert client.status(reference, 1, STATUS).text("status") == "CANCELED"


def test_step_5_an_invoice_is_paid_and_refunded(client: Certified, cafe: SandboxProcess) -> None:
    reference = client.issued()
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
def test_step_6_the_day_is_closed_and_reported(
    client: Certified, cafe: SandboxProcess, report_id: str, of_terminal: bool
) -> None:
    reference = client.issued()
    cafe.pay(reference)
    client.status(reference, 1, PAID)
    terminal = {"TERMINALID": "public_test_shop_terminal"} if of_terminal else {}

    marked = client.call("markTransactionPeriod", parameters(**terminal), RESELLER)
    period = {"transactionPeriodId": marked.text("transactionPeriodId") or ""}
    ask = (
        f"<reportId>{report_id}</reportId><language>en</language>{parameters(**period, **terminal)}"
    )
    too_early = client.call("executeReport", ask, RESELLER)
    cafe.advance(3)
    report = client.call("executeReport", ask, RESELLER)

    assert marked.names() == [*PLAIN, "transactionPeriodId"]
    assert (too_early.code, too_early.names()) == (2, PLAIN)
    assert (report.code, report.names()) == (0, [*PLAIN, "report"])
    assert "12.50000" in (report.text("report/contentString") or "")


def test_a_customers_session_is_answered_as_published(
    client: Certified, cafe: SandboxProcess
) -> None:
    session_token = cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")["token"]

    answer = client.call("getClientSessionInfo", f"<key>{session_token}</key>")

    assert answer.names() == [*PLAIN, "parameters"]
    assert answer.names("parameters/entry") == ["key", "value"]


def test_a_loyalty_card_is_asked_about_as_published(
    client: Certified, cafe: SandboxProcess
) -> None:
    cards = [{"id": "CLUB", "value": "77001"}, {"id": "BEAN", "value": "5"}]
    cafe.control("POST", "/customers", {"msisdn": "46700643933", "cards": cards})
    sent = client.call("sendInvoice", invoice(acknowledgment="REQUIRE_ACKNOWLEDGMENT"))
    reference = sent.text("invoiceReference") or ""
    cafe.act(reference, "open")

    asked = client.status(reference, 1, [*PLAIN, "status", "customerTokens", "version"])
    content = f"<invoiceReference>{reference}</invoiceReference>{invoice('10.00')}"
    answers = token("77001") + token("5", 99, card_id="BEAN")
    updated = client.call("updateInvoice", content + answers)

    assert asked.text("status") == "PENDING_ISSUER_ACKNOWLEDGE"
    assert asked.names("customerTokens") == ["token", "token"]
    assert (updated.code, updated.names()) == (0, PLAIN)


def test_a_terminal_is_registered_named_and_ended_as_published(client: Certified) -> None:
    registered = client.call(
        "registerTerminal",
        "<externalTerminalId>till-1</externalTerminalId><password>secret-1</password>"
        "<name>Till 1</name>",
        RESELLER,
    )
    till = TERMINAL.replace(
        "public_test_shop_terminal", registered.text("terminalId") or ""
    ).replace("12345678", "secret-1")

    answers = [
        client.call("assignSeqrId", "<seqrId>TILL-1</seqrId>", till),
        client.call("unregisterTerminal", "", till),
    ]

    assert registered.names() == [*PLAIN, "terminalId"]
    assert [(answer.code, answer.names()) for answer in answers] == [(0, PLAIN)] * 2


@shows(None, 20)
@pytest.mark.parametrize("operation", RETURNS)
def test_a_refusal_has_the_published_form_too(client: Certified, operation: str) -> None:
    version = "<invoiceVersion>0</invoiceVersion>" if operation == "getPaymentStatus" else ""

    answer = client.call(operation, version, TERMINAL.replace("12345678", "wrong"))

    required = {"getPaymentStatus": ["version"], "getClientSessionInfo": ["parameters"]}
    assert answer.code == 20
    assert answer.names() == [*PLAIN, *required.get(operation, [])]
