"""An order's first invoice, and the next one after a payment that came to nothing."""

from uuid import UUID

from django.db import transaction

from orders.events import Cause
from orders.models import Customer, Order
from orders.services import reopen_order
from payments.models import Invoice
from payments.services.closing import require_open


def start_payment(order: Order) -> Invoice:
    """Make the invoice of a new order. To be called in the transaction that made the order.

    The caller has it sent once that transaction is committed. Raises ServiceClosed, which is to
    undo the order too.
    """
    require_open(order.service)
    return Invoice.objects.create(order=order, amount=order.total, currency=order.currency)


@transaction.atomic
def pay_again(customer: Customer, public_id: UUID) -> Invoice:
    """Make a new invoice for an order whose last one SEQR has confirmed dead.

    A cancelled, failed or expired order is one whose last invoice is in such a status, which it
    reaches by SEQR's word alone (or without ever having been payable). To the shop it is a sale
    like a new order's, since somebody has to make and serve it: so it wants the service open. The
    caller has the invoice sent. Raises Order.DoesNotExist, AnotherOrderOpen, OrderNotAccepted and
    ServiceClosed.
    """
    order = reopen_order(customer, public_id, Cause("customer"))
    require_open(order.service)
    last = order.invoices.order_by("-attempt")[0]
    return Invoice.objects.create(
        order=order, attempt=last.attempt + 1, amount=order.total, currency=order.currency
    )


def current_invoice(order: Order) -> Invoice:
    """Return the invoice that tells how the order stands: the paid one, else the newest."""
    invoices = sorted(order.invoices.all(), key=lambda invoice: invoice.attempt, reverse=True)
    for invoice in invoices:
        if invoice.paid_at is not None:
            invoice.order = order
            return invoice
    invoices[0].order = order
    return invoices[0]
