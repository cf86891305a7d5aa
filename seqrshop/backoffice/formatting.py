"""Formats amounts, times, ages, availability and phone numbers for staff."""

from datetime import datetime
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from orders.models import Customer, Option, Order, Product

EMPTY_VALUE = "-"
"""Shown where a row has no value, as Django's admin does."""
TABLE_PARAMETER = "TABLE"
"""The parameter of a QR code that names its table."""


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency: “45.00 SEK”, “45,00 SEK” in Swedish."""
    return f"{number_format(amount, 2)}\N{NO-BREAK SPACE}{currency}"


def money_or_empty(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency; nothing for 0."""
    return money(amount, currency) if amount else ""


def local_time(moment: datetime, *, with_seconds: bool = False) -> str:
    """Return a time in the shop's time zone, short enough for a list: “2026-11-23 19:31”.

    A narrow column breaks it between date and time only.
    """
    form = "%Y-%m-%d %H:%M:%S" if with_seconds else "%Y-%m-%d %H:%M"
    return f"{localtime(moment):{form}}".replace("-", "\N{NON-BREAKING HYPHEN}")


def short_time(moment: datetime, now: datetime) -> str:
    """Return the time of day in the shop's time zone; on another day than `now`, with the date."""
    local = localtime(moment)
    form = "%H:%M" if local.date() == localtime(now).date() else "%Y-%m-%d %H:%M"
    return f"{local:{form}}"


def age(since: datetime) -> str:
    """Return the time since then in its largest unit: “3 minutes”."""
    words = timesince(since, depth=1)
    return _("less than a minute") if words.startswith("0") else words


def availability(sold: Product | Option) -> str:
    """Return whether a product or an option can be ordered: “Available” or “Sold out”."""
    return _("Sold out") if sold.sold_out else _("Available")


def phone_number(msisdn: str) -> str:
    """Return a phone number as it is dialled: “+46701234567”; nothing if it is erased."""
    return f"+{msisdn}" if msisdn else ""


def phone_of(customer: Customer) -> str:
    """Return a customer's phone number, or that it is erased."""
    return phone_number(customer.msisdn) or _("phone number erased")


def table_of(order: Order) -> str:
    """Return the table whose QR code was scanned, such as “4”."""
    return str(order.parameters.get(TABLE_PARAMETER) or EMPTY_VALUE)
