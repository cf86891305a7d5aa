"""Loyalty hooks as a shop may write them: two that work, and several broken ones."""

import threading
from decimal import Decimal
from typing import Any

from orders.models import Order
from payments.loyalty.hook import Discount

CARD = "77001-the-known-card"
test_has_ended = threading.Event()

not_a_function = "a string"


def discount(amount: Any = Decimal("-4.50"), vat_rate: str = "12.00") -> Discount:
    return Discount("Stamkund", "Regular", amount, Decimal(vat_rate))


def club(order: Order, card: str) -> list[Discount] | None:
    """Ten per cent of 45.00 for the known card."""
    return [discount()] if card == CARD else None


def reads_the_database(order: Order, card: str) -> list[Discount] | None:
    assert Order.objects.filter(pk=order.pk).exists()
    return None


def club_without_discount(order: Order, card: str) -> list[Discount] | None:
    return []


def raises(order: Order, card: str) -> list[Discount] | None:
    raise KeyError(card)


def returns_card(order: Order, card: str) -> Any:
    return card


def returns_number(order: Order, card: str) -> Any:
    return 10


def discounts_float(order: Order, card: str) -> Any:
    return [discount(amount=-4.5)]


def discounts_everything(order: Order, card: str) -> Any:
    return [discount(amount=Decimal("-45.00"))]


def discounts_more_than_everything(order: Order, card: str) -> Any:
    return [discount(amount=Decimal("-45.00")), discount()]


def discounts_other_vat_rate(order: Order, card: str) -> Any:
    return [discount(vat_rate="25.00")]


def discounts_the_tip(order: Order, card: str) -> Any:
    return [discount(vat_rate="0.00")]


def never_returns(order: Order, card: str) -> Any:
    test_has_ended.wait(30)


def fails_for_others(order: Order, card: str) -> list[Discount]:
    """The discount for the known card, and an error for any other."""
    if card != CARD:
        raise KeyError(card)
    return [discount()]
