"""Orders on a kitchen board, and the screens that show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.audit import ChangeSource
from orders.models import Order, OrderState, Product, Shop, SourceName
from payments.invoices.transitions import lock_invoice, transition_invoice
from payments.models import Invoice, InvoiceStatus
from seqrshop.backoffice.kitchen.board import BoardView, read_board
from tests.factories import InvoiceFactory, OrderFactory, OrderRowFactory
from tests.staff import staff

BY_POLLER = ChangeSource(SourceName.POLLER)
COOK = ("orders.serve_order",)


def open_order(
    shop: Shop, *products: Product, parameters: Mapping[str, str] | None = None
) -> Order:
    """Return an order that awaits its payment, over a bun or these products."""
    order = OrderFactory.create(
        shop=shop,
        state=OrderState.AWAITING_PAYMENT,
        parameters={"TABLE": "4"} if parameters is None else parameters,
    )
    for product in products:
        OrderRowFactory.create(order=order, product=product)
    if not products:
        OrderRowFactory.create(order=order)
    InvoiceFactory.create(order=order, issued=True, order_state=order.state)
    return order


def pay(order: Order) -> Invoice:
    """Commit the payment of an order, as the poller does."""
    invoice = Invoice.objects.get(order=order)
    change(invoice, InvoiceStatus.PAID, ers_reference=f"ERS{order.pk}", paid_at=timezone.now())
    return invoice


def change(invoice: Invoice, status: InvoiceStatus, **fields: Any) -> None:
    """Commit a transition of an invoice."""
    with transaction.atomic():
        transition_invoice(lock_invoice(invoice.pk), status, BY_POLLER, **fields)


def paid_order(
    shop: Shop, *products: Product, parameters: Mapping[str, str] | None = None
) -> Order:
    """Return a paid order, over a bun or these products."""
    order = open_order(shop, *products, parameters=parameters)
    pay(order)
    return order


def board_of(shop: Shop, language: str = "en") -> dict[str, Any]:
    """Return a shop's board, as a screen gets it."""
    board: dict[str, Any] = json.loads(read_board(BoardView(shop.pk, language)))
    return board


def ids(cards: list[dict[str, Any]]) -> list[int]:
    """Return the orders of these cards."""
    return [card["id"] for card in cards]


def cook(*shops: Shop) -> Client:
    """Return the browser of a person who serves orders at these shops, or at all."""
    return staff(*COOK, shops=shops or None)


def address(name: str, shop: Shop, order: Order | None = None) -> str:
    """Return the address of a page or request of a shop's board."""
    kwargs: dict[str, Any] = {"slug": shop.slug}
    if order is not None:
        kwargs["order_id"] = order.pk
    return reverse(f"staff:kitchen_{name}", kwargs=kwargs)
