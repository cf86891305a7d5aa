"""What an invoice has captured, and the share of an amount that a part of it has."""

from decimal import Decimal

import pytest

from payments.balance import captured_amount
from payments.models import Invoice, InvoiceStatus
from payments.refunds.row_amounts import share

D = Decimal
S = InvoiceStatus


@pytest.mark.parametrize(
    ("status", "paid", "captured"),
    [
        (S.PAID, (D("50.00"), "SEK"), "50.00"),
        (S.DUPLICATE, (D("50.00"), "SEK"), "50.00"),
        (S.PAID, (D("50.00"), "EUR"), "45.00"),
        (S.PAID, (None, ""), "45.00"),
        (S.ISSUED, (D("50.00"), "SEK"), "0"),
        (S.CANCELED, (None, ""), "0"),
    ],
)
def test_captured_is_what_seqr_reports_of_a_payment(
    status: InvoiceStatus, paid: tuple[Decimal | None, str], captured: str
) -> None:
    amount, currency = paid
    invoice = Invoice(
        status=status, amount=D("45.00"), currency="SEK", paid_amount=amount, paid_currency=currency
    )

    assert captured_amount(invoice) == D(captured)


@pytest.mark.parametrize(
    ("amount", "part", "whole", "expected"),
    [("10.00", 1, 3, "3.33"), ("10.00", 2, 3, "6.67"), ("0.05", 1, 2, "0.03"), ("5", 0, 0, "0")],
)
def test_share_is_rounded_half_up_to_the_ore(
    amount: str, part: int, whole: int, expected: str
) -> None:
    assert share(D(amount), part, whole) == D(expected)
