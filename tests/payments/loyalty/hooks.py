"""Loyalty hooks as a shop may write them: a good one, and some that are broken."""

import threading
from decimal import Decimal
from typing import Any

from orders.models import Order
from payments.loyalty.hook import Discount

CARD = "77001-the-known-card"
let_go = threading.Event()

not_a_function = "nothing to call"


def ten_off(amount: Any = Decimal("-4.50"), vat_rate: str = "12.00") -> Discount:
    return Discount("Stamkund", "Regular", amount, Decimal(vat_rate))


def club(order: Order, card: str) -> list[Discount] | None:
    """Ten per cent of 45.00 for the one card."""
    return [ten_off()] if card == CARD else None


def club_without_discount(order: Order, card: str) -> list[Discount] | None:
    return []


def raises(order: Order, card: str) -> list[Discount] | None:
    raise KeyError(card)


def returns_the_card(order: Order, card: str) -> Any:
    return card


def returns_a_number(order: Order, card: str) -> Any:
    return 10


def takes_a_float(order: Order, card: str) -> Any:
    return [ten_off(amount=-4.5)]


def takes_everything(order: Order, card: str) -> Any:
    return [ten_off(amount=Decimal("-45.00"))]


def takes_more_than_everything(order: Order, card: str) -> Any:
    return [ten_off(amount=Decimal("-45.00")), ten_off()]


def takes_off_another_vat_rate(order: Order, card: str) -> Any:
    return [ten_off(vat_rate="25.00")]


def never_ends(order: Order, card: str) -> Any:
    let_go.wait(10)
