"""What SEQR accepts and its certification refuses: listed by default, refused on demand."""

from collections.abc import Iterator

import pytest

from tests.sandbox.http_pages import Browser
from tests.sandbox.raw_soap import TERMINAL, SoapClient, amount, context, invoice, row
from tests.sandbox_process import SandboxProcess

SAMPLE_CONTEXT = (
    "<context><channel>ClientWS</channel><clientId>testClient</clientId>"
    f"<clientRequestTimeout>0</clientRequestTimeout>{TERMINAL}</context>"
)
SAMPLE_INVOICE = (
    "<invoice><acknowledgmentMode>NO_ACKNOWLEDGMENT</acknowledgmentMode><title>Web shop</title>"
    "<invoiceRows><invoiceRow><itemDescription>Coffee</itemDescription>"
    f"{amount('itemTotalAmount', '45.00')}</invoiceRow></invoiceRows>"
    f"{amount('totalAmount', '45.00')}</invoice>"
)

SAMPLE_OBJECTIONS = [
    "clientReference is missing.",
    "paymentMode is missing.",
    "issueDate is missing.",
    "clientInvoiceId is missing.",
    "cashierId is missing.",
    "footer is missing.",
    "itemQuantity is missing in a row.",
]

LENIENT = {
    "clientId": (10, context().replace("<clientId>tests</clientId>", ""), invoice()),
    "clientReference": (10, context(reference=" "), invoice()),
    "paymentMode": (
        49,
        context(),
        invoice().replace("<paymentMode>IMMEDIATE_DEBIT</paymentMode>", ""),
    ),
    "issueDate": (
        49,
        context(),
        invoice().replace("<issueDate>2026-03-01T12:30:00.000+01:00</issueDate>", ""),
    ),
    "clientInvoiceId": (49, context(), invoice().replace("order-17", "")),
    "cashierId": (49, context(), invoice().replace("<cashierId>web</cashierId>", "")),
    "footer": (49, context(), invoice().replace("<footer>Order 17</footer>", "")),
    "itemQuantity": (
        49,
        context(),
        invoice(rows=row("40.00") + row("5.00").replace("<itemQuantity>1</itemQuantity>", "")),
    ),
}
"""Requests that lack one element that certification asks for, with the code of the refusal."""


@pytest.fixture(scope="session")
def certifying_process() -> Iterator[SandboxProcess]:
    with SandboxProcess("--certification") as process:
        yield process


@pytest.fixture
def certifying_sandbox(certifying_process: SandboxProcess) -> SandboxProcess:
    certifying_process.reset()
    return certifying_process


def objections(sandbox: SandboxProcess) -> list[list[str]]:
    """The objections to each logged call."""
    return [call["certification_objections"] for call in sandbox.calls()]


@pytest.mark.parametrize(("name", "request_parts"), LENIENT.items())
def test_incomplete_request_is_executed_and_its_objection_listed(
    soap: SoapClient, sandbox: SandboxProcess, name: str, request_parts: tuple[int, str, str]
) -> None:
    _, with_context, content = request_parts

    response = soap.call("sendInvoice", content, with_context=with_context)

    ((objection,),) = objections(sandbox)
    assert response.code == 0
    assert objection.startswith(f"{name} is missing")


@pytest.mark.parametrize(("name", "request_parts"), LENIENT.items())
def test_certification_refuses_incomplete_request(
    certifying_sandbox: SandboxProcess, name: str, request_parts: tuple[int, str, str]
) -> None:
    code, with_context, content = request_parts
    soap = SoapClient(certifying_sandbox)

    response = soap.call("sendInvoice", content, with_context=with_context)

    assert response.code == code
    assert f"{name} is missing" in (response.text("resultDescription") or "")
    assert certifying_sandbox.invoices() == []


@pytest.mark.parametrize("operation", ["updateInvoice", "refundPayment"])
def test_certification_refuses_row_without_quantity_in_every_operation(
    certifying_sandbox: SandboxProcess, operation: str
) -> None:
    soap = SoapClient(certifying_sandbox)
    _, _, content = LENIENT["itemQuantity"]

    response = soap.call(operation, content)

    assert response.code == 49
    assert "itemQuantity is missing" in (response.text("resultDescription") or "")


def test_certification_refuses_unknown_principal_first(
    certifying_sandbox: SandboxProcess,
) -> None:
    soap = SoapClient(certifying_sandbox)

    response = soap.call(
        "cancelInvoice", "", with_context=context(TERMINAL.replace("12345678", "x"), reference="")
    )

    assert response.code == 20


def test_certification_accepts_complete_requests(certifying_sandbox: SandboxProcess) -> None:
    soap = SoapClient(certifying_sandbox)

    ers_reference = soap.new_payment()
    refunded = soap.refund(ers_reference, invoice("5.00", rows=row("5.00")))

    assert refunded.code == 0
    assert objections(certifying_sandbox) == [[]] * 3


def test_published_sample_buys_and_all_objections_are_listed(
    soap: SoapClient, cafe: SandboxProcess
) -> None:
    session_token = cafe.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4")["token"]
    sent = soap.call("sendInvoice", SAMPLE_INVOICE, with_context=SAMPLE_CONTEXT)
    reference = sent.text("invoiceReference") or ""
    page = Browser(cafe).get(f"/app/R{reference}")
    cafe.pay(reference, session_token)

    paid = soap.status(reference)

    assert (sent.code, paid.text("status")) == (0, "PAID")
    assert paid.names("receipt/invoice") == [
        "acknowledgmentMode",
        "title",
        "invoiceRows",
        "totalAmount",
    ]
    assert (page.status, "Coffee" in page.text) == (200, True)
    assert objections(cafe)[0] == SAMPLE_OBJECTIONS
    assert cafe.invoice(reference)["payment_mode"] == "IMMEDIATE_DEBIT"


def test_console_lists_objections_of_calls(soap: SoapClient, sandbox: SandboxProcess) -> None:
    browser = Browser(sandbox)
    before = browser.get("/console").text
    for _ in range(2):
        soap.call("sendInvoice", SAMPLE_INVOICE, with_context=SAMPLE_CONTEXT)

    after = browser.get("/console").text
    call = browser.get("/console/calls/1").text

    assert "No objections to the logged calls." in before
    assert "<strong>sendInvoice</strong> footer is missing.</span>" in after
    assert after.count(">2×<") == len(SAMPLE_OBJECTIONS)
    assert after.count(">7 objections<") == 2
    assert all(f"<li>{sentence}</li>" in call for sentence in SAMPLE_OBJECTIONS)


def test_console_of_certification_says_that_calls_are_refused(
    certifying_sandbox: SandboxProcess,
) -> None:
    soap = SoapClient(certifying_sandbox)
    soap.call("sendInvoice", SAMPLE_INVOICE, with_context=SAMPLE_CONTEXT)

    page = Browser(certifying_sandbox).get("/console")

    assert "refuses these calls, and so does this sandbox." in page.text
    assert objections(certifying_sandbox) == [SAMPLE_OBJECTIONS]
