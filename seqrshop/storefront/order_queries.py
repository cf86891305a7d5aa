"""Reads orders for their customers: each with its invoices, in one statement.

An order and its invoices are so read at one moment. Its rows never change; the page of one order
reads them in the same statement, and other pages apart, where they show them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, CharField, Q, QuerySet, UUIDField
from django.db.models.functions import Now

from orders.compiled_query import CompiledQuery, Parameter
from orders.models import CustomerSession, Order, OrderRow
from orders.models.order import BLOCKING_STATES
from orders.services import rows_column, rows_in_column
from payments.invoices.create import current_of
from payments.models import Invoice
from seqrshop.storefront import api_errors
from seqrshop.storefront.tracking import Phase, phase_of

RECENT_ORDERS = 5  # of the customer at the shop, read with each session
LISTED_ORDERS = 50  # of the customer at the shop, at most
LISTED_FOR = timedelta(days=30)

_CUSTOMER = Parameter("customer_id", BigIntegerField())


def _invoices(condition: Q) -> Callable[[], QuerySet[Invoice]]:
    return lambda: Invoice.objects.select_related("order").filter(condition).order_by("order_id")


def _newest(number: int, **conditions: object) -> Q:
    """Select so many of the customer's orders at the shop that meet the conditions, the newest."""
    shop = Parameter("shop_id", BigIntegerField())
    orders = Order.objects.filter(customer=_CUSTOMER, shop=shop, **conditions)
    return Q(order__in=orders.order_by("-id").values("id")[:number])


_INVOICES_OF_ORDER = CompiledQuery(
    lambda: (
        Invoice.objects.select_related("order")
        .annotate(order_rows=rows_column("order"))
        .filter(order__customer=_CUSTOMER, order__public_id=Parameter("public_id", UUIDField()))
        .order_by()
    )
)
_INVOICES_OF_RETURN_KEY = CompiledQuery(
    lambda: (
        Invoice.objects.select_related("order__shop__logo")
        .defer("order__shop__logo__content")
        .filter(order__return_key=Parameter("return_key", CharField()))
    )
)
# The order that blocks the customer's next one, mostly one of the latest, and the latest.
_INVOICES_OF_SESSION = CompiledQuery(
    _invoices(_newest(1, state__in=BLOCKING_STATES) | _newest(RECENT_ORDERS))
)
_INVOICES_OF_CUSTOMER = CompiledQuery(
    _invoices(_newest(LISTED_ORDERS) & Q(order__created_at__gt=Now() - LISTED_FOR))
)
_ORDER_OF_REFERENCE = CompiledQuery(
    lambda: Order.objects.filter(
        customer=_CUSTOMER, invoices__invoice_reference=Parameter("reference", CharField())
    )
)


def customer_invoice(session: CustomerSession, public_id: UUID) -> Invoice:
    """Return the current invoice of this customer's order, with the order and its rows.

    Raises ApiError 404, for another customer's order too.
    """
    invoices: list[Invoice] = list(
        _INVOICES_OF_ORDER.fetch(customer_id=session.customer_id, public_id=public_id)
    )
    if not invoices:
        raise api_errors.not_found()
    return current_of(_with_shop(invoices, session))


def rows_read_with(invoice: Any) -> list[OrderRow]:
    """Return the order's rows, which `customer_invoice` and `own_order` read with an invoice."""
    return rows_in_column(invoice.order_rows)


def invoices_of_return_key(return_key: str) -> list[Invoice]:
    """Return all invoices of the order with this return key, with order and shop.

    Raises ApiError 404.
    """
    invoices = _INVOICES_OF_RETURN_KEY.fetch(return_key=return_key)
    if not invoices:
        raise api_errors.not_found()
    return invoices


@dataclass(frozen=True)
class SessionOrders:
    """The current invoices of the orders that a customer finds at the shop, each with its order.

    `blocking` is of the order that blocks the next one, `latest` of the latest order: both are the
    same invoice where both are one order. `awaited` are of those that the kitchen has yet to serve.
    """

    blocking: Invoice | None
    latest: Invoice | None
    awaited: list[Invoice]


def orders_of_session(session: CustomerSession) -> SessionOrders:
    """Return the orders that the session's customer finds at its shop."""
    invoices = _current_invoices(_INVOICES_OF_SESSION, session)
    blocking = [invoice for invoice in invoices if invoice.order.state in BLOCKING_STATES]
    return SessionOrders(
        blocking=blocking[-1] if blocking else None,
        latest=invoices[-1] if invoices else None,
        awaited=[each for each in reversed(invoices) if phase_of(each) == Phase.KITCHEN],
    )


def invoices_of_customer(session: CustomerSession) -> list[Invoice]:
    """Return the current invoices of the customer's orders at the session's shop, newest first.

    Those of the last 30 days, and at most 50.
    """
    return _current_invoices(_INVOICES_OF_CUSTOMER, session)[::-1]


def invoice_of_reference(session: CustomerSession, reference: str) -> Invoice | None:
    """Return the current invoice of this customer's order that has had this reference, if any."""
    order = _ORDER_OF_REFERENCE.first(customer_id=session.customer_id, reference=reference)
    return None if order is None else customer_invoice(session, order.public_id)


def _current_invoices(query: CompiledQuery[Invoice], session: CustomerSession) -> list[Invoice]:
    """Return the current invoice of each order that the query finds, by the orders' ids."""
    found = query.fetch(customer_id=session.customer_id, shop_id=session.shop_id)
    of_orders = groupby(_with_shop(found, session), key=lambda invoice: invoice.order_id)
    return [current_of(of_order) for _, of_order in of_orders]


def _with_shop(invoices: list[Invoice], session: CustomerSession) -> list[Invoice]:
    """Pass the session's shop on to the orders of that shop, and so to nearly all of them."""
    for invoice in invoices:
        if invoice.order.shop_id == session.shop_id:
            invoice.order.shop = session.shop
    return invoices
