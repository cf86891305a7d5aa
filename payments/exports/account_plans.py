"""The account plan of a seller: made with the accounts of BAS, and checked before it is used."""

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext

from orders.models import Product, Seller
from payments.exports.problem import ExportProblem
from payments.models import AccountPlan, VatAccounts

# VAT rate, sales, output VAT: the accounts of BAS for sales within Sweden.
BAS_ACCOUNTS = (
    (Decimal(25), "3001", "2611"),
    (Decimal(12), "3002", "2621"),
    (Decimal(6), "3003", "2631"),
    (Decimal(0), "3004", ""),
)


class AccountPlanHole(ExportProblem):
    """The plan has no accounts for a VAT rate at which something was sold."""


def make_missing_plans() -> None:
    """Give each seller without an account plan one with the accounts of BAS."""
    for seller in Seller.objects.filter(account_plan=None):
        plan_of(seller)


@transaction.atomic
def plan_of(seller: Seller) -> AccountPlan:
    """Return the seller's account plan; make it if there is none."""
    plan, is_new = AccountPlan.objects.get_or_create(seller=seller)
    if is_new:
        VatAccounts.objects.bulk_create(
            VatAccounts(plan=plan, vat_rate=rate, sales_account=sales, vat_account=vat)
            for rate, sales, vat in BAS_ACCOUNTS
        )
    return plan


def accounts_by_rate(plan: AccountPlan) -> dict[Decimal, VatAccounts]:
    """Return the plan's accounts of each VAT rate."""
    return {accounts.vat_rate: accounts for accounts in plan.rates.all()}


def require_rates(plan: AccountPlan, rates: Iterable[Decimal]) -> None:
    """Raise AccountPlanHole unless the plan has accounts for all of these VAT rates."""
    missing = sorted(set(rates) - accounts_by_rate(plan).keys(), reverse=True)
    if missing:
        sentence = gettext(
            "The account plan of %(seller)s has no accounts for goods at %(rates)s VAT. Add them, "
            "and export again."
        )
        words = {"seller": plan.seller, "rates": ", ".join(map(rate_text, missing))}
        raise AccountPlanHole(sentence % words)


def rates_on_sale(seller: Seller) -> set[Decimal]:
    """Return the VAT rates of the seller's products, eaten here or taken away."""
    products = Product.objects.filter(shop__seller=seller, on_sale=True)
    pairs = products.values_list("vat_rate", "take_away_vat_rate").distinct()
    return {rate for pair in pairs for rate in pair if rate is not None}


def rate_text(rate: Decimal) -> str:
    """Return a VAT rate for a sentence, such as `12 %` or `2.5 %`."""
    return f"{rate.normalize():f}\N{NO-BREAK SPACE}%"
