"""The vouchers of a seller's takings: one for each shop, day and currency."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from django.utils.translation import gettext, override

from orders.models import Seller
from payments.exports.account_plans import accounts_by_rate, rate_text, require_rates
from payments.exports.problem import ExportProblem
from payments.exports.sie.file import Account, Entry, Voucher
from payments.models import AccountPlan, VatAccounts
from payments.receipts.content import VatLine
from payments.takings.days import DayTakings

LANGUAGE = "sv"  # of the accounts' names and the vouchers' texts: SIE is Sweden's format
MAX_ROUNDING = Decimal("1.00")  # a difference of so much is an error, and no rounding
_NOTHING = Decimal(0)
DayKey: TypeAlias = tuple[int, date, str]
"""A shop's ID, a day and a currency."""


def vouchers_of(
    plan: AccountPlan,
    takings: Iterable[DayTakings],
    owed: Mapping[DayKey, Decimal],
    shop_names: Mapping[int, str],
) -> tuple[Voucher, ...]:
    """Return the vouchers of days, in the sequence of the days.

    `owed` is what SEQR owes for each day by the receipts' own amounts. Raises ExportProblem: the
    plan has a hole, or the takings differ from the receipts.
    """
    days = list(takings)
    lines = (line for day in days for line in (*day.sales, *day.refunds, *day.reversals))
    require_rates(plan, (line.rate for line in lines))
    owed_of = {day: owed.get((day.shop_id, day.day, day.currency), _NOTHING) for day in days}
    for day in days:
        _require_equal(day, owed_of[day])
    accounts = accounts_by_rate(plan)
    with override(LANGUAGE):
        return tuple(
            Voucher(
                day.day,
                _text(day, shop_names[day.shop_id]),
                tuple(_entries(day, owed_of[day], plan, accounts)),
            )
            for day in days
        )


def legal_name_of(seller: Seller) -> str:
    """Return the company's name, which the format demands. Raises ExportProblem."""
    if not seller.legal_name.strip():
        raise ExportProblem(gettext("The seller has no legal name. Add it on the seller's page."))
    return seller.legal_name


def currency_of(takings: Iterable[DayTakings]) -> str:
    """Return the one currency of the takings. Raises ExportProblem if there are several."""
    currencies = sorted({day.currency for day in takings}) or ["SEK"]
    if len(currencies) > 1:
        sentence = gettext(
            "A SIE file has one currency, and there are takings in %(currencies)s. Choose shops of "
            "one currency at a time."
        )
        raise ExportProblem(sentence % {"currencies": ", ".join(currencies)})
    return currencies[0]


def _require_equal(day: DayTakings, owed: Decimal) -> None:
    """Raise ExportProblem if the takings of a day differ from its receipts by 1.00 or more."""
    difference = owed - day.total
    if abs(difference) >= MAX_ROUNDING:
        sentence = gettext(
            "The takings of %(day)s differ from the receipts by %(amount)s. Ask the operator to "
            "recompute them; nothing was exported."
        )
        raise ExportProblem(sentence % {"day": day.day, "amount": difference})


def _text(day: DayTakings, shop: str) -> str:
    words = {"shop": shop, "first": day.first_number, "last": day.last_number}
    return gettext("%(shop)s, receipts %(first)s-%(last)s") % words


def _entries(
    day: DayTakings, owed: Decimal, plan: AccountPlan, accounts: Mapping[Decimal, VatAccounts]
) -> Iterator[Entry]:
    """Yield the lines of a day: what SEQR owes as debit, what was sold as credit."""
    credited = _sum(day.refunds) + _sum(day.reversals) + day.tips_refunded
    rounding = owed - day.total
    receivable = Account(plan.receivable_account, gettext("Receivable from SEQR"))
    tips = Account(plan.tips_account, gettext("Tips"))
    yield from _entry(receivable, owed - credited, gettext("Payments"))
    yield from _entry(receivable, credited, gettext("Refunds and reversals"))
    for kind, lines in (
        (gettext("Sales"), day.sales),
        (gettext("Refunds"), day.refunds),
        (gettext("Reversals by SEQR"), day.reversals),
    ):
        for line in lines:
            is_sale = lines is day.sales
            sold = _sales_account(accounts[line.rate], is_sale=is_sale)
            yield from _entry(sold, -line.net, kind)
            yield from _entry(_vat_account(accounts[line.rate]), -line.vat, kind)
    yield from _entry(tips, -day.tips, gettext("Tips"))
    yield from _entry(tips, -day.tips_refunded, gettext("Tips refunded"))
    rounded = Account(plan.rounding_account, gettext("Rounding"))
    yield from _entry(rounded, -rounding, gettext("Rounding"))


def _entry(account: Account, amount: Decimal, text: str) -> Iterator[Entry]:
    if amount:
        yield Entry(account, amount, text)


def _sales_account(accounts: VatAccounts, *, is_sale: bool) -> Account:
    rate = {"rate": rate_text(accounts.vat_rate)}
    if is_sale or not accounts.refund_account:
        return Account(accounts.sales_account, gettext("Sales %(rate)s VAT") % rate)
    return Account(accounts.refund_account, gettext("Refunds %(rate)s VAT") % rate)


def _vat_account(accounts: VatAccounts) -> Account:
    rate = {"rate": rate_text(accounts.vat_rate)}
    return Account(accounts.vat_account, gettext("Output VAT %(rate)s") % rate)


def _sum(lines: Iterable[VatLine]) -> Decimal:
    return sum((line.gross for line in lines), _NOTHING)
