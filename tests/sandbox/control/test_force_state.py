"""The control API forces any state of an invoice, possible at SEQR or not."""

from typing import Any

import pytest

from tests.sandbox.raw_soap import SoapClient
from tests.sandbox_process import ControlError, SandboxProcess


def force(sandbox: SandboxProcess, reference: str, **fields: Any) -> Any:
    return sandbox.control("PUT", f"/invoices/{reference}", fields)


@pytest.fixture
def paid(soap: SoapClient, sandbox: SandboxProcess) -> str:
    """The reference of a paid invoice of 45.00 SEK."""
    return soap.paid_invoice()


@pytest.mark.parametrize(
    "status",
    [
        "PENDING_ISSUER_ACKNOWLEDGE",
        "CANCELED",
        "FAILED",
        "RESERVED",
        "EXPIRED",
        "HALF_PAID",
        "PARTIALLY_PAID",
    ],
)
def test_any_status_can_be_forced_with_next_version(
    soap: SoapClient, sandbox: SandboxProcess, status: str
) -> None:
    reference = soap.new_invoice()

    stored = force(sandbox, reference, status=status)

    response = soap.status(reference, 1)
    assert (response.code, response.text("status"), response.text("version")) == (0, status, "2")
    assert response.text("receipt") is None
    assert (stored["status"], stored["version"]) == (status, 2)


def test_forced_payment_has_receipt_and_is_reversed_if_unconfirmed(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    confirmed, unconfirmed = soap.new_invoice(), soap.new_invoice()
    for reference in (confirmed, unconfirmed):
        force(sandbox, reference, status="PAID")

    response = soap.status(confirmed, 1)
    sandbox.advance(20)

    assert response.text("receipt/paymentReference") == response.text("ersReference")
    assert response.text("receipt/paymentDate")
    assert sandbox.invoice(confirmed)["status"] == "PAID"
    assert sandbox.invoice(unconfirmed)["reversed"] is True


def test_forced_reservation_can_be_committed(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = soap.new_invoice()
    force(sandbox, reference, status="RESERVED")

    assert soap.commit(reference, "45.00").code == 0


@pytest.mark.parametrize("version", [0, 1, 7, 2**31 - 1])
def test_any_version_can_be_forced(
    soap: SoapClient, sandbox: SandboxProcess, paid: str, version: int
) -> None:
    force(sandbox, paid, version=version)

    assert soap.status(paid).text("version") == str(version)


@pytest.mark.parametrize("value", ["44.99", "0.00", "-45.00", "99999999.99", "45.001"])
def test_any_receipt_amount_and_currency_can_be_forced(
    soap: SoapClient, sandbox: SandboxProcess, paid: str, value: str
) -> None:
    force(sandbox, paid, receipt_amount=value, receipt_currency="QQQ")

    response = soap.status(paid)
    assert response.text("receipt/invoice/totalAmount/value") == value
    assert response.text("receipt/invoice/totalAmount/currency") == "QQQ"
    assert sandbox.invoice(paid)["amount"] == "45.00"


def test_ers_reference_can_be_removed_and_set(
    soap: SoapClient, sandbox: SandboxProcess, paid: str
) -> None:
    force(sandbox, paid, ers_reference=None)
    without = soap.status(paid)

    force(sandbox, paid, ers_reference="2012060410485453001000101")

    assert (without.text("status"), without.text("ersReference")) == ("PAID", None)
    assert soap.status(paid).text("ersReference") == "2012060410485453001000101"


def test_receipt_can_be_removed_or_sent_in_any_status(
    soap: SoapClient, sandbox: SandboxProcess, paid: str
) -> None:
    reference = soap.new_invoice()

    force(sandbox, paid, receipt=False)
    force(sandbox, reference, receipt=True, status="HALF_PAID")

    assert soap.status(paid).text("receipt") is None
    assert soap.status(reference).text("receipt/terminalId") == "public_test_shop_terminal"


def test_earlier_forced_fields_stay(soap: SoapClient, sandbox: SandboxProcess, paid: str) -> None:
    force(sandbox, paid, receipt_amount="1.00")
    force(sandbox, paid, ers_reference=None)

    stored = sandbox.control("POST", f"/invoices/{paid}", {"receipt_currency": "EUR"})

    assert stored["forced"] == {
        "ers_reference": False,
        "receipt": None,
        "receipt_amount": "1.00",
        "receipt_currency": "EUR",
    }


BAD_INPUT: dict[str, tuple[str, object, str]] = {
    "nothing": ("/invoices/REF", {}, "The body must set"),
    "unknown field": ("/invoices/REF", {"state": "PAID"}, "state"),
    "status in small letters": ("/invoices/REF", {"status": "paid"}, "status"),
    "status is a number": ("/invoices/REF", {"status": 7}, "status"),
    "version is a text": ("/invoices/REF", {"version": "7"}, "version"),
    "version is true": ("/invoices/REF", {"version": True}, "version"),
    "negative version": ("/invoices/REF", {"version": -1}, "version"),
    "huge version": ("/invoices/REF", {"version": 2**31}, "version"),
    "receipt is a text": ("/invoices/REF", {"receipt": "no"}, "receipt"),
    "amount is a number": ("/invoices/REF", {"receipt_amount": 45.0}, "receipt_amount"),
    "amount is a word": ("/invoices/REF", {"receipt_amount": "much"}, "receipt_amount"),
    "amount is endless": ("/invoices/REF", {"receipt_amount": "Infinity"}, "receipt_amount"),
    "amount is huge": ("/invoices/REF", {"receipt_amount": "1e999999"}, "receipt_amount"),
    "currency is a list": ("/invoices/REF", {"receipt_currency": []}, "receipt_currency"),
    "no msisdn": ("/customers", {"cards": []}, "msisdn"),
    "no cards": ("/customers", {"msisdn": "46701234567"}, "cards"),
    "a card is a text": ("/customers", {"msisdn": "46701234567", "cards": ["1"]}, "cards"),
    "a card without value": (
        "/customers",
        {"msisdn": "46701234567", "cards": [{"id": "CLUB"}]},
        "cards: value",
    ),
    "too many cards": ("/customers", {"msisdn": "46701234567", "cards": [{}] * 21}, "cards"),
    "another code": ("/refund-refusals", {"code": 98}, "code"),
    "no code": ("/refund-refusals", {}, "code"),
    "code is a list": ("/refund-refusals", {"code": []}, "code"),
    "count of none": ("/refund-refusals", {"code": 97, "count": 0}, "count"),
    "unknown token": ("/invoices/REF/open", {"token": "0000000001-00000000"}, "token"),
}


@pytest.mark.parametrize(("path", "body", "field"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_invalid_input_gets_400_naming_the_field(
    soap: SoapClient, sandbox: SandboxProcess, path: str, body: object, field: str
) -> None:
    reference = soap.new_invoice()

    with pytest.raises(ControlError, match=f"^400: {field}"):
        sandbox.control("POST", path.replace("REF", reference), body)

    assert sandbox.invoice(reference)["version"] == 1


def test_unknown_invoice_cannot_be_forced(sandbox: SandboxProcess) -> None:
    with pytest.raises(ControlError, match="404: There is no invoice '77'"):
        force(sandbox, "77", status="PAID")


def test_number_of_refund_refusals_is_limited(sandbox: SandboxProcess) -> None:
    for _ in range(100):
        sandbox.control("POST", "/refund-refusals", {"code": 97})

    with pytest.raises(ControlError, match="400: There are 100 refusals already"):
        sandbox.control("POST", "/refund-refusals", {"code": 97})
