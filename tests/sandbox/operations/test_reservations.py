"""Reservations: the amount is reserved, and committed or released later."""

import pytest

from tests.sandbox.code_coverage import covers_codes
from tests.sandbox.raw_soap import SoapClient, amount, invoice
from tests.sandbox_process import SandboxProcess

MODES = [
    "RESERVATION_DESIRED",
    "RESERVATION_REQUIRED",
    "RESERVATION_REQUIRED_PRELIMINARY_AMOUNT",
]


def reserved(
    soap: SoapClient, sandbox: SandboxProcess, *, mode: str = MODES[1], timeout: int | None = None
) -> str:
    """Reserve 45.00 SEK; return the invoice's reference."""
    return soap.paid_invoice(invoice("45.00", payment_mode=mode, commit_timeout=timeout))


@pytest.mark.parametrize("mode", MODES)
def test_payment_in_reservation_mode_only_reserves(
    soap: SoapClient, cafe: SandboxProcess, mode: str
) -> None:
    token = cafe.scan("HTTP://SEQR.SE/000/CAFE")["token"]
    reference = soap.new_invoice(invoice(payment_mode=mode))

    redirect_url = cafe.pay(reference)["redirect_url"]

    response = soap.status(reference, 1)
    assert redirect_url == f"https://cafe.example/success#{token}_{reference}"
    assert response.names() == ["resultCode", "resultDescription", "status", "version"]
    assert (response.text("status"), response.text("version")) == ("RESERVED", "2")
    assert cafe.invoice(reference)["reserved_amount"] == "45.00"


@covers_codes("commitReservation", 0)
@pytest.mark.parametrize("committed", ["45.00", "44.99", "0.01"])
def test_commit_charges_all_or_part_and_receipt_shows_it(
    soap: SoapClient, sandbox: SandboxProcess, committed: str
) -> None:
    reference = reserved(soap, sandbox)

    response = soap.commit(reference, committed)

    paid = soap.status(reference, 2)
    assert (response.code, response.names()) == (0, ["resultCode", "resultDescription"])
    assert (paid.text("status"), paid.text("version")) == ("PAID", "3")
    assert paid.text("receipt/invoice/totalAmount/value") == committed
    assert paid.text("ersReference")


def test_committed_payment_is_never_reversed(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = reserved(soap, sandbox)
    soap.commit(reference, "45.00")

    sandbox.advance(3600)

    assert sandbox.invoice(reference)["status"] == "PAID"


@covers_codes("commitReservation", 11)
@pytest.mark.parametrize(
    "amount_element",
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
def test_commit_of_invalid_amount_is_refused(
    soap: SoapClient, sandbox: SandboxProcess, amount_element: str
) -> None:
    reference = reserved(soap, sandbox)

    response = soap.call(
        "commitReservation", f"{amount_element}<invoiceReference>{reference}</invoiceReference>"
    )

    assert response.code == 11
    assert sandbox.invoice(reference)["status"] == "RESERVED"


@covers_codes("commitReservation", 96)
@pytest.mark.parametrize("action", ["hold", "pay", "cancel", "fail", "expire"])
def test_commit_without_reservation_is_refused(
    soap: SoapClient, sandbox: SandboxProcess, action: str
) -> None:
    reference = soap.new_invoice()
    sandbox.act(reference, action)

    response = soap.commit(reference, "45.00")

    assert response.code == 96


def test_reservation_is_committed_only_once(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = reserved(soap, sandbox)

    codes = [soap.commit(reference, "20.00").code for _ in range(2)]

    assert codes == [0, 96]


@covers_codes("commitReservation", 54)
def test_commit_of_unknown_invoice_is_refused(soap: SoapClient) -> None:
    response = soap.commit("77", "45.00")

    assert response.code == 54


def test_uncommitted_reservation_expires_after_timeout(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    reference = reserved(soap, sandbox, timeout=60)
    sandbox.advance(59)
    in_time = soap.status(reference, 2)

    sandbox.advance(1)

    response = soap.status(reference, 2)
    assert in_time.text("status") == "RESERVED"
    assert (response.text("status"), response.text("version")) == ("EXPIRED", "3")
    assert sandbox.invoice(reference)["released_at"]
    assert soap.commit(reference, "45.00").code == 96


def test_reservation_without_timeout_never_expires(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    reference = reserved(soap, sandbox)

    sandbox.advance(365 * 24 * 3600)

    assert soap.status(reference, 2).text("status") == "RESERVED"


@covers_codes("sendInvoice", 49)
@pytest.mark.parametrize("seconds", [0, -1, 366 * 24 * 3600 + 1, 2**63 - 1])
def test_reservation_timeout_is_from_one_second_to_a_year(soap: SoapClient, seconds: int) -> None:
    response = soap.send_invoice(invoice(commit_timeout=seconds))

    assert response.code == 49


def test_cancel_releases_reservation(soap: SoapClient, sandbox: SandboxProcess) -> None:
    reference = reserved(soap, sandbox)

    code = soap.cancel(reference).code

    assert (code, soap.status(reference, 2).text("status")) == (0, "CANCELED")


@covers_codes("updateInvoice", 11)
def test_reserved_invoice_can_shrink_but_not_grow(
    soap: SoapClient, sandbox: SandboxProcess
) -> None:
    reference = reserved(soap, sandbox)

    smaller = soap.update(reference, invoice("30.00"))
    larger = soap.update(reference, invoice("45.01"))

    assert (smaller.code, larger.code) == (0, 11)
    soap.commit(reference, "30.00")
    receipt = soap.status(reference, 2)
    assert receipt.text("receipt/invoice/invoiceRows/invoiceRow/itemTotalAmount/value") == "30.00"
