"""Orders of a customer session, and their addresses."""

from __future__ import annotations

from typing import Any

from orders.models import CustomerSession
from payments.models import Invoice
from tests.factories import InvoiceFactory, OrderFactory, OrderRowFactory


def invoice_of(
    customer_session: CustomerSession, trait: str | None = None, **fields: Any
) -> Invoice:
    """Return an invoice of the session's customer; its order has one row."""
    states = {"issued": "awaiting_payment", "reserved": "awaiting_payment", None: "created"}
    order = OrderFactory.create(
        shop=customer_session.shop,
        customer=customer_session.customer,
        state=states.get(trait, trait),
        parameters={"TABLE": "4"},
    )
    OrderRowFactory.create(order=order)
    traits = {trait: True} if trait else {}
    return InvoiceFactory.create(order=order, **traits, **fields)


def path_of(invoice: Invoice, action: str = "") -> str:
    """Return the address of the invoice's order, or of an action on it."""
    return f"/orders/{invoice.order.public_id}{action}"
