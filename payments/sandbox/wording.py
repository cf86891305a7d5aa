"""How the phone writes amounts, quantities and places."""

from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl

NO_BREAK_SPACE: Final = "\u00a0"


def money(value: Decimal, currency: str) -> str:
    """An amount the Swedish way: 1 234,50 kr."""
    number = f"{value:,.2f}".replace(",", NO_BREAK_SPACE).replace(".", ",").replace("-", "−")
    return f"{number}{NO_BREAK_SPACE}{'kr' if currency == 'SEK' else currency}"


def quantity(value: Decimal) -> str:
    """A quantity without needless zeros: 2, or 0,5."""
    return (f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}").replace(
        ".", ","
    )


def place(parameters: str) -> str:
    """Where a printed code hangs, from its parameters: TABLE=4 is Table 4."""
    pairs = parse_qsl(parameters, keep_blank_values=True)
    return ", ".join(f"{key.capitalize()} {value}".strip() for key, value in pairs)
