"""Actions of staff on an order, and their results."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from orders.models import Order, OrderState
from orders.services import serve_order
from orders.state_machine import TransitionError
from payments.invoices.create import current_invoice
from payments.models import Invoice
from seqrshop.backoffice.action_results import ActionResult
from seqrshop.backoffice.invoice_actions import cancel_at_seqr, check_with_seqr

NO_PAYMENT = _("The order has no payment")


def invoice_of(order: Order) -> Invoice | None:
    """Return the payment that decides an order's state, if the order has any."""
    return current_invoice(order) if order.invoices.all() else None


def serve(order: Order, source: ChangeSource) -> ActionResult:
    """Mark an order as served."""
    try:
        served = serve_order(order.pk, source)
    except TransitionError:
        state = {"state": OrderState(order.state).label}
        return messages.WARNING, _("Not served, the order is not paid: %(state)s") % state
    if not served:
        return messages.INFO, _("Already served")
    return messages.SUCCESS, _("Served")


def check_order_with_seqr(order: Order, source: ChangeSource) -> ActionResult:
    """Check the status of an order's payment with SEQR."""
    return _on_payment(order, source, check_with_seqr)


def cancel_order(order: Order, source: ChangeSource) -> ActionResult:
    """Cancel an order's payment at SEQR, which cancels the order."""
    return _on_payment(order, source, cancel_at_seqr)


def _on_payment(
    order: Order, source: ChangeSource, act: Callable[[Invoice, ChangeSource], ActionResult]
) -> ActionResult:
    invoice = invoice_of(order)
    return (messages.INFO, NO_PAYMENT) if invoice is None else act(invoice, source)
