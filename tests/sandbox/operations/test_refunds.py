"""refundPayment and submitPaymentReceipt."""

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.raw_soap import RESELLER, SoapClient, amount, context, invoice, row
from tests.sandbox_process import SandboxProcess


def refund_of(total: str, currency: str = "SEK") -> str:
    """The shortest content of a refund."""
    return f"<invoice><title>Sorry</title>{amount('totalAmount', total, currency)}</invoice>"


@covers_codes("refundPayment", 0)
@pytest.mark.parametrize("content", [refund_of("45.00"), invoice("45.00")], ids=["total", "rows"])
def test_refund_gets_its_own_ers_reference_and_is_listed(
    soap: SoapClient, sandbox: SandboxProcess, content: str
) -> None:
    ers_reference = soap.new_payment(invoice("45.00"))

    response = soap.refund(ers_reference, content)

    (paid,) = sandbox.invoices()
    assert response.names() == ["ersReference", "resultCode", "resultDescription"]
    assert response.text("ersReference") not in (None, ers_reference)
    assert paid["status"] == "PAID"
    (refund,) = paid["refunds"]
    assert refund["ers_reference"] == response.text("ersReference")
    assert (refund["amount"], refund["currency"]) == ("45.00", "SEK")
    assert refund["client_invoice_id"] == ("order-17" if "clientInvoiceId" in content else None)


@covers_codes("refundPayment", 0, 98)
def test_refunds_cannot_exceed_payment_in_sum(soap: SoapClient, sandbox: SandboxProcess) -> None:
    ers_reference = soap.new_payment(invoice("45.00"))

    codes = [
        soap.refund(ers_reference, refund_of(total)).code
        for total in ("20.00", "25.01", "24.99", "0.02", "0.01", "0.01")
    ]

    assert codes == [0, 98, 0, 98, 0, 98]
    assert len(sandbox.invoices()[0]["refunds"]) == 3


def test_refund_cannot_exceed_committed_amount(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.paid_invoice(invoice("45.00", payment_mode="RESERVATION_REQUIRED"))
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
    "no total": (49, "<invoice><title>Sorry</title></invoice>"),
    "no invoice": (49, ""),
}


@covers_codes("refundPayment")
@pytest.mark.parametrize(("code", "content"), REFUSED.values(), ids=REFUSED.keys())
def test_invalid_refund_is_refused(
    soap: SoapClient, sandbox: SandboxProcess, code: int, content: str
) -> None:
    ers_reference = soap.new_payment()

    response = soap.refund(ers_reference, content)

    assert response.code == code
    assert response.names() == ["resultCode", "resultDescription"]
    assert sandbox.invoices()[0]["refunds"] == []


RECEIPT = (
    "<receiptDocument><mimeType>text/html</mimeType><receiptData>PGI+VGFjazwvYj4=</receiptData>"
    "<receiptType>HTML</receiptType></receiptDocument>"
)


def submit(soap: SoapClient, ers_reference: str, document: str = RECEIPT) -> int:
    """Submit a receipt; return the result code."""
    content = f"<ersReference>{ers_reference}</ersReference>{document}"
    return soap.call("submitPaymentReceipt", content).code


@covers_codes("refundPayment", 23)
@covers_codes("submitPaymentReceipt", 23)
def test_refund_and_receipt_need_a_paid_invoice(soap: SoapClient, sandbox: SandboxProcess) -> None:
    refund = soap.refund(soap.new_payment(), refund_of("1.00")).text("ersReference") or ""
    reference = soap.paid_invoice()
    reversed_payment = sandbox.invoice(reference)["ers_reference"]
    sandbox.advance(20)

    for unknown in ("", "77", reference, refund, reversed_payment):
        assert soap.refund(unknown, refund_of("1.00")).code == 23
        assert submit(soap, unknown) == 23


@covers_codes("refundPayment", 21)
def test_refund_needs_a_terminal(soap: SoapClient) -> None:
    ers_reference = soap.new_payment()

    response = soap.refund(ers_reference, refund_of("1.00"), with_context=context(RESELLER))

    assert response.code == 21


@covers_codes("refundPayment")
@pytest.mark.parametrize("code", [97, 99])
def test_next_refunds_are_refused_on_demand(
    soap: SoapClient, sandbox: SandboxProcess, code: int
) -> None:
    ers_reference = soap.new_payment()
    sandbox.control("POST", "/refund-refusals", {"code": code, "count": 2})

    codes = [soap.refund(ers_reference, refund_of("1.00")).code for _ in range(3)]

    assert codes == [code, code, 0]


@pytest.mark.parametrize(
    "rule", [{"service_id": "CAFE"}, {"msisdn": "46701234567"}], ids=["shop", "customer"]
)
def test_refunds_of_shop_or_customer_are_refused_until_rule_is_deleted(
    soap: SoapClient, cafe: SandboxProcess, rule: dict[str, str]
) -> None:
    cafe.register_shop("BAR", "https://bar.example")
    cafe.scan("HTTP://SEQR.SE/000/CAFE", "46701234567")
    refused = soap.new_payment()
    cafe.scan("HTTP://SEQR.SE/000/BAR", "46707654321")
    other = soap.new_payment()

    cafe.control("POST", "/refund-refusals", {"code": 97, **rule})
    codes = [soap.refund(each, refund_of("1.00")).code for each in (refused, refused, other)]
    listed = cafe.control("GET", "/refund-refusals")["refund_refusals"]
    cafe.control("DELETE", "/refund-refusals")

    assert codes == [97, 97, 0]
    assert listed == [{"code": 97, "service_id": None, "msisdn": None, "count": None, **rule}]
    assert soap.refund(refused, refund_of("1.00")).code == 0


@covers_codes("submitPaymentReceipt", 0)
def test_payment_accepts_several_receipts(soap: SoapClient, sandbox: SandboxProcess) -> None:
    ers_reference = soap.new_payment()

    codes = [submit(soap, ers_reference) for _ in range(2)]

    receipts = sandbox.invoices()[0]["receipts"]
    assert codes == [0, 0]
    assert [receipt["mime_type"] for receipt in receipts] == ["text/html"] * 2
    assert receipts[0]["data"] == "PGI+VGFjazwvYj4="
    assert receipts[0]["receipt_type"] == "HTML"


@covers_codes("submitPaymentReceipt", 49)
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
def test_incomplete_receipt_is_refused(
    soap: SoapClient, sandbox: SandboxProcess, missing: str
) -> None:
    ers_reference = soap.new_payment()

    code = submit(soap, ers_reference, RECEIPT.replace(missing, ""))

    assert code == 49
    assert sandbox.invoices()[0]["receipts"] == []


def test_receipt_that_is_not_base64_gets_client_fault(soap: SoapClient) -> None:
    ers_reference = soap.new_payment()
    document = RECEIPT.replace("PGI+VGFjazwvYj4=", "&lt;b&gt;")
    content = f"<ersReference>{ers_reference}</ersReference>{document}"

    response = soap.call("submitPaymentReceipt", content)

    assert response.fault == "Client"
