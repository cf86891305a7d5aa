"""Formats amounts and rates in the current language."""

import re
from decimal import Decimal

from babel.numbers import format_currency, format_decimal
from django import template
from django.utils.translation import to_locale

from orders.languages import current_language

NO_BREAK_SPACE = "\u00a0"

register = template.Library()


@register.filter
def money(value: Decimal, currency: str) -> str:
    """Format an amount in major units with its currency: `45,00 kr` in Swedish."""
    text = format_currency(value, currency, locale=_locale())
    return re.sub(r"(?<=[A-Z])(?=\d)", NO_BREAK_SPACE, text)  # "SEK 45.00", as in browsers


@register.filter
def decimals(value: Decimal) -> str:
    """Format an amount without a currency: `1 045,00` in Swedish."""
    return str(format_decimal(value, "#,##0.00", locale=_locale()))


@register.filter
def percent(rate: Decimal) -> str:
    """Format a rate in per cent: `12,5 %` in Swedish."""
    return f"{format_decimal(rate, locale=_locale())}{NO_BREAK_SPACE}%"


def _locale() -> str:
    return to_locale(current_language())
