"""The actions over orders, payments and refunds."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.models import Order, OrderState
from orders.models.order import SERVABLE_STATES
from payments.models import UNSENT_REFUND_STATUSES, Invoice, InvoiceStatus, Refund, RefundStatus
from payments.refunds.hold import refunds_are_held
from payments.refunds.refund import APPROVE_PERMISSION
from seqrshop.backoffice.bulk.action import BulkAction, Text
from seqrshop.backoffice.invoice_actions import cancel_at_seqr, check_with_seqr
from seqrshop.backoffice.order_actions import (
    NO_PAYMENT,
    cancel_order,
    check_order_with_seqr,
    invoice_of,
    serve,
)
from seqrshop.backoffice.refund_actions import (
    approve,
    decline,
    mark_as_possibly_made,
    withdraw,
)

NOT_SENT_YET = _("SEQR does not have it yet")
AWAITS_NOTHING = _("not awaiting approval")


def _unless_servable(order: Order, _person: Any) -> Text | None:
    if order.served_at is not None:
        return _("already served")
    state = {"state": OrderState(order.state).label}
    return None if order.state in SERVABLE_STATES else _("not paid: %(state)s") % state


def _unless_order_is_known(order: Order, person: Any) -> Text | None:
    invoice = invoice_of(order)
    return NO_PAYMENT if invoice is None else _unless_known(invoice, person)


def _unless_order_is_open(order: Order, person: Any) -> Text | None:
    invoice = invoice_of(order)
    return NO_PAYMENT if invoice is None else _unless_open(invoice, person)


def _unless_known(invoice: Invoice, _person: Any) -> Text | None:
    return None if invoice.invoice_reference else NOT_SENT_YET


def _unless_open(invoice: Invoice, _person: Any) -> Text | None:
    return None if invoice.is_open else InvoiceStatus(invoice.status).label


def _unless_to_decide(refund: Refund, person: Any) -> Text | None:
    if refund.status != RefundStatus.REQUESTED:
        return AWAITS_NOTHING
    own = refund.requested_by_id == person.pk
    return _("requested by you; a colleague must decide") if own else None


def _unless_on_hold(refund: Refund, _person: Any) -> Text | None:
    if refund.status not in UNSENT_REFUND_STATUSES:
        return RefundStatus(refund.status).label
    return None if refunds_are_held() else _("not on hold")


def _unless_unsent(refund: Refund, _person: Any) -> Text | None:
    return None if refund.status in UNSENT_REFUND_STATUSES else _("too late to withdraw")


_CANCEL_EFFECT = _(
    "SEQR is asked to cancel these payments, so that the customer can no longer pay "
    "them. A payment that is already complete stays paid."
)
_CHECK_EFFECT = _("SEQR is asked for the status of each payment. No money moves.")

SERVE_ORDERS = BulkAction(
    "serve_orders",
    Order,
    "orders.serve_order",
    _("Mark as served"),
    _("The orders are marked as served, and their customers see it."),
    serve,
    _unless_servable,
    ("shop",),
    ("invoices",),
)
CHECK_ORDERS = BulkAction(
    "check_orders",
    Order,
    "payments.check_invoice",
    _("Check with SEQR"),
    _CHECK_EFFECT,
    check_order_with_seqr,
    _unless_order_is_known,
    ("shop",),
    ("invoices",),
)
CANCEL_ORDERS = BulkAction(
    "cancel_orders",
    Order,
    "payments.cancel_invoice",
    _("Cancel the order"),
    _CANCEL_EFFECT,
    cancel_order,
    _unless_order_is_open,
    ("shop",),
    ("invoices",),
    always_asks=True,
)
CHECK_PAYMENTS = BulkAction(
    "check_payments",
    Invoice,
    "payments.check_invoice",
    _("Check with SEQR"),
    _CHECK_EFFECT,
    check_with_seqr,
    _unless_known,
    ("order",),
)
CANCEL_PAYMENTS = BulkAction(
    "cancel_payments",
    Invoice,
    "payments.cancel_invoice",
    _("Cancel at SEQR"),
    _CANCEL_EFFECT,
    cancel_at_seqr,
    _unless_open,
    ("order",),
    always_asks=True,
)
APPROVE_REFUNDS = BulkAction(
    "approve_refunds",
    Refund,
    APPROVE_PERMISSION,
    _("Approve"),
    _("The refunds are sent to SEQR, and the customers get their money."),
    approve,
    _unless_to_decide,
    ("invoice__order",),
)
DECLINE_REFUNDS = BulkAction(
    "decline_refunds",
    Refund,
    APPROVE_PERMISSION,
    _("Decline"),
    _("The refunds are never sent. The customers get no money."),
    decline,
    _unless_to_decide,
    ("invoice__order",),
)
WITHDRAW_REFUNDS = BulkAction(
    "withdraw_refunds",
    Refund,
    "payments.request_refund",
    _("Withdraw"),
    _("The refunds are never sent. The customers get no money."),
    withdraw,
    _unless_unsent,
    ("invoice__order",),
)
MARK_POSSIBLY_MADE = BulkAction(
    "mark_possibly_made",
    Refund,
    "payments.resolve_unknown_refund",
    _("Possibly made"),
    _(
        "These refunds are not sent when the hold ends, because SEQR may have made them. Somebody "
        "must record the outcome of each. This cannot be undone."
    ),
    mark_as_possibly_made,
    _unless_on_hold,
    ("invoice__order",),
    always_asks=True,
)
