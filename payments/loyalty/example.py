"""An example hook that a shop can use unchanged: a percentage for a known card.

Set LOYALTY_HOOK=payments.loyalty.example.percentage, and add the cards in the admin.
"""

from decimal import ROUND_HALF_UP, Decimal

from orders.models import Order
from payments.loyalty.hook import Discount, goods_by_vat_rate
from payments.models import LoyaltyCard

PATH = "payments.loyalty.example.percentage"


def percentage(order: Order, card: str) -> list[Discount] | None:
    """Return the card's percentage of the order, as one discount for each VAT rate.

    A tip is left as it is. Each discount is rounded half up to the öre. Returns None for a card
    that staff have not added.
    """
    known = LoyaltyCard.with_number(card)
    if known is None:
        return None
    return [
        Discount(
            name_sv=f"Stamkundsrabatt {known.percent} %",
            name_en=f"Loyalty discount {known.percent}%",
            amount=-off,
            vat_rate=vat_rate,
        )
        for vat_rate, total in goods_by_vat_rate(order).items()
        if (off := (total * known.percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP))
    ]
