"""Where an order of Instant Checkout is delivered, as the staff read it."""

from __future__ import annotations

from orders.models import Delivery


def delivery_lines(delivery: Delivery | None) -> tuple[str, ...]:
    """Return the lines of a delivery's address that are not empty; none of no delivery."""
    if delivery is None:
        return ()
    town = " ".join(filter(None, (delivery.postal_code, delivery.city)))
    lines = (
        delivery.client_name,
        delivery.street,
        town,
        delivery.state,
        delivery.country,
        delivery.email,
    )
    return tuple(filter(None, lines))
