"""Instant Checkout: SEQR posts a purchase, and the answer is the reference of its invoice.

Source: SEQR Instant Checkout API, createPurchase.
"""

from __future__ import annotations

from django.db import transaction

from orders.models import Order, Product, Shop
from orders.services import AnotherOrderOpen
from orders.services.instant_checkout import Buyer, place_purchase
from payments.call_places import PLACE_WAIT_SECONDS, place_for_call
from payments.invoices.create import create_invoice, current_invoice
from payments.invoices.send import send_invoice
from payments.models import InvoiceStatus

PAYABLE_STATUSES = (InvoiceStatus.ISSUED, InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE)
UNSENT_STATUSES = (InvoiceStatus.CREATED, InvoiceStatus.SENDING)


class NoReference(Exception):
    """The purchase's invoice has no reference yet, or SEQR has refused it."""


def create_purchase(shop: Shop, product: Product, buyer: Buyer, language: str) -> str:
    """Create an order with its invoice, send it, and return the reference that the app pays.

    A repeated purchase that is still unpaid gets the same reference. After a lost answer of SEQR's,
    recovery sends the invoice again, whose earlier reference nobody has seen; a repeated purchase
    then gets the new one. Raises NoPlaceForCall before anything is changed; the errors of
    `place_purchase`, AnotherOrderOpen also while the same purchase is being cancelled or needs
    attention; ShopUnavailable, NoReference, and the errors of `send_invoice`.
    """
    with place_for_call(wait_seconds=PLACE_WAIT_SECONDS):
        with transaction.atomic():
            order, is_new = place_purchase(shop, product, buyer, language)
            if is_new:
                create_invoice(order)
        return _reference(order)


def _reference(order: Order) -> str:
    invoice = current_invoice(order)
    if invoice.invoice_reference is None:
        send_invoice(invoice.pk)
        invoice.refresh_from_db()
    if invoice.invoice_reference is not None and invoice.status in PAYABLE_STATUSES:
        return invoice.invoice_reference
    if invoice.is_open and invoice.status not in UNSENT_STATUSES:
        raise AnotherOrderOpen(order)
    raise NoReference
