"""Reservations: the money is set aside, and taken or released later."""

import pytest

from tests.sandbox.raw_soap import Soap, amount, invoice
from tests.sandbox.shows import shows
from tests.sandbox_process import SandboxProcess

MODES = [
    "RESERVATION_DESIRED",
    "RESERVATION_REQUIRED",
    "RESERVATION_REQUIRED_PRELIMINARY_AMOUNT",
]


def reserved(
    soap: Soap, sandbox: SandboxProcess, *, mode: str = MODES[1], timeout: int | None = None
) -> str:
    """The reference of an invoice of 45.00 SEK whose money is reserved."""
    reference = soap.issued(invoice("45.00", payment_mode=mode, commit_timeout=timeout))
    sandbox.pay(reference)
    return reference


@pytest.mark.parametrize("mode", MODES)
def test_paying_reserves_and_nothing_is_paid_yet(
    soap: Soap, cafe: SandboxProcess, mode: str
) -> None:
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE")["token"]
    reference = soap.issued(invoice(payment_mode=mode))

    redirect_url = cafe.pay(reference)["redirect_url"]

    answer = soap.status(reference, 1)
    assert redirect_url == f"https://cafe.example/success#{token}_{reference}"
    assert answer.names() == ["resultCode", "resultDescription", "status", "version"]
    assert (answer.text("status"), answer.text("version")) == ("RESERVED", "2")
    assert cafe.invoice(reference)["reserved_amount"] == "45.00"


@shows("commitReservation", 0)
@pytest.mark.parametrize("taken", ["45.00", "44.99", "0.01"])
def test_committing_takes_all_or_less_and_the_receipt_says_so(
    soap: Soap, sandbox: SandboxProcess, taken: str
) -> None:
    reference = reserved(soap, sandbox)

    answer = soap.commit(reference, taken)

    paid = soap.status(reference, 2)
    assert (answer.code, answer.names()) == (0, ["resultCode", "resultDescription"])
    assert (paid.text("status"), paid.text("version")) == ("PAID", "3")
    assert paid.text("receipt/invoice/totalAmount/value") == taken
    assert paid.text("ersReference")


def test_a_committed_payment_is_the_shops_own_doing_and_is_not_returned(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    reference = reserved(soap, sandbox)
    soap.commit(reference, "45.00")

    sandbox.advance(3600)

    assert sandbox.invoice(reference)["status"] == "PAID"


@shows("commitReservation", 11)
@pytest.mark.parametrize(
    "given",
    [
        amount("amount", "45.01"),
        amount("amount", "0.00"),
        amount("amount", "-1.00"),
        amount("amount", "1.001"),
        amount("amount", "45.00", "EUR"),
        amount("amount", "45.00", "QQQ"),
        "<amount><currency>SEK</currency></amount>",
        "",
    ],
    ids=["more", "zero", "negative", "decimals", "EUR", "no currency", "no value", "no amount"],
)
def test_an_amount_that_is_not_reserved_is_refused_with_11(
    soap: Soap, sandbox: SandboxProcess, given: str
) -> None:
    reference = reserved(soap, sandbox)

    answer = soap.call(
        "commitReservation", f"{given}<invoiceReference>{reference}</invoiceReference>"
    )

    assert answer.code == 11
    assert sandbox.invoice(reference)["status"] == "RESERVED"


@shows("commitReservation", 96)
@pytest.mark.parametrize("action", ["hold", "pay", "cancel", "fail", "expire"])
def test_what_is_not_reserved_cannot_be_committed(
    soap: Soap, sandbox: SandboxProcess, action: str
) -> None:
    reference = soap.issued()
    sandbox.act(reference, action)

    answer = soap.commit(reference, "45.00")

    assert answer.code == 96


def test_a_reservation_is_committed_once(soap: Soap, sandbox: SandboxProcess) -> None:
    reference = reserved(soap, sandbox)

    codes = [soap.commit(reference, "20.00").code for _ in range(2)]

    assert codes == [0, 96]


@shows("commitReservation", 54)
def test_a_commit_of_an_unknown_invoice_is_refused_with_54(soap: Soap) -> None:
    answer = soap.commit("77", "45.00")

    assert answer.code == 54


def test_a_reservation_that_nobody_takes_in_time_is_released_as_expired(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    reference = reserved(soap, sandbox, timeout=60)
    sandbox.advance(59)
    in_time = soap.status(reference, 2)

    sandbox.advance(1)

    answer = soap.status(reference, 2)
    assert in_time.text("status") == "RESERVED"
    assert (answer.text("status"), answer.text("version")) == ("EXPIRED", "3")
    assert sandbox.invoice(reference)["released_at"]
    assert soap.commit(reference, "45.00").code == 96


def test_without_a_timeout_a_reservation_stays(soap: Soap, sandbox: SandboxProcess) -> None:
    reference = reserved(soap, sandbox)

    sandbox.advance(365 * 24 * 3600)

    assert soap.status(reference, 2).text("status") == "RESERVED"


@shows("sendInvoice", 49)
@pytest.mark.parametrize("seconds", [0, -1, 366 * 24 * 3600 + 1, 2**63 - 1])
def test_a_timeout_is_from_one_second_to_a_year(soap: Soap, seconds: int) -> None:
    answer = soap.send_invoice(invoice(commit_timeout=seconds))

    assert answer.code == 49


def test_the_shop_can_release_a_reservation_by_cancelling(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    reference = reserved(soap, sandbox)

    code = soap.cancel(reference).code

    assert (code, soap.status(reference, 2).text("status")) == (0, "CANCELED")


@shows("updateInvoice", 11)
def test_a_reserved_bill_can_become_smaller_and_not_larger(
    soap: Soap, sandbox: SandboxProcess
) -> None:
    reference = reserved(soap, sandbox)

    smaller = soap.update(reference, invoice("30.00"))
    larger = soap.update(reference, invoice("45.01"))

    assert (smaller.code, larger.code) == (0, 11)
    soap.commit(reference, "30.00")
    receipt = soap.status(reference, 2)
    assert receipt.text("receipt/invoice/invoiceRows/invoiceRow/itemTotalAmount/value") == "30.00"
