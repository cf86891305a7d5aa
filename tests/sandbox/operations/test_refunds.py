"""refundPayment and submitPaymentReceipt."""

import pytest

from tests.sandbox.raw_soap import RESELLER, Soap, amount, context, invoice, row
from tests.sandbox.shows import shows
from tests.sandbox_process import SandboxProcess


def refund_of(total: str, currency: str = "SEK") -> str:
    """The least that says a refund."""
    return f"<invoice><title>Sorry</title>{amount('totalAmount', total, currency)}</invoice>"


@shows("refundPayment", 0)
@pytest.mark.parametrize("content", [refund_of("45.00"), invoice("45.00")], ids=["total", "rows"])
def test_a_refund_has_an_ers_reference_of_its_own_and_is_seen(
    soap: Soap, sandbox: SandboxProcess, content: str
) -> None:
    ers_reference = soap.paid(invoice("45.00"))

    answer = soap.refund(ers_reference, content)

    (paid,) = sandbox.invoices()
    assert answer.names() == ["ersReference", "resultCode", "resultDescription"]
    assert answer.text("ersReference") not in (None, ers_reference)
    assert paid["status"] == "PAID"
    (refund,) = paid["refunds"]
    assert refund["ers_reference"] == answer.text("ersReference")
    assert (refund["amount"], refund["currency"]) == ("45.00", "SEK")
    assert refund["client_invoice_id"] == ("order-17" if "clientInvoiceId" in content else None)


@shows("refundPayment", 0, 98)
def test_all_refunds_together_are_at_most_the_payment(soap: Soap, sandbox: SandboxProcess) -> None:
    ers_reference = soap.paid(invoice("45.00"))

    codes = [
        soap.refund(ers_reference, refund_of(total)).code
        for total in ("20.00", "25.01", "24.99", "0.02", "0.01", "0.01")
    ]

    assert codes == [0, 98, 0, 98, 0, 98]
    assert len(sandbox.invoices()[0]["refunds"]) == 3


def test_a_refund_is_at_most_what_was_committed(soap: Soap, sandbox: SandboxProcess) -> None:
    reference = soap.issued(invoice("45.00", payment_mode="RESERVATION_REQUIRED"))
    sandbox.pay(reference)
    soap.commit(reference, "30.00")
    ers_reference = soap.status(reference, 2).text("ersReference") or ""

    codes = [soap.refund(ers_reference, refund_of(total)).code for total in ("30.01", "30.00")]

    assert codes == [98, 0]


REFUSED = {
    "zero": (49, refund_of("0.00")),
    "negative": (49, refund_of("-1.00")),
    "three decimals": (49, refund_of("1.001")),
    "unknown currency": (49, refund_of("1.00", "QQQ")),
    "other currency": (11, refund_of("1.00", "EUR")),
    "rows that do not sum up": (49, invoice("10.00", rows=row("9.00"))),
    "row without quantity": (
        49,
        invoice("10.00").replace("<itemQuantity>1</itemQuantity>", ""),
    ),
    "no total": (49, "<invoice><title>Sorry</title></invoice>"),
    "no invoice": (49, ""),
}


