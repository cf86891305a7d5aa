"""Amounts, ages, stock and phone numbers as people read them."""

from datetime import datetime
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from orders.models import Product

NOTHING = "-"
"""What stands where there is nothing to show."""


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency: “45.00 SEK”, “45,00 SEK” in Swedish."""
    return f"{number_format(amount, 2)}\N{NO-BREAK SPACE}{currency}"


def when(moment: datetime, *, to_the_second: bool = False) -> str:
    """Return a moment in the shop's own time, short enough for a list: “2026-11-23 19:31”.

    A narrow column breaks it between the day and the hour only.
    """
    form = "%Y-%m-%d %H:%M:%S" if to_the_second else "%Y-%m-%d %H:%M"
    return f"{localtime(moment):{form}}".replace("-", "\N{NON-BREAKING HYPHEN}")


def age(since: datetime) -> str:
    """Return how long ago this was, by its largest unit: “3 minutes”."""
    words = timesince(since, depth=1)
    return _("less than a minute") if words.startswith("0") else words


def stock(product: Product) -> str:
    """Return “sold out”, or nothing to speak of."""
    return _("sold out") if product.sold_out else NOTHING


def phone_number(msisdn: str) -> str:
    """Return a phone number as it is dialled: “+46701234567”."""
    return f"+{msisdn}"
