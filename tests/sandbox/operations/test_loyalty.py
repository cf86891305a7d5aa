"""Loyalty cards: asked of the shop with the open bill, answered by updateInvoice."""

import pytest

from tests.sandbox.raw_soap import Soap, invoice, token
from tests.sandbox.shows import shows
from tests.sandbox_process import ControlError, SandboxProcess

MSISDN = "46701234567"
CARD = {"id": "CLUB", "value": "77001", "description": "Café club"}
REQUIRE = "REQUIRE_ACKNOWLEDGMENT"
OPTIONAL = "OPTIONAL_ACKNOWLEDGMENT"


@pytest.fixture
def member(cafe: SandboxProcess) -> str:
    """The token of a customer with one card who has scanned the café's code."""
    cafe.control("POST", "/customers", {"msisdn": MSISDN, "cards": [CARD]})
    scanned: str = cafe.scan("HTTP://SEQR.SE/000/CAFE", MSISDN)["token"]
    return scanned


def opened(soap: Soap, cafe: SandboxProcess, mode: str) -> str:
    """The reference of a bill that the latest customer has opened."""
    reference = soap.issued(invoice(acknowledgment_mode=mode))
    cafe.act(reference, "open")
    return reference


@pytest.mark.parametrize("mode", [REQUIRE, OPTIONAL])
def test_opening_the_bill_sends_the_card_to_the_shop(
    soap: Soap, cafe: SandboxProcess, member: str, mode: str
) -> None:
    reference = opened(soap, cafe, mode)

    answer = soap.status(reference, 1)

    assert answer.names() == [
        "resultCode",
        "resultDescription",
        "status",
        "customerTokens",
        "version",
    ]
    assert answer.text("status") == "PENDING_ISSUER_ACKNOWLEDGE"
    assert answer.text("version") == "2"
    assert answer.names("customerTokens/token") == ["description", "id", "status", "value"]
    assert answer.text("customerTokens/token/status") == "0"
    assert answer.text("customerTokens/token/value") == "77001"


@pytest.mark.parametrize("status", [1, 90, 99])
def test_the_shops_answer_brings_the_bill_back_with_the_new_rows(
    soap: Soap, cafe: SandboxProcess, member: str, status: int
) -> None:
    reference = opened(soap, cafe, REQUIRE)

    code = soap.update(reference, invoice("40.00"), token("77001", status)).code

    answer = soap.status(reference, 2)
    cafe.act(reference, "open")
    cafe.pay(reference, member)
    paid = soap.status(reference, 3)
    assert code == 0
    assert (answer.text("status"), answer.text("version")) == ("ISSUED", "3")
    assert answer.text("customerTokens/token/status") == str(status)
    assert paid.text("receipt/invoice/totalAmount/value") == "40.00"


def test_where_the_shops_answer_is_required_nobody_pays_before_it(
    soap: Soap, cafe: SandboxProcess, member: str
) -> None:
    reference = soap.issued(invoice(acknowledgment_mode=REQUIRE))

    with pytest.raises(ControlError, match=r"409: .* the shop has to call updateInvoice"):
        cafe.pay(reference)

    assert cafe.invoice(reference)["status"] == "PENDING_ISSUER_ACKNOWLEDGE"


def test_where_the_shops_answer_is_optional_the_customer_may_pay_without_it(
    soap: Soap, cafe: SandboxProcess, member: str
) -> None:
    reference = opened(soap, cafe, OPTIONAL)

    cafe.pay(reference)

    assert soap.status(reference, 2).text("status") == "PAID"