@shows("refundPayment")
@pytest.mark.parametrize(("code", "content"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refund_of_nothing_or_of_something_else_is_refused(
    soap: Soap, sandbox: SandboxProcess, code: int, content: str
) -> None:
    ers_reference = soap.paid()

    answer = soap.refund(ers_reference, content)

    assert answer.code == code
    assert answer.names() == ["resultCode", "resultDescription"]
    assert sandbox.invoices()[0]["refunds"] == []


RECEIPT = (
    "<receiptDocument><mimeType>text/html</mimeType><receiptData>PGI+VGFjazwvYj4=</receiptData>"
    "<receiptType>HTML</receiptType></receiptDocument>"
)


def submitted(soap: Soap, ers_reference: str, document: str = RECEIPT) -> int:
    """The result code of submitPaymentReceipt."""
    content = f"<ersReference>{ers_reference}</ersReference>{document}"
    return soap.call("submitPaymentReceipt", content).code


@shows("refundPayment", 23)
@shows("submitPaymentReceipt", 23)
def test_only_a_payment_that_stands_can_be_named(soap: Soap, sandbox: SandboxProcess) -> None:
    of_a_refund = soap.refund(soap.paid(), refund_of("1.00")).text("ersReference") or ""
    reference = soap.issued()
    sandbox.pay(reference)
    of_a_returned_one = sandbox.invoice(reference)["ers_reference"]
    sandbox.advance(20)

    for unknown in ("", "77", reference, of_a_refund, of_a_returned_one):
        assert soap.refund(unknown, refund_of("1.00")).code == 23
        assert submitted(soap, unknown) == 23


@shows("refundPayment", 21)
def test_only_a_terminal_refunds(soap: Soap) -> None:
    ers_reference = soap.paid()

    answer = soap.refund(ers_reference, refund_of("1.00"), with_context=context(RESELLER))

    assert answer.code == 21


@shows("refundPayment")
@pytest.mark.parametrize("code", [97, 99])
def test_the_next_refunds_can_be_refused_on_demand(
    soap: Soap, sandbox: SandboxProcess, code: int
) -> None:
    ers_reference = soap.paid()
    sandbox.control("POST", "/refund-refusals", {"code": code, "count": 2})

    codes = [soap.refund(ers_reference, refund_of("1.00")).code for _ in range(3)]

    assert codes == [code, code, 0]


@pytest.mark.parametrize(
    "order", [{"service_id": "CAFE"}, {"msisdn": "46701234567"}], ids=["service", "customer"]
)
def test_the_refunds_of_a_service_or_a_customer_are_refused_until_that_is_ended(
    soap: Soap, cafe: SandboxProcess, order: dict[str, str]
) -> None:
    cafe.register_shop("BAR", "https://bar.example")
    cafe.scan("HTTP://SEQR.SE/000/CAFE", "46701234567")
    concerned = soap.paid()
    cafe.scan("HTTP://SEQR.SE/000/BAR", "46707654321")
    other = soap.paid()

    cafe.control("POST", "/refund-refusals", {"code": 97, **order})
    codes = [soap.refund(each, refund_of("1.00")).code for each in (concerned, concerned, other)]
    listed = cafe.control("GET", "/refund-refusals")["refund_refusals"]
    cafe.control("DELETE", "/refund-refusals")

    assert codes == [97, 97, 0]
    assert listed == [{"code": 97, "service_id": None, "msisdn": None, "count": None, **order}]
    assert soap.refund(concerned, refund_of("1.00")).code == 0


@shows("submitPaymentReceipt", 0)
def test_a_payment_may_have_several_receipts(soap: Soap, sandbox: SandboxProcess) -> None:
    ers_reference = soap.paid()

    codes = [submitted(soap, ers_reference) for _ in range(2)]

    receipts = sandbox.invoices()[0]["receipts"]
    assert codes == [0, 0]
    assert [receipt["mime_type"] for receipt in receipts] == ["text/html"] * 2
    assert receipts[0]["data"] == "PGI+VGFjazwvYj4="
    assert receipts[0]["receipt_type"] == "HTML"


@shows("submitPaymentReceipt", 49)
@pytest.mark.parametrize(
    "missing",
    [
        "<mimeType>text/html</mimeType>",
        "<receiptData>PGI+VGFjazwvYj4=</receiptData>",
        "<receiptType>HTML</receiptType>",
        RECEIPT,
    ],
    ids=["mimeType", "receiptData", "receiptType", "all"],
)
def test_a_receipt_needs_all_its_parts(soap: Soap, sandbox: SandboxProcess, missing: str) -> None:
    ers_reference = soap.paid()

    code = submitted(soap, ers_reference, RECEIPT.replace(missing, ""))

    assert code == 49
    assert sandbox.invoices()[0]["receipts"] == []


def test_a_receipt_that_is_not_base64_is_no_request(soap: Soap) -> None:
    ers_reference = soap.paid()
    document = RECEIPT.replace("PGI+VGFjazwvYj4=", "&lt;b&gt;")
    content = f"<ersReference>{ers_reference}</ersReference>{document}"

    answer = soap.call("submitPaymentReceipt", content)

    assert answer.fault == "Client"
