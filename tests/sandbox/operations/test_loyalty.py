"""Loyalty cards: opening an invoice sends them to the shop, updateInvoice answers them."""

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.raw_soap import SoapClient, invoice, token
from tests.sandbox_process import ControlError, SandboxProcess

MSISDN = "46701234567"
CARD = {"id": "CLUB", "value": "77001", "description": "Café club"}
REQUIRE = "REQUIRE_ACKNOWLEDGMENT"
OPTIONAL = "OPTIONAL_ACKNOWLEDGMENT"


@pytest.fixture
def member(cafe: SandboxProcess) -> str:
    """Add a customer with one card who scans the café's code; return the token."""
    cafe.control("POST", "/customers", {"msisdn": MSISDN, "cards": [CARD]})
    scanned: str = cafe.scan("HTTP://SEQR.SE/000/CAFE", MSISDN)["token"]
    return scanned


def opened_invoice(soap: SoapClient, cafe: SandboxProcess, mode: str) -> str:
    """Send an invoice that the latest customer opens; return its reference."""
    reference = soap.new_invoice(invoice(acknowledgment_mode=mode))
    cafe.act(reference, "open")
    return reference


@pytest.mark.parametrize("mode", [REQUIRE, OPTIONAL])
def test_opening_the_invoice_sends_the_card_to_the_shop(
    soap: SoapClient, cafe: SandboxProcess, member: str, mode: str
) -> None:
    reference = opened_invoice(soap, cafe, mode)

    response = soap.status(reference, 1)

    assert response.names() == [
        "resultCode",
        "resultDescription",
        "status",
        "customerTokens",
        "version",
    ]
    assert response.text("status") == "PENDING_ISSUER_ACKNOWLEDGE"
    assert response.text("version") == "2"
    assert response.names("customerTokens/token") == ["description", "id", "status", "value"]
    assert response.text("customerTokens/token/status") == "0"
    assert response.text("customerTokens/token/value") == "77001"


@pytest.mark.parametrize("status", [1, 90, 99])
def test_answered_card_makes_invoice_payable_with_new_rows(
    soap: SoapClient, cafe: SandboxProcess, member: str, status: int
) -> None:
    reference = opened_invoice(soap, cafe, REQUIRE)

    code = soap.update(reference, invoice("40.00"), token("77001", status)).code

    response = soap.status(reference, 2)
    cafe.act(reference, "open")
    cafe.pay(reference, member)
    paid = soap.status(reference, 3)
    assert code == 0
    assert (response.text("status"), response.text("version")) == ("ISSUED", "3")
    assert response.text("customerTokens/token/status") == str(status)
    assert paid.text("receipt/invoice/totalAmount/value") == "40.00"


def test_payment_is_refused_until_required_acknowledgment(
    soap: SoapClient, cafe: SandboxProcess, member: str
) -> None:
    reference = soap.new_invoice(invoice(acknowledgment_mode=REQUIRE))

    with pytest.raises(ControlError, match=r"409: .* the shop has to call updateInvoice"):
        cafe.pay(reference)

    assert cafe.invoice(reference)["status"] == "PENDING_ISSUER_ACKNOWLEDGE"


def test_payment_needs_no_optional_acknowledgment(
    soap: SoapClient, cafe: SandboxProcess, member: str
) -> None:
    reference = opened_invoice(soap, cafe, OPTIONAL)

    cafe.pay(reference)

    assert soap.status(reference, 2).text("status") == "PAID"


