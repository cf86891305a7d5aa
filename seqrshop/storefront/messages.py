"""An order's state in words, for its customer."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import Order, OrderState
from orders.models.order import PAYABLE_AGAIN, REFUNDED_STATES
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
    _S.PREPARING: _("We are preparing your order"),
    _S.READY: _("Your order is ready"),
    _S.SERVED: _("Enjoy!"),
    _S.CANCELED: _("Cancelled"),
    _S.FAILED: _("The payment failed"),
    _S.EXPIRED: _("Timed out"),
    _S.PARTLY_REFUNDED: _("Partly refunded"),
    _S.REFUNDED: _("Refunded"),
    _S.NEEDS_ATTENTION: _("Ask our staff"),
}

MESSAGES: dict[OrderState, Promise] = {
    _S.CREATED: _("Your order is being sent to SEQR."),
    _S.SENDING: _("Your order is being sent to SEQR."),
    _S.AWAITING_PAYMENT: _("Your order is waiting for your payment in the app."),
    _S.CANCEL_PENDING: _("We are cancelling the payment at SEQR. Please do not pay."),
    _S.PAID: _("We have received your payment. Keep this number until you get your order."),
    _S.PREPARING: _("Keep this number until you get your order."),
    _S.READY: _("Show this number to our staff to get your order."),
    _S.SERVED: _("Your order has been served."),
    _S.CANCELED: _("The order was cancelled. You have not been charged."),
    _S.FAILED: _("The payment did not go through. You have not been charged."),
    _S.EXPIRED: _("The order was not paid in time. You have not been charged."),
    _S.PARTLY_REFUNDED: _("%(refunded)s of %(total)s has been refunded to you."),
    _S.REFUNDED: _("%(refunded)s has been refunded to you."),
    _S.NEEDS_ATTENTION: _(
        "We are checking the payment with SEQR. Please do not pay again. Our staff can help you."
    ),
}

# The state in a word or two, for a page's title, of which a tab shows the beginning, and for lists.
SHORT_STATES: dict[OrderState, Promise] = {
    **HEADINGS,
    _S.PAID: _("Paid"),
    _S.PREPARING: _("Preparing"),
    _S.READY: _("Ready"),
    _S.SERVED: _("Served"),
    _S.FAILED: _("Payment failed"),
}

# What becomes of the rest of a partly refunded order.
PARTLY_REFUNDED_PROGRESS: dict[OrderState, Promise] = {
    _S.PAID: _("The rest of your order is on its way."),
    _S.PREPARING: _("The rest of your order is being prepared."),
    _S.READY: _("The rest of your order is ready."),
    _S.SERVED: _("The rest of your order has been served."),
}
# Steps that the heading of a partly refunded order names, since the customer waits for them.
_AWAITED_STEPS = (_S.PREPARING, _S.READY)

POSSIBLY_REVERSED = _("The payment was cancelled. If your account was charged, SEQR refunds you.")

PAID_AT_SEQR = _(
    "SEQR reports that you have paid, but we could not complete the payment. Ask our staff before "
    "you pay again."
)

PART_PAID = _("The payment was not completed. Ask our staff about the part that you have paid.")

PAUSED_HEADING = _("Payments are paused")
PAUSED_MESSAGE = _("Your order is sent to SEQR when payments resume. You have not been charged.")
UNSENT_STATES = (_S.CREATED, _S.SENDING)


def state_texts(order: Order, invoice: Invoice) -> tuple[str, str]:
    """Return the order's state as a heading and a sentence; `invoice` is its current one."""
    heading = str(HEADINGS[_shown_state(order)])
    if order.state in PAYABLE_AGAIN and invoice.partially_paid:
        return heading, str(PART_PAID)
    if order.state in PAYABLE_AGAIN and invoice.refused_as_paid_at:
        return heading, str(PAID_AT_SEQR)
    if order.state in PAYABLE_AGAIN and invoice.possibly_reversed:
        return heading, str(POSSIBLY_REVERSED)
    if order.state in UNSENT_STATES and payments_are_paused(order.shop.terminal_id):
        return str(PAUSED_HEADING), str(PAUSED_MESSAGE)
    message = str(MESSAGES[OrderState(order.state)])
    if order.state in REFUNDED_STATES:
        amounts = {"refunded": refunded_amount(invoice), "total": total_of(invoice)}
        message %= {name: money(value, order.currency) for name, value in amounts.items()}
    if order.state == _S.PARTLY_REFUNDED:
        message = f"{message} {PARTLY_REFUNDED_PROGRESS[order.progress]}"
    return heading, message


def short_state(order: Order) -> str:
    """Return the order's state in a word or two, such as "Preparing"."""
    return str(SHORT_STATES[_shown_state(order)])


def _shown_state(order: Order) -> OrderState:
    """Return the state that heading and title name: the kitchen's step before a partial refund."""
    if order.state == _S.PARTLY_REFUNDED and order.progress in _AWAITED_STEPS:
        return order.progress
    return OrderState(order.state)
