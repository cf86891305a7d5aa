"""Each line of a day's voucher, with its account, its amount and its text."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from orders.models import Seller
from payments.exports.account_plans import AccountPlanHole, plan_of
from payments.exports.problem import ExportProblem
from payments.exports.sie.file import Account, Entry, Voucher
from payments.exports.sie.vouchers import DayKey, currency_of, legal_name_of, vouchers_of
from payments.models import AccountPlan
from payments.receipts.content import VatLine
from payments.takings.days import DayTakings
from tests.factories import SellerFactory

D = Decimal
DAY = date(2026, 11, 10)
SPACE = "\N{NO-BREAK SPACE}"
TAKINGS = DayTakings(
    shop_id=7,
    day=DAY,
    currency="SEK",
    sales=(VatLine(D(25), D(80), D(20), D(100)), VatLine(D(0), D(10), D(0), D(10))),
    refunds=(VatLine(D(25), D(-8), D(-2), D(-10)),),
    reversals=(VatLine(D(12), D(-100), D(-12), D(-112)),),
    tips=D(15),
    tips_refunded=D(-5),
    discounts=D(0),
    payments=3,
    credits=2,
    first_number=4,
    last_number=9,
)
OWED: dict[DayKey, Decimal] = {(7, DAY, "SEK"): TAKINGS.total + D("0.99")}
SEQR = Account("1580", "Fordran på SEQR")
TIPS = Account("2890", "Dricks")


@pytest.fixture
def plan(db: None) -> AccountPlan:
    """The account plan of a new seller, with an account of its own for refunds at 25 %."""
    plan = plan_of(SellerFactory.create())
    plan.rates.filter(vat_rate=25).update(refund_account="3091")
    return plan


def test_voucher_has_a_line_for_each_sum_of_the_day_in_swedish(plan: AccountPlan) -> None:
    (voucher,) = vouchers_of(plan, [TAKINGS], OWED, {7: "Lyktan"})

    sold, refunded = f"Försäljning 25{SPACE}% moms", f"Återbetalningar 25{SPACE}% moms"
    vat = Account("2611", f"Utgående moms 25{SPACE}%")
    assert voucher == Voucher(
        DAY,
        "Lyktan, kvitto 4-9",
        (
            Entry(SEQR, D("125.99"), "Betalningar"),
            Entry(SEQR, D(-127), "Återbetalningar och återföringar"),
            Entry(Account("3001", sold), D(-80), "Försäljning"),
            Entry(vat, D(-20), "Försäljning"),
            Entry(Account("3004", f"Försäljning 0{SPACE}% moms"), D(-10), "Försäljning"),
            Entry(Account("3091", refunded), D(8), "Återbetalningar"),
            Entry(vat, D(2), "Återbetalningar"),
            Entry(Account("3002", f"Försäljning 12{SPACE}% moms"), D(100), "Återföringar av SEQR"),
            Entry(Account("2621", f"Utgående moms 12{SPACE}%"), D(12), "Återföringar av SEQR"),
            Entry(TIPS, D(-15), "Dricks"),
            Entry(TIPS, D(5), "Återbetald dricks"),
            Entry(Account("3740", "Avrundning"), D("-0.99"), "Avrundning"),
        ),
    )


@pytest.mark.parametrize("difference", ["1.00", "-1.00"])
def test_takings_that_differ_by_one_krona_from_the_receipts_are_refused(
    plan: AccountPlan, difference: str
) -> None:
    owed = {(7, DAY, "SEK"): TAKINGS.total + D(difference)}

    with pytest.raises(ExportProblem) as problem:
        vouchers_of(plan, [TAKINGS], owed, {7: "Lyktan"})

    assert problem.value.sentence == (
        f"The takings of 2026-11-10 differ from the receipts by {difference}. Ask the operator to "
        "recompute them; nothing was exported."
    )


def test_day_without_receipts_owes_nothing(plan: AccountPlan) -> None:
    with pytest.raises(ExportProblem, match=r"differ from the receipts by 2\."):
        vouchers_of(plan, [TAKINGS], {}, {7: "Lyktan"})


def test_rates_without_accounts_are_named_the_highest_first(plan: AccountPlan) -> None:
    lines = tuple(VatLine(D(rate), D(10), D(1), D(11)) for rate in ("2.50", "30.00"))

    with pytest.raises(AccountPlanHole) as problem:
        vouchers_of(plan, [replace(TAKINGS, sales=lines)], OWED, {7: "Lyktan"})

    assert problem.value.sentence == (
        f"The account plan of Lyktan Kafé AB has no accounts for goods at 30{SPACE}%, 2.5{SPACE}% "
        "VAT. Add them, and export again."
    )


def test_file_has_the_one_currency_of_the_takings() -> None:
    euros = replace(TAKINGS, currency="EUR")

    assert currency_of([]) == "SEK"
    assert currency_of([euros, euros]) == "EUR"
    with pytest.raises(ExportProblem) as problem:
        currency_of([TAKINGS, euros])
    assert problem.value.sentence == (
        "A SIE file has one currency, and there are takings in EUR, SEK. Choose shops of one "
        "currency at a time."
    )


def test_seller_without_a_legal_name_has_no_file() -> None:
    assert legal_name_of(Seller(legal_name="Lyktan AB")) == "Lyktan AB"
    with pytest.raises(ExportProblem) as problem:
        legal_name_of(Seller(legal_name=" "))
    assert problem.value.sentence == ("The seller has no legal name. Add it on the seller's page.")
