"""An order's state in words, for its customer."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import Order, OrderState
from orders.models.order import PAYABLE_AGAIN
from orders.templatetags.money import money
from payments.availability.pause import payments_are_paused
from payments.balance import refunded_amount
from payments.invoices.discounts import total_of
from payments.models import Invoice

_S = OrderState

HEADINGS: dict[OrderState, Promise] = {
    _S.CREATED: _("One moment"),
    _S.SENDING: _("One moment"),
    _S.AWAITING_PAYMENT: _("Pay in SEQR"),
    _S.CANCEL_PENDING: _("Cancelling"),
    _S.PAID: _("Paid, thank you!"),
    _S.SERVED: _("Enjoy!"),
    _S.CANCELED: _("Cancelled"),
    _S.FAILED: _("The payment failed"),
    _S.EXPIRED: _("The time ran out"),
    _S.PARTLY_REFUNDED: _("Partly refunded"),
    _S.REFUNDED: _("Refunded"),
    _S.NEEDS_ATTENTION: _("Ask our staff"),
}

MESSAGES: dict[OrderState, Promise] = {
    _S.CREATED: _("Your order is on its way to SEQR."),
    _S.SENDING: _("Your order is on its way to SEQR."),
    _S.AWAITING_PAYMENT: _("Your order is waiting for your payment in the app."),
    _S.CANCEL_PENDING: _("We are asking SEQR to cancel the payment. Please do not pay it."),
    _S.PAID: _("We have your payment. Keep this number until you have your order."),
    _S.SERVED: _("Your order has been handed over."),
    _S.CANCELED: _("The order was cancelled. You have paid nothing."),
    _S.FAILED: _("The payment did not go through. You have paid nothing."),
    _S.EXPIRED: _("The order was not paid in time. You have paid nothing."),
    _S.PARTLY_REFUNDED: _("%(back)s of %(total)s has been sent back to you."),
    _S.REFUNDED: _("%(back)s has been sent back to you."),
    _S.NEEDS_ATTENTION: _(
        "We are checking the payment with SEQR. Please do not pay again; our staff can help you."
    ),
}

POSSIBLY_REVERSED = _(
    "The payment was cancelled. If money was drawn from your account, SEQR gives it back."
)

WAITING_WHILE_PAUSED = _(
    "Paying is closed for now. Your order waits until it opens again; you have paid nothing."
)
UNSENT_STATES = (_S.CREATED, _S.SENDING)


def state_heading(order: Order) -> str:
    """Return the order's state as a heading."""
    return str(HEADINGS[OrderState(order.state)])


def state_message(order: Order, invoice: Invoice) -> str:
    """Return the order's state as a sentence; `invoice` is its current one."""
    if invoice.possibly_reversed and order.state in PAYABLE_AGAIN:
        return str(POSSIBLY_REVERSED)
    if order.state in UNSENT_STATES and payments_are_paused():
        return str(WAITING_WHILE_PAUSED)
    message = str(MESSAGES[OrderState(order.state)])
    if order.state in (_S.PARTLY_REFUNDED, _S.REFUNDED):
        sums = {"back": refunded_amount(invoice), "total": total_of(invoice)}
        return message % {name: money(value, order.currency) for name, value in sums.items()}
    return message