def test_acknowledgment_is_required_without_cards_too(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    reference = opened_invoice(soap, sandbox, REQUIRE)
    waiting = soap.status(reference, 1)

    soap.update(reference, invoice())

    assert waiting.text("status") == "PENDING_ISSUER_ACKNOWLEDGE"
    assert waiting.text("customerTokens") is None
    assert sandbox.pay(reference)["status"] == "PAID"


@pytest.mark.parametrize(
    ("mode", "number"), [("NO_ACKNOWLEDGMENT", MSISDN), (OPTIONAL, "46707654321")]
)
def test_invoice_stays_issued_without_cards_or_acknowledgment(
    soap: SoapClient, cafe: SandboxProcess, member: str, mode: str, number: str
) -> None:
    reference = soap.new_invoice(invoice(acknowledgment_mode=mode))

    response = cafe.control("POST", f"/invoices/{reference}/open", {"msisdn": number})

    assert response == {"status": "ISSUED", "version": 1}


@covers_codes("updateInvoice", 52)
@pytest.mark.parametrize("tokens", [token("77002"), token("77001", card_id="OTHER")])
def test_answer_for_unknown_card_is_refused(
    soap: SoapClient, cafe: SandboxProcess, member: str, tokens: str
) -> None:
    reference = opened_invoice(soap, cafe, REQUIRE)

    response = soap.update(reference, invoice(), tokens)

    assert response.code == 52
    assert cafe.invoice(reference)["status"] == "PENDING_ISSUER_ACKNOWLEDGE"


def test_invoice_waits_until_every_card_is_answered(soap: SoapClient, cafe: SandboxProcess) -> None:
    cards = [CARD, CARD | {"id": "BEAN", "value": "5"}]
    cafe.control("POST", "/customers", {"msisdn": MSISDN, "cards": cards})
    cafe.scan("HTTP://SEQR.SE/000/CAFE", MSISDN)
    reference = opened_invoice(soap, cafe, OPTIONAL)

    soap.update(reference, invoice(), token("77001"))
    one = soap.status(reference, 2)
    soap.update(reference, invoice(), token("5", 99, card_id="BEAN"))

    assert (one.text("status"), one.text("version")) == ("PENDING_ISSUER_ACKNOWLEDGE", "2")
    assert soap.status(reference, 2).text("status") == "ISSUED"


def test_card_shown_at_till_overrides_stored_one(
    soap: SoapClient, cafe: SandboxProcess, member: str
) -> None:
    reference = soap.new_invoice(invoice(acknowledgment_mode=REQUIRE) + token("90001"))

    cafe.act(reference, "open")

    response = soap.status(reference, 1)
    assert (response.text("status"), response.text("version")) == ("ISSUED", "1")
    assert response.text("customerTokens/token/value") == "90001"
    assert cafe.pay(reference)["status"] == "PAID"


@covers_codes("sendInvoice", 49)
@pytest.mark.parametrize("status", [0, 2, 90, 99, -1])
def test_card_shown_at_till_needs_status_used(soap: SoapClient, status: int) -> None:
    response = soap.send_invoice(invoice() + token("90001", status))

    assert response.code == 49


def test_waiting_invoice_can_be_cancelled_by_shop_and_customer(
    soap: SoapClient, cafe: SandboxProcess, member: str
) -> None:
    by_shop, by_customer = opened_invoice(soap, cafe, REQUIRE), opened_invoice(soap, cafe, REQUIRE)

    code = soap.cancel(by_shop).code
    cafe.act(by_customer, "cancel")

    assert code == 0
    assert soap.status(by_shop, 2).text("status") == "CANCELED"
    assert soap.status(by_customer, 2).text("status") == "CANCELED"


def test_customers_are_listed_with_cards(cafe: SandboxProcess, member: str) -> None:
    listed = cafe.control("GET", "/customers")

    assert listed == {"customers": [{"msisdn": MSISDN, "cards": [CARD]}]}


def test_several_scans_of_one_customer_stay_valid(soap: SoapClient, cafe: SandboxProcess) -> None:
    tokens = [cafe.scan("HTTP://SEQR.SE/000/CAFE", MSISDN)["token"] for _ in range(3)]
    to_pay, to_cancel = soap.new_invoice(), soap.new_invoice()

    paid = cafe.pay(to_pay, tokens[0])
    cancelled = cafe.act(to_cancel, "cancel", tokens[1])

    assert [soap.session(each).code for each in tokens] == [0, 0, 0]
    assert paid["redirect_url"] == f"https://cafe.example/success#{tokens[0]}_{to_pay}"
    assert cancelled["redirect_url"] == f"https://cafe.example/cancel#{tokens[1]}_{to_cancel}"