def test_a_required_answer_is_required_without_a_card_too(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    reference = opened(soap, sandbox, REQUIRE)
    waiting = soap.status(reference, 1)

    soap.update(reference, invoice())

    assert waiting.text("status") == "PENDING_ISSUER_ACKNOWLEDGE"
    assert waiting.text("customerTokens") is None
    assert sandbox.pay(reference)["status"] == "PAID"


@pytest.mark.parametrize(
    ("mode", "number"), [("NO_ACKNOWLEDGMENT", MSISDN), (OPTIONAL, "46707654321")]
)
def test_a_bill_stays_issued_where_no_card_is_wanted_or_none_is_there(
    soap: Soap, cafe: SandboxProcess, member: str, mode: str, number: str
) -> None:
    reference = soap.issued(invoice(acknowledgment_mode=mode))

    answer = cafe.control("POST", f"/invoices/{reference}/open", {"msisdn": number})

    assert answer == {"status": "ISSUED", "version": 1}


@shows("updateInvoice", 52)
@pytest.mark.parametrize("given", [token("77002"), token("77001", card_id="OTHER")])
def test_an_answer_about_another_card_is_refused_with_52(
    soap: Soap, cafe: SandboxProcess, member: str, given: str
) -> None:
    reference = opened(soap, cafe, REQUIRE)

    answer = soap.update(reference, invoice(), given)

    assert answer.code == 52
    assert cafe.invoice(reference)["status"] == "PENDING_ISSUER_ACKNOWLEDGE"


def test_a_bill_waits_until_every_card_is_answered(soap: Soap, cafe: SandboxProcess) -> None:
    cards = [CARD, CARD | {"id": "BEAN", "value": "5"}]
    cafe.control("POST", "/customers", {"msisdn": MSISDN, "cards": cards})
    cafe.scan("HTTP://SEQR.SE/000/CAFE", MSISDN)
    reference = opened(soap, cafe, OPTIONAL)

    soap.update(reference, invoice(), token("77001"))
    one = soap.status(reference, 2)
    soap.update(reference, invoice(), token("5", 99, card_id="BEAN"))

    assert (one.text("status"), one.text("version")) == ("PENDING_ISSUER_ACKNOWLEDGE", "2")
    assert soap.status(reference, 2).text("status") == "ISSUED"


def test_a_card_shown_in_the_shop_overrides_the_stored_one(
    soap: Soap, cafe: SandboxProcess, member: str
) -> None:
    reference = soap.issued(invoice(acknowledgment_mode=REQUIRE) + token("90001"))

    cafe.act(reference, "open")

    answer = soap.status(reference, 1)
    assert (answer.text("status"), answer.text("version")) == ("ISSUED", "1")
    assert answer.text("customerTokens/token/value") == "90001"
    assert cafe.pay(reference)["status"] == "PAID"


@shows("sendInvoice", 49)
@pytest.mark.parametrize("status", [0, 2, 90, 99, -1])
def test_a_card_shown_in_the_shop_has_the_status_1(soap: Soap, status: int) -> None:
    answer = soap.send_invoice(invoice() + token("90001", status))

    assert answer.code == 49


def test_a_waiting_bill_can_be_cancelled_by_either_side(
    soap: Soap, cafe: SandboxProcess, member: str
) -> None:
    by_shop, by_customer = opened(soap, cafe, REQUIRE), opened(soap, cafe, REQUIRE)

    code = soap.cancel(by_shop).code
    cafe.act(by_customer, "cancel")

    assert code == 0
    assert soap.status(by_shop, 2).text("status") == "CANCELED"
    assert soap.status(by_customer, 2).text("status") == "CANCELED"


def test_the_customers_and_their_cards_are_listed(cafe: SandboxProcess, member: str) -> None:
    listed = cafe.control("GET", "/customers")

    assert listed == {"customers": [{"msisdn": MSISDN, "cards": [CARD]}]}


def test_the_scans_of_one_customers_phones_stay_good_beside_one_another(
    soap: Soap, cafe: SandboxProcess
) -> None:
    tokens = [cafe.scan("HTTP://SEQR.SE/000/CAFE", MSISDN)["token"] for _ in range(3)]
    to_pay, to_cancel = soap.issued(), soap.issued()

    paid = cafe.pay(to_pay, tokens[0])
    cancelled = cafe.act(to_cancel, "cancel", tokens[1])

    assert [soap.session(each).code for each in tokens] == [0, 0, 0]
    assert paid["redirect_url"] == f"https://cafe.example/success#{tokens[0]}_{to_pay}"
    assert cancelled["redirect_url"] == f"https://cafe.example/cancel#{tokens[1]}_{to_cancel}"
